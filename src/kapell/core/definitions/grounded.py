"""What an author says of answers that must keep to their sources."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from kapell.core.definitions.authored import Authored, doc
from kapell.core.guardrails.grounding.demand import Grounded
from kapell.kit.json import Json


class GroundedForm(Authored, kw_only=True):
    """Every sentence of an answer is held against sources; what they do not hold is flagged."""

    called: ClassVar[str] = "`grounded`"

    sources: Annotated[
        Json,
        doc(
            "What answers are held against: a template, or a list of texts or of objects with "
            "`name` and `text`. Without it, what the tools of the agent returned."
        ),
    ] = None
    on_failure: Annotated[
        Literal["correct", "ask", "block"] | None,
        doc(
            "What becomes of an answer that is flagged: it goes back to the model, people are "
            "asked, or the step fails.",
            default="correct",
        ),
    ] = None
    threshold: Annotated[
        Annotated[float, Meta(gt=0, le=1)] | None,
        doc("Sentences that score less are flagged.", default=0.7),
    ] = None


def grounded_of(form: GroundedForm | None) -> Grounded | None:
    """Return what an author demands, with what is left out filled in."""
    if form is None:
        return None
    return Grounded(
        sources=form.sources,
        on_failure=form.on_failure or "correct",
        threshold=form.threshold or 0.7,
    )
