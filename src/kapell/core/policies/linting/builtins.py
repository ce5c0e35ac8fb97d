"""The functions a policy may call: those that give every judge the same answer to one question.

Left out are those that look at a clock, draw chance, or reach outside (the time of a question
stands in ``input.time``), and those by which a long or hostile text ends the interpreter, or keeps
it busy for ever: regular expressions, and lists as long as a number says.
"""

from collections.abc import Mapping

_BY_COUNT: Mapping[int, str] = {
    0: "set",
    1: """
    abs ceil floor round count max min product sort sum array.reverse intersection union
    object.keys object.union_n lower upper strings.reverse trim_space glob.quote_meta to_number
    units.parse units.parse_bytes is_array is_boolean is_null is_number is_object is_set is_string
    type_name base64.decode base64.is_valid base64url.decode hex.decode urlquery.decode
    crypto.sha256 semver.is_valid walk
    """,
    2: """
    array.concat concat contains endswith startswith format_int indexof split sprintf
    strings.any_prefix_match strings.any_suffix_match strings.count trim trim_left trim_prefix
    trim_right trim_suffix bits.and bits.or bits.xor object.filter object.remove object.subset
    object.union graph.reachable semver.compare
    """,
    3: "array.slice object.get replace substring glob.match",
}

COUNTS: Mapping[str, int] = {
    name: count for count, names in _BY_COUNT.items() for name in names.split()
}
"""How many values each of them takes; ``walk`` may be given what it yields as one more."""

BUILTINS = frozenset(COUNTS)

_NO_REGEX = (
    "A long text would end the process in it; use `startswith`, `endswith`, `contains`, `split` "
    "or `glob.match`."
)
_NO_RANGE = "A large number would hold every call up; compare numbers instead."

WHY_NOT = {
    "time.now_ns": "Compare `input.time`, so that every judge answers alike.",
    "http.send": "A policy reaches nowhere; give what it needs in the arguments or the settings.",
    "opa.runtime": "A policy sees nothing but `input`.",
    "rand.intn": "A policy draws no lots.",
    "uuid.rfc4122": "A policy draws no lots.",
    "json.marshal": "Compare the parts of the value.",
    "print": "`kapell policy explain` shows which rules fired.",
    "trace": "`kapell policy explain` shows which rules fired.",
    "regex.match": _NO_REGEX,
    "regex.is_valid": _NO_REGEX,
    "regex.find_n": _NO_REGEX,
    "regex.find_all_string_submatch_n": _NO_REGEX,
    "regex.replace": _NO_REGEX,
    "regex.split": _NO_REGEX,
    "re_match": _NO_REGEX,
    "numbers.range": _NO_RANGE,
    "numbers.range_step": _NO_RANGE,
    "indexof_n": "Use `indexof` or `strings.count`.",
    "strings.replace_n": "Use `replace`, with a text to look for that stands there itself.",
}
"""What to do instead, for some that are left out on purpose."""
