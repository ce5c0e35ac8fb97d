"""What holds in a workspace, as the record and its reports tell it; the framework's controls."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from kapell import library
from kapell.adapters.workspace.files import WorkspaceFolder
from kapell.bootstrap.guarding.gates import standing
from kapell.core.audit.compliance.controls import Framework, Risk, read_framework, read_risks
from kapell.core.audit.compliance.report import InForce
from kapell.core.guardrails.standing import told
from kapell.kit.clock import Clock
from kapell.kit.ids import TenantId
from kapell.kit.json import digest, encode
from kapell.services.audit.reporting import Reporter
from kapell.services.audit.verifying import Verifier
from kapell.services.policies.current import policy_names
from kapell.settings.loading import Settings

_FOLDER = "compliance"


def framework() -> Framework:
    """Return the controls of NIST's AI RMF with the mechanisms that answer them."""
    return read_framework((library.folder() / _FOLDER / "nist-ai-rmf.toml").read_text("utf-8"))


def risks() -> tuple[Risk, ...]:
    """Return the risks of what the library's agents are able to do."""
    return read_risks((library.folder() / _FOLDER / "risks.toml").read_text("utf-8"))


def versions(root: Path, settings: Settings) -> Mapping[str, str]:
    """Return digests of the settings and the policies that hold; no secret is part of them.

    Which guards stand is told in words: that one was taken away is to be read, not to be compared.
    """
    said = settings.model_dump_json(exclude={"definitions": True, "database": {"url"}})
    return {
        "settings": digest(said.encode()),
        "policies": digest(encode(dict(_policies(root)))),
        "guards": told(standing(settings.guardrails)) or "default",
    }


def in_force(root: Path, settings: Settings) -> InForce:
    """Return what holds in a workspace now."""
    own = settings.guardrails
    return InForce(
        profile=own.profile,
        without=own.flags.without,
        definitions=versions(root, settings),
        policies=_policies(root),
    )


def make_reporter(
    root: Path, settings: Settings, verifier: Verifier, tenant: TenantId, clock: Clock
) -> Reporter:
    """Return who reports on a workspace's record; nothing is read yet."""
    return Reporter(
        verifier,
        tenant=tenant,
        clock=clock,
        release=_release,
        framework=framework,
        in_force=partial(in_force, root, settings),
    )


def _release() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - slow, and seldom asked for

    return version("kapell")


def _policies(root: Path) -> Mapping[str, str]:
    """Return the digests of the workspace's policies by their paths."""
    files = WorkspaceFolder(root)
    return {name: digest(files.read(name)) for name in policy_names(files)}
