"""From source to compiled object: Jinja parses and generates the code, our tree goes in between."""

import functools
from collections.abc import Mapping

from jinja2 import TemplateSyntaxError, nodes
from jinja2.environment import Template as JinjaTemplate
from jinja2.parser import Parser

from kapell.core.expressions.compiled import Expression, Shown, Template, Work, located
from kapell.core.expressions.dialect import DIALECT, Evaluation
from kapell.core.expressions.errors import (
    ExpressionSyntax,
    ExpressionTooExpensive,
    Refusal,
)
from kapell.core.expressions.limits import Meter
from kapell.core.expressions.operations.values import settled
from kapell.core.expressions.paths import path_of
from kapell.core.expressions.positions import Located
from kapell.core.expressions.reads import Read, reads_of, shown
from kapell.core.expressions.rewriting import Rewriter, check_size
from kapell.kit.json import Json

LONGEST = 256_000
_SHORT = 2_000
_RESULT = "__result"
_SEARCH = "Jinja was looking for the following tags"


def is_template(text: str) -> bool:
    """Tell whether the text holds anything to work out."""
    return "{{" in text or "{%" in text


def compile_expression(source: str) -> Expression:
    """Return a bare expression, ready to be worked out.

    Raises:
        ExpressionSyntax: It is not one.
        ExpressionDenied: It reaches for something it may not see.
        ExpressionTooExpensive: It is too long or nested too deeply.
    """
    return _expression_kept(source) if len(source) <= _SHORT else _expression(source)


def compile_template(source: str) -> Template:
    """Return a text with ``{{ }}`` and ``{% %}``, ready to be worked out.

    One lone ``{{ … }}``, blanks around it not counted, gives its value as it is; anything else
    gives text. In text null is empty, booleans are ``true`` and ``false``, lists and objects are
    compact JSON.

    Raises:
        ExpressionSyntax: It is not a template.
        ExpressionDenied: It reaches for something it may not see.
        ExpressionTooExpensive: It is too long or nested too deeply.
    """
    return _template_kept(source) if len(source) <= _SHORT else _template(source)


def build(source: str, *, bare: bool) -> tuple[Work, frozenset[Read], Shown | None]:
    """Return what works the source out through Jinja, what it reads, and what it shows.

    What is lone shows itself, and nothing else: None.
    """
    try:
        parser = Parser(DIALECT, source, state="variable" if bare else None)
        if bare:
            body: list[nodes.Node] = [nodes.Output([parser.parse_expression()], lineno=0)]
            if not parser.stream.eos:
                parser.fail("This goes on after its end", parser.stream.current.lineno)
        else:
            body = list(parser.parse().body)
        size = check_size(nodes.Template(body, lineno=0))
        reads = reads_of(body, source)
        value = _lone(body)
        spots = {} if value is not None or bare else shown(body, source)
        if value is not None:
            made = Rewriter().expression(value)
            body = [nodes.Assign(nodes.Name(_RESULT, "store"), made, lineno=0)]
        else:
            numbers = {node: number for number, node in enumerate(spots)}
            body = Rewriter(numbers).statements(body)
        work = _work(body, value is not None, 1 + size // 8)
        return work, reads, None if value is not None else tuple(spots.values())
    except Located as found:
        raise located(found.refusal, source, found.offset) from None
    except TemplateSyntaxError as error:
        message = (error.message or "This cannot be read").replace(_SEARCH, "It lacks one of")
        refusal = Refusal(ExpressionSyntax, message[0].upper() + message[1:])
        raise located(refusal, source, error.lineno) from None
    except RecursionError:
        raise ExpressionTooExpensive("The expression is nested too deeply") from None
    except (ValueError, SyntaxError, OverflowError, MemoryError):
        raise ExpressionSyntax("The expression cannot be read") from None


def _lone(body: list[nodes.Node]) -> nodes.Expr | None:
    """Return the expression when it is the only thing there, blanks not counted."""
    found: list[nodes.Expr] = []
    for statement in body:
        if not isinstance(statement, nodes.Output):
            return None
        found.extend(
            node
            for node in statement.nodes
            if not (isinstance(node, nodes.TemplateData) and not node.data.strip())
        )
    only = found[0] if len(found) == 1 else None
    return None if isinstance(only, nodes.TemplateData) else only


def _work(body: list[nodes.Node], lone: bool, weight: int) -> Work:
    tree = nodes.Template(body, lineno=0)
    tree.set_environment(DIALECT)
    code = DIALECT.compile(tree)
    render = JinjaTemplate.from_code(DIALECT, code, {}).root_render_func

    def work(names: Mapping[str, object], meter: Meter) -> Json:
        context = Evaluation(DIALECT, dict(names), None, {})
        context.meter = meter
        meter.spend(weight)
        texts = list(render(context))
        return settled(meter, context.vars[_RESULT]) if lone else "".join(texts)

    return work


def _expression(source: str) -> Expression:
    text = _checked(source)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if start >= end:
        raise ExpressionSyntax("The expression is empty")
    if text.startswith("{{", start):
        inner = _template(text)
        if not inner.lone:
            advice = "Leave the braces out."
            raise ExpressionSyntax("Text cannot stand in a bare expression", advice=advice)
        return Expression(source, inner.reads, inner.work, braces=True)
    if path := path_of(text, start, end):
        return Expression(source, path.reads(text), path.work, braces=False)
    work, reads, _ = build(text, bare=True)
    return Expression(source, reads, work, braces=False)


def _template(source: str) -> Template:
    text = _checked(source)
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if text.startswith("{{", start) and text.endswith("}}", start, end):
        path = path_of(text, start + 2, end - 2)
        if path is not None:
            return Template(source, path.reads(text), path.work, lone=True)
    if not is_template(text) and "{#" not in text:
        return Template(source, frozenset(), lambda names, meter: text, lone=False)
    work, reads, spots = build(text, bare=False)
    return Template(source, reads, work, lone=spots is None, shown=spots or ())


def _checked(source: str) -> str:
    """Return the source with one sort of line end, when it is not too long."""
    if len(source) > LONGEST:
        raise ExpressionTooExpensive(
            f"The text is longer than {LONGEST} characters",
            advice="Put long texts into a file and read it with a step.",
        )
    return source.replace("\r\n", "\n").replace("\r", "\n")


_expression_kept = functools.lru_cache(maxsize=4096)(_expression)
_template_kept = functools.lru_cache(maxsize=4096)(_template)
