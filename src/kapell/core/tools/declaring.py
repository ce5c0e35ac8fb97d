"""``@tool``: how a Python function says that it is a tool. Light, for it is ``from kapell``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NamedTuple, NewType, TypeVar, overload

Effects = Literal["read", "write", "external"]
Trust = Literal["trusted", "untrusted"]
Accepts = Literal["trusted", "any"]
T = TypeVar("T")

Secret = NewType("Secret", str)
"""The type of a parameter that takes a secret of the same name; no caller ever gives or sees it."""


class ToolContext(NamedTuple):
    """What a tool may know of its call: the type of a parameter that no caller gives.

    Attributes:
        key: The idempotency key, the same when the call is made again after a crash. Hand it on to
            whoever can tell a repetition by it.
        run_id: The run that calls.
        folder: The run's own folder, absolute; whole only for tools that declare ``folder``.
        workspace: The folder of definitions, absolute.
    """

    key: str
    run_id: str
    folder: str
    workspace: str


class Declaration(NamedTuple):
    """What the decorator was told; None means that the signature or the defaults decide."""

    name: str | None = None
    description: str | None = None
    effects: Effects = "external"
    repeatable: bool | None = None
    trust: Trust = "untrusted"
    cost: float | str = 0
    timeout: float | None = None
    secrets: tuple[str, ...] = ()
    folder: bool = False
    reaches: bool | None = None
    accepts: Accepts | None = None


class Declared(NamedTuple):
    """A tool as it stands in a module: what is called, and what was declared of it.

    Attributes:
        target: A function, or an object of another library that is called by ``ainvoke``.
        declaration: What was said of it.
    """

    target: Any
    declaration: Declaration


MARK = "__kapell_tool__"
"""The attribute in which a function keeps what it declared; it stays a plain function."""


@overload
def tool(target: T, /) -> T: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    effects: Effects = "external",
    repeatable: bool | None = None,
    trust: Trust = "untrusted",
    cost: float | str = 0,
    timeout: float | None = None,
    secrets: Sequence[str] = (),
    folder: bool = False,
    reaches: bool | None = None,
    accepts: Accepts | None = None,
) -> Callable[[T], T]: ...


def tool(
    target: T | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    effects: Effects = "external",
    repeatable: bool | None = None,
    trust: Trust = "untrusted",
    cost: float | str = 0,
    timeout: float | None = None,
    secrets: Sequence[str] = (),
    folder: bool = False,
    reaches: bool | None = None,
    accepts: Accepts | None = None,
) -> T | Callable[[T], T]:
    """Declare a typed function, sync or async, to be a tool.

    What is not said is taken to be the worst: a tool reaches outside, must not be called twice, and
    returns what strangers may have written.

    Args:
        target: The function, when nothing is said in brackets.
        name: The name steps use; that of the function when not given.
        description: What it does; its docstring when not given.
        effects: What a call changes: nothing (``read``), the run's folder (``write``), or the world
            outside (``external``).
        repeatable: Whether calling it twice with the same arguments does no harm; when not given,
            only a tool that merely reads is.
        trust: Whether what it returns may be trusted as instructions.
        cost: What a call costs, in US dollars.
        timeout: Seconds it may take where the step says nothing.
        secrets: Names of secrets that must be set, beside those its parameters take.
        folder: Whether it works in the run's folder, so that what it writes there is kept.
        reaches: Whether a call leaves the machine, so that its arguments are seen outside; when not
            given, one that changes the world outside does.
        accepts: Whose words it may be given: ``any``, or ``trusted`` for nobody's but those of the
            author, of users and of what they trust; when not given, a tool that changes something
            or reaches outside takes what is trusted.
    """
    declaration = Declaration(
        name=name,
        description=description,
        effects=effects,
        repeatable=repeatable,
        trust=trust,
        cost=cost,
        timeout=timeout,
        secrets=tuple(secrets),
        folder=folder,
        reaches=reaches,
        accepts=accepts,
    )

    def declare(found: T) -> T:
        # Objects of other libraries may guard their attributes; this mark is none of theirs.
        object.__setattr__(found, MARK, declaration)
        return found

    return declare if target is None else declare(target)


def reaches(declaration: Declaration) -> bool:
    """Tell whether a call leaves the machine, by what was declared."""
    said = declaration.reaches
    return declaration.effects == "external" if said is None else said


def declared(value: object) -> Declared | None:
    """Return a value of a module as a tool, None when it was not declared one."""
    if isinstance(value, type):
        return None
    declaration = getattr(value, MARK, None)
    return Declared(value, declaration) if isinstance(declaration, Declaration) else None
