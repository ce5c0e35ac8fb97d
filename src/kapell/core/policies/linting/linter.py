"""Looks through all modules of a workspace together and tells everything that is wrong."""

from collections.abc import Mapping, Sequence

from kapell.core.definitions.nearest import hint
from kapell.core.definitions.problems import Problem, Problems
from kapell.core.policies.kinds import DEFAULT, LIMIT, LISTS, PACKAGES, RULES, VERDICT
from kapell.core.policies.linting.calling import check_calls
from kapell.core.policies.linting.conditions import check_conditions, check_values
from kapell.core.policies.linting.fields import check_inputs
from kapell.core.policies.linting.giving import check_answers
from kapell.core.policies.linting.modules import Module, Rule, read_module
from kapell.core.policies.linting.naming import check_names, referred
from kapell.core.policies.linting.quoting import check_quoting
from kapell.kit.errors import Place

_OURS = "kapell."
_OWN = frozenset({DEFAULT, LISTS})
_ENTRIES = frozenset({*PACKAGES.values(), *_OWN})


def lint(sources: Mapping[str, str]) -> tuple[Problem, ...]:
    """Return what is wrong in modules, in file order; what is no Rego is told by the compiler."""
    problems = Problems()
    modules = [read_module(path, text) for path, text in sorted(sources.items())]
    _check_packages(modules, problems)
    for module in modules:
        check_names(module, modules, problems)
        check_inputs(module, problems)
        check_quoting(module, problems)
        check_calls(module, modules, problems)
        _check_rules(module, modules, problems)
        check_answers(module, problems)
    whole = [one for one in modules if one.whole]
    check_conditions(whole, problems)
    check_values(whole, problems)
    return problems.errors


def entries(sources: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """Return the packages that are asked, each with the rules it has of those that are read."""
    found: dict[str, set[str]] = {}
    for path, text in sources.items():
        module = read_module(path, text)
        if module.package in _ENTRIES:
            found.setdefault(module.package, set()).update(
                rule.name.text for rule in module.rules if _is_read(module, rule)
            )
    return {package: tuple(sorted(rules)) for package, rules in sorted(found.items()) if rules}


def _is_read(module: Module, rule: Rule) -> bool:
    """Tell whether an answer is read from a rule."""
    name = rule.name.text
    if module.package == DEFAULT:
        return name == VERDICT
    return name in RULES or (name == LIMIT and module.package == PACKAGES["budget"])


def _check_packages(modules: Sequence[Module], problems: Problems) -> None:
    used = {path for module in modules for path in referred(module)}
    for module in modules:
        package, at = module.package, module.at
        if at is None:
            place = Place(file=module.path, line=1, column=1)
            advice = hint("", PACKAGES.values(), "Begin it with `package` and one of these")
            problems.error("policy_package", "The file names no package.", place, advice)
        elif package in _ENTRIES:
            _check_library(module, problems)
        elif package.startswith(_OURS) or not any(
            one == package or one.startswith(f"{package}.") for one in used
        ):
            problems.error(
                "policy_package",
                f"Kapell does not read the package `{package}`, and no rule uses it.",
                at.place(module.path),
                _nearest_package(package),
            )


def _nearest_package(package: str) -> str:
    meant = package if package.startswith(_OURS) else f"{_OURS}{package}"
    return hint(meant, PACKAGES.values(), "Packages that are read")


def _check_library(module: Module, problems: Problems) -> None:
    """The built-in packages are not for workspaces: their files have no folder before them."""
    if module.package in _OWN and not module.path.startswith("library/"):
        assert module.at is not None  # noqa: S101 - it has just been read
        problems.error(
            "policy_package",
            f"The package `{module.package}` is the program's own.",
            module.at.place(module.path),
            "Write your rules into `kapell.tool` or another package; they go before the built-in.",
        )


def _check_rules(module: Module, modules: Sequence[Module], problems: Problems) -> None:
    """Rules of a package that is asked must be those that are read, or be used by others."""
    if module.package not in _ENTRIES:
        return
    used = {
        word.text
        for other in modules
        for rule in other.rules
        for number, word in enumerate(rule.all)
        if number > 0 and word.kind == "name"
    }
    for rule in module.rules:
        name = rule.name
        if _is_read(module, rule):
            named = len(rule.head) > 1 and rule.head[1].text in {".", "["}
            if (named or not rule.adds) and name.text != VERDICT:
                problems.error(
                    "policy_rule",
                    f"`{name.text}` must be written `{name.text} contains {{...}} if {{...}}`.",
                    name.place(module.path),
                    'Give an object, such as {"per": "user", "usd": 25}.'
                    if name.text == LIMIT
                    else 'Give an object, such as {"rule": "no-mail", "reason": "..."}.',
                )
        elif name.text not in used:
            problems.error(
                "policy_rule",
                f"Kapell does not read the rule `{name.text}`, and no other rule uses it.",
                name.place(module.path),
                hint(name.text, RULES, "Rules that are asked"),
            )
