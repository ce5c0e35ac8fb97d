"""Questions such as every workspace asks, on which policies are tried before they judge."""

from collections.abc import Mapping

from kapell.core.policies.asking.documents import (
    AgentPart,
    ApprovalDocument,
    ApprovalPart,
    BudgetDocument,
    BudgetPart,
    DataPart,
    Document,
    LabelPart,
    ModelDocument,
    ModelPart,
    ReachPart,
    RunPart,
    TimePart,
    ToolDocument,
    ToolPart,
)
from kapell.core.policies.kinds import DEFAULT, LISTS
from kapell.kit.json import Json

_NOON = TimePart(
    iso="2026-03-02T12:30:00+00:00", unix=1772454600, date="2026-03-02", hour=12, minute=30
)
_RUN = RunPart(id="r1", workflow="letters", path="write")
_WRITER = AgentPart(name="writer", capabilities=("letters",))

_MAIL = ToolDocument(
    tenant="local",
    subject="user:anna",
    conversation="c1",
    run=_RUN,
    agent=_WRITER,
    time=_NOON,
    tool=ToolPart(name="mail.send", effects="external", reaches=True),
    asked=True,
    reach=ReachPart(
        domains=("example.com",),
        recipients=("anna@example.com", "ben@example.com"),
        unlisted_domains=("example.com",),
        unlisted_recipients=("ben@example.com",),
    ),
    labels=LabelPart(origins=("agent", "web"), untrusted=True, accepted=False),
)
_READ = ToolDocument(
    tenant="local",
    subject="user:anna",
    run=_RUN,
    time=_NOON,
    tool=ToolPart(name="files.read"),
    data=DataPart(paths=("notes/today.md",)),
    labels=LabelPart(origins=("author",)),
)
_MODEL = ModelDocument(
    tenant="local",
    subject="user:anna",
    run=_RUN,
    agent=_WRITER,
    time=_NOON,
    model=ModelPart(name="openai:small", provider="openai", max_output=500, tools=("mail.send",)),
)
_BUDGET = BudgetDocument(
    tenant="local",
    subject="user:anna",
    run=_RUN,
    time=_NOON,
    budget=BudgetPart(cost=1.5, tokens=10_000, seconds=60.0),
)
_APPROVAL = ApprovalDocument(
    tenant="local",
    subject="user:anna",
    run=_RUN,
    time=_NOON,
    approval=ApprovalPart(
        by="user:ben", roles=("office",), rule="kapell.tool.outside", tool="mail.send"
    ),
)

TYPICAL: Mapping[str, tuple[Document, ...]] = {
    "kapell.tool": (_MAIL, _READ),
    "kapell.external": (_MAIL,),
    "kapell.data": (_READ,),
    "kapell.model": (_MODEL,),
    "kapell.budget": (_BUDGET,),
    "kapell.approval": (_APPROVAL,),
    DEFAULT: (_MAIL, _READ, _MODEL, _BUDGET, _APPROVAL),
    LISTS: (_MAIL, _READ),
}
"""What each package is asked. There are no arguments: no rule can count on any."""

ARGS: Json = {
    "to": ["anna@example.com", "ben@example.com"],
    "subject": "Hello",
    "text": "How are you?\nAnna",
    "path": "notes/today.md",
    "url": "https://example.com/a?b=c",
    "amount": 12.5,
    "count": 3,
    "draft": True,
    "table": "letters",
    "attachments": [{"name": "a.pdf", "size": 1_000}],
}
"""Arguments to try with: a rule that fails on them may be right about others."""
