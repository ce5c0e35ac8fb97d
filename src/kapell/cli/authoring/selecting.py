"""``kapell models select``: whom a route would ask now, and why; nobody is asked."""

from kapell.cli.exits import Exit
from kapell.cli.session import Session, carry_out
from kapell.cli.surroundings import Surroundings
from kapell.core.gateway.calls import DEFAULT_MAX_OUTPUT, Message, ModelRequest
from kapell.core.gateway.routing.route import meant
from kapell.services.gateway.selecting import Selection


def show_selection(
    surroundings: Surroundings, name: str, prompt: str, subject: str, *, as_json: bool
) -> Exit:
    """Write the choice for a prompt, with what was passed over."""

    async def work(session: Session) -> Exit:
        app = session.app
        asked = ModelRequest(
            model=meant(name, app.settings.definitions.routes),
            messages=(Message("user", prompt),) if prompt else (),
            max_output=DEFAULT_MAX_OUTPUT,
            tenant=app.tenant,
            subject=subject or app.identity.actor,
        )
        found = await app.selector.select(asked)
        if as_json:
            session.screen.document(_document(found))
            return Exit.OK
        session.screen.show(f"{found.deployment}: {found.reason}")
        place = f" at {found.base_url}" if found.base_url else ""
        key = f", its key is {found.key_name}" if found.key_name else ""
        session.screen.show(f"  {found.model} of {found.provider}{place}{key}")
        for one in found.skipped:
            session.screen.show(f"  not {one.deployment}: {one.reason}")
        return Exit.OK

    return carry_out(surroundings, work)


def _document(found: Selection) -> dict[str, object]:
    return {
        "provider": found.provider,
        "model": found.model,
        "deployment": found.deployment,
        "region": found.region or None,
        "base_url": found.base_url or None,
        "headers": dict(found.headers),
        "key_name": found.key_name or None,
        "reason": found.reason,
        "skipped": [
            {"deployment": one.deployment, "code": one.code, "reason": one.reason}
            for one in found.skipped
        ],
    }
