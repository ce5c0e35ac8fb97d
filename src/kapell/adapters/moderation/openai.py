"""Moderation as OpenAI offers it, and servers that speak as it does: ``POST /moderations``."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from kapell.kit.errors import KapellError, Unavailable
from kapell.services.guardrails.ports import Moderated

_PIECE = 4_000
"""Characters that are judged as one; of longer texts each piece is, and the worst of them holds."""

_OVERLAP = 200
"""Characters that a piece repeats of the one before: what lies on the border is seen whole."""

_BATCH = 30_000
"""Bytes of all that is asked at once; tokens are no more than bytes, and 32,768 fit."""

_REFUSED = (401, 403)
_MOST = 32
_LARGEST = 1_000_000
_CATEGORY = re.compile(r"[a-z0-9][a-z0-9_/\-]{0,39}")


class OpenAIModeration:
    """One service.

    Args:
        url: Address of its API, up to its version.
        key: Finds what it is shown as bearer, or empty; asked once, and again when the service
            refuses it.
        model: Which of its models judges.
        timeout: Seconds that all answers about a call may take together.
    """

    def __init__(
        self, url: str, key: Callable[[], Awaitable[str]], model: str, timeout: float
    ) -> None:
        self._find = key
        self._key: str | None = None
        self._url = url.rstrip("/")
        self._model = model
        self._timeout = timeout
        self._client = httpx.AsyncClient(timeout=timeout, trust_env=False)

    async def judge(self, texts: Sequence[str]) -> Sequence[Moderated]:
        """Return what it says of each text, in their order.

        Raises:
            Unavailable: ``guard_failed``.
        """
        pieces = [(at, piece) for at, text in enumerate(texts) for piece in _pieces(text)]
        said: list[Moderated] = [Moderated()] * len(texts)
        try:
            async with asyncio.timeout(self._timeout):
                for batch in _batches(pieces):
                    answers = await self._asked([piece for _, piece in batch])
                    for (at, _), one in zip(batch, answers, strict=True):
                        said[at] = _worse(said[at], one)
        except TimeoutError as error:
            raise _failed("gives no answer in time") from error
        return said

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _asked(self, texts: Sequence[str]) -> list[Moderated]:
        asked = {"model": self._model, "input": list(texts)}
        url = f"{self._url}/moderations"
        headers = await self._headers()
        try:
            async with self._client.stream("POST", url, json=asked, headers=headers) as answer:
                if answer.status_code in _REFUSED:
                    self._key = None  # the vault may hold another one by the next call
                if answer.status_code != 200:
                    raise _failed(f"answers {answer.status_code}")
                data = await _read(answer)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            # Its words may hold what was asked.
            raise _failed(f"does not answer ({type(error).__name__})") from None
        return _answers(data, len(texts))

    async def _headers(self) -> Mapping[str, str]:
        if self._key is None:
            try:
                self._key = await self._find()
            except KapellError as error:
                raise _failed(f"has a key that cannot be read ({error.code})") from error
        return {"Authorization": f"Bearer {self._key}"} if self._key else {}


async def _read(answer: httpx.Response) -> bytes:
    data = bytearray()
    async for piece in answer.aiter_bytes():
        data += piece
        if len(data) > _LARGEST:
            raise _failed(f"answers more than {_LARGEST:,} bytes")
    return bytes(data)


def _answers(data: bytes, count: int) -> list[Moderated]:
    try:
        results = json.loads(data)["results"]
        answers = [_answer(one) for one in results]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise _failed("answers what makes no sense") from None
    if len(answers) != count:
        raise _failed("answers about other texts than were asked about")
    return answers


def _answer(said: Mapping[str, Any]) -> Moderated:
    """Return an answer that keeps to its form; what does not is not half believed."""
    flags: Mapping[str, bool | None] = said["categories"]
    scores = {name: _score(one) for name, one in said["category_scores"].items() if one is not None}
    names = {*flags, *scores}
    if not isinstance(said["flagged"], bool) or not all(map(_CATEGORY.fullmatch, names)):
        raise ValueError
    if not all(one is None or isinstance(one, bool) for one in flags.values()):
        raise ValueError
    flagged = {name for name, one in flags.items() if one}
    if said["flagged"] and not flagged:
        flagged.add("flagged")
    return Moderated(scores=scores, flagged=frozenset(flagged))


def _score(said: object) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not 0 <= said <= 1:
        raise ValueError
    return float(said)


def _worse(one: Moderated, other: Moderated) -> Moderated:
    scores = {
        name: max(one.scores.get(name, 0.0), other.scores.get(name, 0.0))
        for name in {*one.scores, *other.scores}
    }
    return Moderated(scores=scores, flagged=one.flagged | other.flagged)


def _pieces(text: str) -> Iterator[str]:
    for start in range(0, max(1, len(text) - _OVERLAP), _PIECE - _OVERLAP):
        yield text[start : start + _PIECE]


def _batches(pieces: Sequence[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    batch: list[tuple[int, str]] = []
    size = 0
    for at, piece in pieces:
        length = len(piece.encode(errors="replace"))
        if batch and (size + length > _BATCH or len(batch) == _MOST):
            yield batch
            batch, size = [], 0
        batch.append((at, piece))
        size += length
    if batch:
        yield batch


def _failed(what: str) -> KapellError:
    return Unavailable(
        f"The moderation service {what}, so the call does not pass.",
        code="guard_failed",
        advice="Look at `guardrails.moderation` and the service's key and state; without "
        "`guardrails.moderation.provider` none is asked.",
    )
