"""Which guards stand around a run, and where somebody asked for others by name."""

from typing import Literal, TypeAlias

import msgspec

ProfileName: TypeAlias = Literal["strict", "default", "off"]
"""How much guards look for and what they do about it; ``off`` has to be asked for by name."""

RIGOUR: tuple[ProfileName, ...] = ("off", "default", "strict")
"""The profiles, the mildest first."""


class Standing(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The guards of a run, as they were when it was asked for.

    ``profile`` is the workspace's, or the one the command line named: then it is ``fixed`` and
    holds for every step. ``steps`` are those that name another, with theirs. ``without`` are the
    guards that the settings take away.
    """

    profile: ProfileName = "default"
    fixed: bool = False
    steps: tuple[tuple[str, ProfileName], ...] = ()
    without: tuple[str, ...] = ()


def profile_of(standing: Standing, own: ProfileName | None) -> ProfileName:
    """Return the profile that holds for a step, which may name its ``own``."""
    return standing.profile if standing.fixed or own is None else own


def stricter(one: ProfileName, other: ProfileName) -> ProfileName:
    """Return the one of two profiles that lets less through."""
    return max(one, other, key=RIGOUR.index)


def told(standing: Standing) -> str:
    """Return in a few words what is out of the ordinary about the guards, empty for nothing."""
    said = [] if standing.profile == "default" else [f"guardrails {standing.profile}"]
    others = () if standing.fixed else standing.steps
    for profile in RIGOUR:
        named = [step for step, its in others if its == profile]
        if named:
            said.append(f"guardrails {profile} in {', '.join(named)}")
    if standing.without:
        said.append(f"without {', '.join(standing.without)}")
    return "; ".join(said)


def lowered(standing: Standing) -> bool:
    """Tell whether any guard is off, anywhere in the run."""
    others = () if standing.fixed else standing.steps
    return (
        standing.profile == "off"
        or bool(standing.without)
        or any(profile == "off" for _, profile in others)
    )
