"""What a model is told of a call that failed: the class, every flaw, what each argument takes."""

import pytest

from kapell.core.agents.messages import messages, observed_size
from kapell.core.agents.turns import Asked, Turn, refusal
from kapell.core.events.value import Inline, unpack
from kapell.core.tools.spec import ToolSpec
from kapell.kit.errors import Failure, Flaw, Kind

SPEC = ToolSpec(name="look.up", description="Look.", args={"type": "object"})


def told(failure: Failure) -> str:
    """Return what a model reads of a failed call."""
    ask = Asked("c", SPEC.name, failure=failure)
    said = messages(
        None, "p", [Turn(Inline(""), asks=[ask])], lambda one: unpack(one, {}), {SPEC.name: SPEC}
    )
    assert len(said[-1].text.encode()) <= observed_size(ask)
    return said[-1].text


@pytest.mark.requirement("DE-14", "TL-05")
def test_flaws_are_told_with_what_each_argument_takes() -> None:
    every = {"enum": ["day", "week", "month", "year"]}
    flaw = Flaw("recent", "choice", 'not one of "day" or 3 other candidates', every)
    text = told(
        Failure(
            "tool_arguments",
            "'recent' does not fit.",
            Kind.INVALID,
            advice="Mend them under `with:`.",
            flaws=(flaw, Flaw("x", "unknown", "is unknown")),
        )
    )
    assert '- \'recent\' takes {"enum":["day","week","month","year"]}' in text
    assert "Mend the arguments and call it again" in text
    assert "with:" not in text  # that is for authors


@pytest.mark.requirement("DE-14")
def test_a_path_that_leads_outside_is_an_argument_to_mend() -> None:
    flaw = Flaw("path", "path", "The path '/etc/x' is refused")
    text = told(
        Failure("path_outside", "Refused.", Kind.DENIED, advice="Give it relative.", flaws=(flaw,))
    )
    assert text.startswith("The call failed (arguments, path_outside): Refused.\nGive it relative.")
    denied = told(Failure("host_denied", "Refused.", Kind.DENIED))
    assert denied.startswith("The call failed (denied, host_denied)")


@pytest.mark.requirement("DE-14")
def test_what_no_tool_goes_by_and_what_no_json_is_are_told_with_a_hint() -> None:
    wrong = refusal([], Asked("c", "look.pu"), ["find.out", "look.up"])
    assert wrong is not None
    assert wrong.advice == "Did you mean 'look.up'? Use one of: find.out, look.up."
    broken = refusal([], Asked("c", "look.up", broken='{"q": '), ["look.up"])
    assert broken is not None
    assert broken.message == "The arguments were not a JSON object: Input data was truncated."
    other = refusal([], Asked("c", "look.up", broken="[1]"), ["look.up"])
    assert other is not None
    assert "JSON of another kind" in other.message


@pytest.mark.requirement("GR-01", "GR-04")
@pytest.mark.parametrize("code", ["guard_failed", "guardrail_blocked", "guardrail_withheld"])
def test_of_a_guard_a_model_learns_only_that_it_does_not_let_this_pass(code: str) -> None:
    text = told(
        Failure(
            code,
            "A guard broke (ContentToolGate, ValueError), so the call does not pass.",
            Kind.BUG,
            advice="Report it; take that guard away by its name in `guardrails.flags`.",
        )
    )
    assert "A guardrail does not let this pass" in text or "a guardrail does not let its" in text
    for word in (code, "ContentToolGate", "ValueError", "flags", "broke", "take"):
        assert word not in text
    assert ("was made" in text) is (code == "guardrail_withheld")
