"""Why a page could not be read, said once and clearly."""

from kapell.adapters.tools.web.pauses import pause_of
from kapell.kit.errors import Denied, Invalid, KapellError, Limited, Missing, Unavailable


def off() -> Denied:
    """Return the refusal while no host is allowed."""
    return Denied(
        "Web pages are off.",
        code="web_off",
        advice="Whoever runs Kapell may allow hosts one by one in the setting tools.web.allow; "
        '["*"] allows every public one.',
    )


def forbidden(host: str) -> Denied:
    """Return the refusal in the site's own name."""
    return Denied(
        f"The robots.txt of {host!r} asks not to visit this page.",
        code="web_robots",
        advice="Take another source, or ask the site's owner for an interface meant for programs.",
    )


def unasked(host: str, why: str) -> Unavailable:
    """Return the error for a site whose wishes could not be learned."""
    return Unavailable(
        f"The robots.txt of {host!r} cannot be read ({why}), so the page is not visited.",
        code="web_robots_unknown",
        advice="Try again later, or take another source.",
    )


def slow(seconds: float) -> Unavailable:
    """Return the error for a page that takes too long."""
    return Unavailable(
        f"The page was not there within {seconds:g} s.",
        code="web_timed_out",
        advice="Try again later, take another source, or raise the setting tools.web.timeout.",
    )


def media(kind: str) -> Invalid:
    """Return the error for what is no text."""
    return Invalid(
        f"What is there is no text but {kind[:80] or 'of an unknown kind'}.",
        code="web_media",
        advice="Look for a page about it; http.request returns bytes of hosts it may ask.",
    )


def status(number: int, retry_after: str | None) -> KapellError | None:
    """Return what a status other than success means, None for success."""
    if number < 300:
        return None
    if number in {404, 410}:
        return Missing(
            f"There is no such page (status {number}).",
            code="web_missing",
            advice="Check the address, or search for the page.",
        )
    if number in {401, 402, 403, 407, 451}:
        return Denied(
            f"The site does not show this page to us (status {number}).",
            code="web_refused",
            advice="Take another source: this one wants a person, a sign-in or a payment.",
        )
    if number == 429:
        return Limited(
            "The site asks us to slow down (status 429).",
            code="web_limited",
            advice="Wait before the next visit; the step's `retry:` does.",
            retry_after=pause_of(retry_after),
        )
    if number >= 500:
        return Unavailable(
            f"The site is out of order (status {number}).",
            code="web_failed",
            advice="Try again later, or take another source.",
            retry_after=pause_of(retry_after),
        )
    return Invalid(
        f"The site did not understand the request (status {number}).",
        code="web_not_understood",
        advice="Check the address.",
    )
