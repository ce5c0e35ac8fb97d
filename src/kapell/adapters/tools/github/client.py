"""One call's way to GitHub: the token in a header and nowhere else, every refusal in our words."""

import time
from collections.abc import Mapping, Sequence

from kapell.adapters.tools.options import GithubOptions
from kapell.adapters.tools.web.api import Api, Reply, Silence
from kapell.adapters.tools.web.pauses import pause_of
from kapell.kit.errors import Denied, Invalid, KapellError, Limited, Missing, Unavailable
from kapell.kit.json import Json

_VERSION = "2022-11-28"
_SHOWN = 300


class Unsure(Exception):
    """The request may have taken effect; ``error`` says how it failed."""

    def __init__(self, error: KapellError) -> None:
        super().__init__(error.message)
        self.error = error


class GithubClient:
    """Asks GitHub.

    Args:
        options: Where it is and which repositories may be touched.
        token: Who asks.
    """

    def __init__(self, options: GithubOptions, token: str) -> None:
        self._allowed = tuple(entry.lower() for entry in options.repositories)
        self._api = Api(
            "GitHub",
            options.url,
            {
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {_checked(token)}",
                "X-GitHub-Api-Version": _VERSION,
                "User-Agent": "Kapell",
            },
            timeout=options.timeout,
            limit=options.bytes,
            setting="tools.github.bytes",
        )

    def is_allowed(self, repository: str) -> bool:
        """Tell whether a repository may be touched."""
        name = repository.lower()
        return any(entry in {"*", name, f"{name.partition('/')[0]}/*"} for entry in self._allowed)

    def check(self, repository: str) -> None:
        """Accept a repository.

        Raises:
            Denied: ``github_off``, ``github_repository_denied``.
        """
        self._check_on()
        if not self.is_allowed(repository):
            raise Denied(
                f"The repository {repository!r} is not allowed.",
                code="github_repository_denied",
                advice=f"Whoever runs Kapell may add {repository!r} to the setting "
                "tools.github.repositories.",
            )

    def check_owner(self, owner: str | None) -> None:
        """Accept an owner of whom some repository is allowed; None stands for the token's.

        Raises:
            Denied: ``github_off``, ``github_repository_denied``.
        """
        self._check_on()
        owners = {entry.partition("/")[0] for entry in self._allowed}
        if owner is not None and not owners & {"*", owner.lower()}:
            raise Denied(
                f"Nothing of {owner!r} is allowed.",
                code="github_repository_denied",
                advice=f"Whoever runs Kapell may add '{owner}/*' to the setting "
                "tools.github.repositories.",
            )

    def _check_on(self) -> None:
        if not self._allowed:
            raise Denied(
                "GitHub is off.",
                code="github_off",
                advice="Whoever runs Kapell may allow repositories one by one in the setting "
                'tools.github.repositories, such as ["acme/shop", "acme/*"].',
            )

    async def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Json = None,
    ) -> Reply:
        """Return a good answer.

        Raises:
            KapellError: what GitHub or the way there says.
            Unsure: the same, for a request that changes something and may have done so.
        """
        try:
            reply = await self._api.ask(method, path, query=query, json=json)
        except Silence as silence:
            if silence.sent and method != "GET":
                raise Unsure(silence.error) from silence
            raise silence.error from silence.__cause__
        refusal = _refusal(reply)
        if refusal is None:
            return reply
        if reply.status >= 500 and method != "GET":
            raise Unsure(refusal)
        raise refusal

    async def query(self, text: str, variables: Mapping[str, Json]) -> Mapping[str, Json]:
        """Return the data of a GraphQL query.

        Raises:
            KapellError: what GitHub or the way there says.
        """
        try:
            reply = await self.ask("POST", "/graphql", json={"query": text, "variables": variables})
        except Unsure as unsure:  # a query changes nothing
            raise unsure.error from unsure.__cause__
        answer = reply.json if isinstance(reply.json, Mapping) else {}
        errors = answer.get("errors")
        if isinstance(errors, Sequence) and errors:
            raise _query_error(errors[0])
        data = answer.get("data")
        if not isinstance(data, Mapping):
            raise unreadable()
        return data


def unreadable() -> Unavailable:
    """Return the error for an answer that is not GitHub's."""
    return Unavailable(
        "GitHub's answer cannot be read.",
        code="github_answer",
        advice="Check the setting tools.github.url, and try again later.",
    )


def _checked(token: str) -> str:
    clean = token.strip()
    if not clean.isascii() or not clean.isprintable() or " " in clean:
        raise Denied(
            "The secret 'github_token' is no token: it holds blanks or odd characters.",
            code="github_token",
            advice="Set it to the token alone.",
        )
    return clean


def _refusal(reply: Reply) -> KapellError | None:
    status, said = reply.status, _said(reply)
    if status < 300:
        return None
    if status == 401:
        return Denied(
            "GitHub does not accept the token.",
            code="github_token",
            advice="Renew the secret 'github_token': it has expired, was revoked or is mistyped.",
        )
    if status == 429 or (status == 403 and _is_limit(reply, said)):
        return Limited(
            "GitHub asks us to slow down.",
            code="github_limited",
            advice="Wait before the next call; the step's `retry:` does.",
            retry_after=_pause(reply),
        )
    if status == 403:
        return Denied(
            f"GitHub forbids it: {said}.",
            code="github_forbidden",
            advice="Give the token the permission: issues to read and write, projects to read.",
        )
    if status in {301, 404, 410}:
        return Missing(
            f"GitHub does not know it: {said}.",
            code="github_missing",
            advice="Check owner, repository and number, and that the token may see them; "
            "GitHub says the same of what is private and of what is not there.",
        )
    if status >= 500:
        return Unavailable(
            f"GitHub is out of order (status {status}).",
            code="github_failed",
            advice="Try again later; the step's `retry:` does.",
            retry_after=pause_of(reply.headers.get("retry-after")),
        )
    return Invalid(
        f"GitHub does not take it (status {status}): {said}.",
        code="github_invalid",
        advice="Correct what GitHub names: labels and assignees must exist there.",
    )


def _is_limit(reply: Reply, said: str) -> bool:
    spent = reply.headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in reply.headers or "rate limit" in said.lower()


def _pause(reply: Reply) -> float | None:
    """Return how long to wait: as asked, else until the hour's allowance is there again."""
    asked = pause_of(reply.headers.get("retry-after"))
    at = reply.headers.get("x-ratelimit-reset", "")
    if asked is None and at.isascii() and at.isdecimal() and len(at) < 12:
        return min(max(float(at) - time.time(), 1.0), 3600.0)
    return asked


def _said(reply: Reply) -> str:
    """Return what GitHub says is wrong, with the fields it names."""
    body = reply.json if isinstance(reply.json, Mapping) else {}
    parts = [str(body.get("message") or "it does not say why").rstrip(".")]
    errors = body.get("errors")
    for one in errors if isinstance(errors, list) else ():
        if isinstance(one, Mapping):
            named = [str(one[key]) for key in ("field", "code", "message", "value") if key in one]
            parts.append(" ".join(named))
    return "; ".join(parts)[:_SHOWN]


def _query_error(error: Json) -> KapellError:
    told = error if isinstance(error, Mapping) else {}
    message = str(told.get("message") or "it does not say why")[:_SHOWN].rstrip(".")
    kind = told.get("type")
    if kind == "NOT_FOUND":
        return Missing(
            f"GitHub does not know it: {message}.",
            code="github_missing",
            advice="Check owner and number, and that the token may read projects.",
        )
    if kind == "RATE_LIMITED":
        return Limited(
            "GitHub asks us to slow down.",
            code="github_limited",
            advice="Wait before the next call; the step's `retry:` does.",
        )
    if kind in {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        return Denied(
            f"GitHub forbids it: {message}.",
            code="github_forbidden",
            advice="Give the token the permission to read projects (read:project).",
        )
    return Invalid(
        f"GitHub does not answer the query: {message}.",
        code="github_invalid",
        advice="Check the arguments; a GitHub of your own may be too old for projects.",
    )
