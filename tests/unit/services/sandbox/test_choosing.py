"""Who runs a program: by its language, by what it needs, and by what the settings say."""

import logging
from collections.abc import Callable

import pytest

from kapell.kit.errors import Denied, Missing, Unavailable
from kapell.services.sandbox.choosing import Sandboxes
from kapell.services.sandbox.ports import (
    Language,
    Outcome,
    Program,
    Readiness,
    Unfit,
)

PYTHON = Program(language="python", source="1")


class Stub:
    """A sandbox whose every answer is decided by the test."""

    def __init__(
        self,
        name: str,
        languages: tuple[Language, ...] = ("python",),
        *,
        ok: bool = True,
        act: Callable[[Outcome], Outcome] = lambda made: made,
    ) -> None:
        self.name = name
        self._languages = languages
        self._ok = ok
        self._act = act
        self.ran = 0
        self.closed = False

    async def readiness(self) -> Readiness:
        return Readiness(ok=self._ok, detail=f"{self.name} is as it is", languages=self._languages)

    def takes(self, program: Program) -> bool:
        return program.language in self._languages and "big" not in program.source

    async def run(self, program: Program) -> Outcome:
        self.ran += 1
        return self._act(Outcome(backend=self.name, exit=0, result=1, seconds=0.5))

    async def close(self) -> None:
        self.closed = True


def hand_on(made: Outcome) -> Outcome:
    raise Unfit("too small", Outcome(backend=made.backend, exit=1, stderr="lacks it"))


def break_down(made: Outcome) -> Outcome:
    raise Unavailable("It broke.", code="sandbox_broken", advice="Again.")


@pytest.mark.requirement("TL-01")
async def test_the_first_that_can_runs_it() -> None:
    small, large = Stub("small"), Stub("large")
    assert (await Sandboxes((small, large)).run(PYTHON)).backend == "small"
    assert large.ran == 0


async def test_what_does_not_work_or_does_not_fit_is_passed_over() -> None:
    absent, other, large = Stub("a", ok=False), Stub("b", ("sql",)), Stub("c")
    assert (await Sandboxes((absent, other, large)).run(PYTHON)).backend == "c"


async def test_a_program_that_needs_more_is_handed_on() -> None:
    small, large = Stub("small", act=hand_on), Stub("large")
    assert (await Sandboxes((small, large)).run(PYTHON)).backend == "large"
    assert small.ran == 1


async def test_with_nobody_to_hand_on_to_the_smaller_one_has_the_word() -> None:
    execution = await Sandboxes((Stub("small", act=hand_on),)).run(PYTHON)
    assert (execution.backend, execution.stderr) == ("small", "lacks it")


async def test_a_sandbox_that_breaks_is_not_replaced_in_silence() -> None:
    large = Stub("large")
    with pytest.raises(Unavailable):
        await Sandboxes((Stub("small", act=break_down), large)).run(PYTHON)
    assert large.ran == 0


async def test_what_the_settings_choose_is_used_alone() -> None:
    small, large = Stub("small"), Stub("large")
    chosen = Sandboxes((small, large), {"python": "large", "sql": "auto"})
    assert (await chosen.run(PYTHON)).backend == "large"
    with pytest.raises(Missing):
        await Sandboxes((small,), {"python": "large"}).run(PYTHON)


async def test_without_any_the_reasons_are_told() -> None:
    with pytest.raises(Missing) as caught:
        await Sandboxes((Stub("small", ok=False),)).run(PYTHON)
    assert caught.value.code == "sandbox_missing"
    assert "small is as it is" in caught.value.message
    assert "doctor" in caught.value.advice
    with pytest.raises(Missing):
        await Sandboxes().run(PYTHON)


async def test_packages_are_those_that_are_allowed() -> None:
    wanted = Program(language="python", source="1", packages=("Some_Package",))
    with pytest.raises(Denied) as caught:
        await Sandboxes((Stub("small"),)).run(wanted)
    assert caught.value.code == "sandbox_package_denied"
    assert (await Sandboxes((Stub("small"),), packages=["some-package"]).run(wanted)).ok


@pytest.mark.requirement("TL-02")
async def test_every_execution_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await Sandboxes((Stub("small"),)).run(PYTHON, label="r1 step#1/1")
    with pytest.raises(Unavailable):
        await Sandboxes((Stub("weak", act=break_down),)).run(PYTHON, label="r2")
    first, second = (one.getMessage() for one in caplog.records)
    assert "r1 step#1/1: python (1 bytes) in small: exit 0 after 0.500 s" in first
    assert "SandboxLimits" in first
    assert "r2: python in weak: sandbox_broken" in second


async def test_all_are_asked_and_closed() -> None:
    one, two = Stub("one"), Stub("two", ok=False)
    both = Sandboxes((one, two))
    assert {name: ready.ok for name, ready in (await both.readiness()).items()} == {
        "one": True,
        "two": False,
    }
    await both.close()
    assert one.closed
    assert two.closed
