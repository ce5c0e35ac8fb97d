"""The functions a policy may call: those that give every judge the same answer to one question.

Left out are those that look at a clock, draw chance, or reach outside: the time of a question
stands in ``input.time``.
"""

_NAMES = """
abs ceil floor round numbers.range numbers.range_step count max min product sort sum
array.concat array.reverse array.slice intersection union object.filter object.get object.keys
object.remove object.subset object.union object.union_n concat contains endswith format_int
indexof indexof_n lower replace split sprintf startswith strings.any_prefix_match
strings.any_suffix_match strings.count strings.replace_n strings.reverse substring trim
trim_left trim_prefix trim_right trim_space trim_suffix upper regex.match regex.is_valid
regex.find_n regex.find_all_string_submatch_n regex.replace regex.split glob.match
glob.quote_meta bits.and bits.or bits.xor to_number units.parse units.parse_bytes is_array
is_boolean is_null is_number is_object is_set is_string type_name base64.decode base64.is_valid
base64url.decode hex.decode urlquery.decode crypto.sha256 graph.reachable walk semver.compare
semver.is_valid
"""

BUILTINS = frozenset(_NAMES.split())

WHY_NOT = {
    "time.now_ns": "Compare `input.time`, so that every judge answers alike.",
    "http.send": "A policy reaches nowhere; give what it needs in the arguments or the settings.",
    "opa.runtime": "A policy sees nothing but `input`.",
    "rand.intn": "A policy draws no lots.",
    "uuid.rfc4122": "A policy draws no lots.",
    "json.marshal": "Compare the parts of the value.",
    "print": "`kapell policy explain` shows which rules fired.",
    "trace": "`kapell policy explain` shows which rules fired.",
}
"""What to do instead, for some that are left out on purpose."""
