"""Compiles every expression and template of a file and checks what each reads."""

from kapell.core.definitions.problems import Problems
from kapell.core.definitions.tree import Node
from kapell.core.expressions import ExpressionError, compile_expression, compile_template
from kapell.core.workflows.checks.reads import check_read
from kapell.core.workflows.scope import Scope


class Texts:
    """Notes what is wrong with expressions and templates."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems

    def expression(self, node: Node | None, scope: Scope) -> None:
        """Check a bare expression."""
        if node is None or node.kind != "text":
            return
        try:
            expression = compile_expression(node.text)
        except ExpressionError as error:
            self._broken(error, node)
            return
        if expression.braces:
            self._problems.warn(
                "braces_not_needed",
                "This is an expression by itself; the braces are not needed.",
                node.place,
                "Write it without {{ and }}.",
            )
        for read in expression.reads:
            check_read(read, node, scope, self._problems)

    def template(self, node: Node | None, scope: Scope) -> None:
        """Check every text inside the value."""
        if node is None:
            return
        for text in node.texts():
            try:
                template = compile_template(text.text)
            except ExpressionError as error:
                self._broken(error, text)
                continue
            for read in template.reads:
                check_read(read, text, scope, self._problems)

    def lone(self, node: Node | None, scope: Scope, name: str) -> None:
        """Check a text that must be one lone ``{{ ... }}``, so that its value keeps its type."""
        if node is None or node.kind != "text":
            self.template(node, scope)
            return
        try:
            template = compile_template(node.text)
        except ExpressionError as error:
            self._broken(error, node)
            return
        if not template.lone:
            self._problems.error(
                "template_not_lone",
                f"`{name}` must be one `{{{{ ... }}}}` with nothing around it.",
                node.place,
                f'Write `{name}: "{{{{ {node.text.strip()} }}}}"`.'
                if not template.reads
                else "Put all of it into one pair of braces; `~` joins texts.",
            )
        for read in template.reads:
            check_read(read, node, scope, self._problems)

    def _broken(self, error: ExpressionError, node: Node) -> None:
        place = node.inside(error.line, error.column)
        message = error.summary if error.summary.endswith(".") else f"{error.summary}."
        advice = (
            error.advice or "Correct it; the reference of the language shows what stands there."
        )
        self._problems.error(error.code, message, place, advice)
