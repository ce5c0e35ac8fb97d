"""Kapell: one decision of the policies about a tool call, gate included.

Usage: kapell_policy.py --folder FOLDER [--variant builtin|rules|anew] [--count N]
"""

import argparse
import asyncio
import time
from pathlib import Path

import msgspec
from measuring import sample

from kapell.bootstrap.guarding.policies import make_policies
from kapell.core.policies.caller import Caller
from kapell.core.policies.notes import unnoted
from kapell.core.tools.spec import ToolSpec
from kapell.kit.ids import LOCAL, RunId
from kapell.services.policies.gates import PolicyToolGate
from kapell.services.tools.ports import ToolCall
from kapell.settings.loading import load_settings

RULES = """\
package kapell.tool

import rego.v1

deny contains {"rule": "abroad", "reason": "mail stays in the company"} if {
    input.tool.name == "mail.send"
    some to in input.reach.recipients
    not endswith(to, "@example.com")
}

ask contains {"rule": "night", "reason": "at night"} if {
    input.time.hour < 6
    input.agent.name == "clerk"
}

allow contains {"rule": "mail"} if {
    input.tool.name == "mail.send"
    input.agent.name == "secretary"
}
"""
SPEC = ToolSpec(name="mail.send", description="Sends.", args={"type": "object"}, effects="external")
ARGS = {"to": "anna@example.com", "subject": "Hello", "text": "How do you do? " * 12}
CALL = ToolCall(
    tenant_id=LOCAL,
    run_id=RunId("r"),
    call="c",
    tool="mail.send",
    args=ARGS,
    key="k",
    timeout=None,
    workspace="/w",
    folder="/w/r",
    caller=Caller(agent="secretary", asked=True, labels={"text": ("agent", "user")}),
)


async def measure(folder: Path, variant: str, count: int) -> None:
    """Judge a call again and again, as the door to tools does; ``anew`` makes each another one."""
    (folder / "policies").mkdir(exist_ok=True)
    (folder / "kapell.yaml").write_text("model: offline\n", "utf-8")
    if variant != "builtin":
        (folder / "policies" / "mail.rego").write_text(RULES, "utf-8")
    policies = make_policies(folder, load_settings(folder))
    gate, call = PolicyToolGate(policies), CALL
    if variant == "builtin":
        call = msgspec.structs.replace(CALL, caller=Caller())
    for _ in range(50):
        await gate.before(SPEC, call, unnoted)
    for number in range(count):
        if variant == "anew":
            args = {**ARGS, "to": f"anna{number}@example.com", "subject": f"Hello, {number}"}
            call = msgspec.structs.replace(CALL, args=args)
        begun = time.perf_counter()
        await gate.before(SPEC, call, unnoted)
        sample("decision_ms", (time.perf_counter() - begun) * 1000)
    await policies.current.close()


def main() -> None:
    """Measure one of the variants."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--variant", choices=("builtin", "rules", "anew"), default="rules")
    parser.add_argument("--count", type=int, default=2_000)
    asked = parser.parse_args()
    asyncio.run(measure(asked.folder, asked.variant, asked.count))


if __name__ == "__main__":
    main()
