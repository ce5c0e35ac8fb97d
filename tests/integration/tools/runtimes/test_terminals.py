"""Programs in a real tmux: asked, read, restarted, and found again."""

import asyncio

import pytest

from kapell.adapters.tools.runtimes.tmux import Tmux, session_of
from kapell.kit.errors import Conflict, Invalid, KapellError, Missing, Unavailable
from kapell.services.tools.ports import UnknownOutcome
from tests.integration.tools.runtimes.conftest import Place

pytestmark = [pytest.mark.requirement("DE-15"), pytest.mark.usefixtures("tmux")]


async def lost(place: Place, *given: str, **more: object) -> KapellError:
    with pytest.raises(UnknownOutcome) as caught:
        await place.desk(*given, **more)  # type: ignore[arg-type]  # passed on as it came
    assert isinstance(caught.value.__cause__, KapellError)
    return caught.value.__cause__


async def test_a_program_is_asked_and_its_answer_read(place: Place) -> None:
    assert await place.desk("hello; $(date) `x` 'y' #{pid} €") == (
        "1: HELLO; $(DATE) `X` 'Y' #{PID} €"
    )
    assert place.heard == ["hello; $(date) `x` 'y' #{pid} €"]


async def test_answers_are_read_as_they_were_written(place: Place) -> None:
    assert await place.desk("long") == ("word " * 200).rstrip()
    assert await place.desk("lines", call="t#1/1") == "one\n\n  two"
    assert await place.desk("nothing", call="u#1/1") == ""
    assert await place.desk("json", call="v#1/1", output={"type": "object"}) == {"n": 3}
    assert await place.desk("json", call="v#2/1", output={"type": "string"}) == '{"n": 3}'
    assert await place.desk("one", call="w#1/1", answer=r"(\d+):") == "1"


async def test_a_marker_ends_an_answer_and_a_prompt_may_name_it(place: Place) -> None:
    answer = await place.desk("end with <<end>>", "marker", marker="<<end>>")
    assert answer == "1: END WITH <<END>>\nDone. "[:-1]
    only = await place.desk("hi", "marker", marker="<<end>>", call="t#1/1", ready=None)
    assert only == "Desk 1.0\ndesk> 1: HI\nDone."


async def test_signs_that_steer_a_terminal_are_not_typed(place: Place) -> None:
    assert await place.desk("a\x03b\x1b[201~\x04\tc\nd\r") == "1: AB[201~ C D"
    assert place.heard == ["ab[201~ c d"]


async def test_passes_talk_to_one_program_and_items_to_their_own(place: Place) -> None:
    assert await place.desk("a", call="loop@1/s#1/1") == "1: A"
    assert await place.desk("b", call="loop@2/s#1/1") == "2: B"
    assert await place.desk("c", call="s[1]#1/1") == "1: C"


async def test_what_was_sent_is_not_sent_again_when_its_worker_was_lost(place: Place) -> None:
    waiting = asyncio.create_task(place.desk("slow 1"))
    while place.heard != ["slow 1"]:  # noqa: ASYNC110 - another process writes it
        await asyncio.sleep(0.05)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await place.desk("slow 1", call="s#1/2") == "1: SLOW 1"
    assert await place.desk("slow 1", call="s#1/3") == "1: SLOW 1"
    assert place.heard == ["slow 1"]


async def test_a_session_that_is_gone_is_said_and_nothing_is_sent(place: Place) -> None:
    assert (await lost(place, "hello", call="s#1/2")).code == "terminal_lost"
    assert place.heard == []
    assert await place.desk("hello", call="s#1/2", repeatable=True) == "1: HELLO"


async def test_a_program_that_never_prompts(place: Place) -> None:
    with pytest.raises(Unavailable) as caught:
        await place.desk("hello", "silent", timeout=0.7)
    assert caught.value.code == "terminal_not_ready"


async def test_a_program_that_hangs_is_ended_and_begun_anew(place: Place) -> None:
    late = await lost(place, "slow 60", timeout=1)
    assert (late.code, late.kind) == ("terminal_timed_out", "conflict")
    assert "slow 60" in late.message
    with pytest.raises(Unavailable):
        await place.desk("slow 60", call="s#2/1", timeout=1, repeatable=True)
    assert await place.desk("hello", call="s#3/1") == "1: HELLO"


async def test_a_program_that_dies(place: Place) -> None:
    gone = await lost(place, "die")
    assert gone.code == "terminal_program_ended"
    assert "I die." in gone.message
    with pytest.raises(Conflict) as caught:
        await place.desk("hello", call="s#2/1", restart="never")
    assert caught.value.code == "terminal_program_ended"
    assert await place.desk("hello", call="s#3/1") == "1: HELLO"
    assert await place.desk("hello", call="s#4/1") == "2: HELLO"
    assert await place.desk("hello", call="s#5/1", restart="each") == "1: HELLO"
    with pytest.raises(Conflict, match=r"I cannot begin\."):
        await place.desk("hello", "broken", call="t#1/1")


@pytest.mark.parametrize("limit", [{}, {"size": 100}])
async def test_a_program_that_floods_is_ended(place: Place, limit: dict[str, int]) -> None:
    assert (await lost(place, "flood", **limit)).code == "terminal_flooded"
    assert await Tmux(str(place.root)).pane(session_of("r1", "s")) is None


async def test_a_prompt_the_terminal_would_cut_is_refused(place: Place) -> None:
    assert str(await place.desk("x" * 3000)).endswith("X" * 3000)
    for text in ("x" * 5000, "\x07"):
        with pytest.raises(Invalid) as caught:
            await place.desk(text, call="t#1/1")
        assert caught.value.code == "terminal_prompt_long"


async def test_an_answer_that_nothing_matches(place: Place) -> None:
    assert (await lost(place, "hello", answer="none")).code == "terminal_answer_missing"


async def test_programs_that_are_missing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Missing) as caught:
        await place.desk("hello", command=["no-such-program"])
    assert caught.value.code == "terminal_program_missing"
    monkeypatch.setenv("PATH", str(place.root))
    with pytest.raises(Missing) as caught:
        await place.desk("hello")
    assert caught.value.code == "tmux_missing"
