"""What policies say of a run before it begins: its budget, its model, who starts it."""

from kapell.core.guardrails.standing import ProfileName
from kapell.core.policies.asking.documents import BudgetDocument, BudgetPart, RunPart
from kapell.core.pricing.budget import Budget
from kapell.kit.errors import Denied
from kapell.kit.money import usd
from kapell.services.policies.policies import Policies


class PolicyAdmission:
    """Lets runs begin, where the workspace has rules about budgets."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def may_begin(
        self,
        tenant: str,
        subject: str,
        workflow: str,
        budgets: tuple[Budget | None, ...],
        model: str,
        profile: ProfileName,
    ) -> None:
        """Let a run begin.

        Args:
            tenant: Whose run it is.
            subject: Who starts it.
            workflow: The name of its workflow.
            budgets: Its ceilings; of several the lowest holds.
            model: The model chosen for all its steps, or empty.
            profile: The guardrail profile that holds for it.

        Raises:
            Denied: ``policy_denied``; also where a rule asks, for nobody can be asked before there
                is a run; ``policy_broken``, ``policy_failed``.
        """
        policies = self._policies
        if not await policies.speaks_of("budget"):
            return
        document = BudgetDocument(
            tenant=tenant,
            subject=subject,
            run=RunPart(workflow=workflow),
            profile=profile,
            time=policies.now(),
            budget=_lowest(budgets),
            model=model,
        )
        judgement = (await policies.budget(document)).judgement
        if judgement.ruling != "allow":
            raise Denied(
                f"The policy {judgement.rule!r} forbids this run of {workflow!r}: "
                f"{judgement.reason}.",
                code="policy_denied",
                advice="Give it what the rule asks for, such as a lower --budget-usd, or change "
                "the rule in policies/*.rego.",
            )


def _lowest(budgets: tuple[Budget | None, ...]) -> BudgetPart:
    given = [one for one in budgets if one is not None]
    ceilings = [one.usd for one in given if one.usd is not None]
    tokens = [one.tokens for one in given if one.tokens is not None]
    seconds = [one.time for one in given if one.time is not None]
    return BudgetPart(
        cost=usd(min(ceilings, default=0)),
        tokens=min(tokens, default=0),
        seconds=min(seconds, default=0),
    )
