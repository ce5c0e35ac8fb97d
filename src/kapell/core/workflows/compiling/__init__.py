"""From the authored form to the frozen version: order, defaults and precedence filled in."""

from kapell.core.workflows.compiling.workflow import compile_workflow

__all__ = ["compile_workflow"]
