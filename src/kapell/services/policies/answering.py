"""What policies say of an answer that somebody gives to an approval."""

from collections.abc import Awaitable, Callable

import msgspec

from kapell.core.policies.asking.documents import ApprovalDocument
from kapell.kit.errors import Denied
from kapell.services.policies.policies import Policies


class PolicyAnswers:
    """Lets answers count, where the workspace has rules about them."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def may_count(self, describe: Callable[[], Awaitable[ApprovalDocument]]) -> None:
        """Let an answer count.

        Raises:
            Denied: ``policy_denied``; also where a rule asks, for an answer is what it would wait
                for; ``policy_broken``, ``policy_failed``.
        """
        policies = self._policies
        if not await policies.speaks_of("approval"):
            return
        document = msgspec.structs.replace(await describe(), time=policies.now())
        judgement = (await policies.may_answer(document)).judgement
        if judgement.ruling == "allow":
            return
        reason = f": {judgement.reason}" if judgement.reason else ""
        raise Denied(
            f"The policy {judgement.rule!r} does not let the answer of "
            f"{document.approval.by} count{reason}.",
            code="policy_denied",
            advice="Let somebody else answer; 'kapell approvals delegate' hands the question on.",
        )
