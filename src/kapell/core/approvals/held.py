"""A call that is held at a door until people have answered."""

from kapell.core.approvals.question import Question
from kapell.kit.errors import Denied
from kapell.kit.json import Json


class Held(Denied):
    """Nothing was called: people are asked first. Where nobody can wait for them, it is denied.

    Args:
        question: What they are asked.
        arguments: What the call would have been made with, as people see and approve of it; of
            a request to a model all that it sends. Once people agreed, ``Caller.grants`` of the
            call that follows holds the ``call_digest`` of both, under the question's rule.
    """

    def __init__(self, question: Question, arguments: Json) -> None:
        super().__init__(
            f"People have to agree first: {question.why}",
            code="approval_needed",
            advice="Do it within a run, which waits for their answer.",
        )
        self.question = question
        self.arguments = arguments
