"""What watchers hear of an answer: never a piece of what is taken out of it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from kapell.bootstrap.guarding.content import MasterSeals, profiles
from kapell.core.gateway.calls import Message, ModelAnswer, ModelRequest, Usage
from kapell.kit.errors import KapellError
from kapell.services.gateway.door import Gateway
from kapell.services.gateway.ports import OnDelta
from kapell.services.guardrails.models import WITHHELD, ContentModelGate
from kapell.services.guardrails.moderating import Moderating, ModerationTerms
from kapell.services.guardrails.naming import Naming
from kapell.services.guardrails.treating import Treatments
from kapell.settings.guarding.guardrails import GuardrailSettings
from kapell.settings.spending import VaultSettings
from kapell.testing.moderation.fake import FakeModeration
from kapell.testing.stores import MemoryStore

KEY = "sk-proj-" + "Ab3dEf6hIj9lMn2pQr5tUv8xYz1bCd4fGh7jKl0nOp3rSt6v"
FILLER = "The weather stays fine and the harvest was good this year. " * 12


class Speaker:
    """A model that says its pieces."""

    def __init__(self, pieces: Sequence[str], *before: str) -> None:
        self.pieces = pieces
        self.before = before
        self.asked: list[ModelRequest] = []
        self.said: list[str] = []

    async def complete(self, request: ModelRequest, on_delta: OnDelta | None = None) -> ModelAnswer:
        """Say them."""
        self.asked.append(request)
        if on_delta is not None:
            for piece in self.before:
                on_delta(piece)
            if self.before:
                on_delta("")
            for piece in self.pieces:
                self.said.append(piece)
                on_delta(piece)
        return ModelAnswer(text="".join(self.pieces), usage=Usage(1, 1))

    async def close(self) -> None:
        """Hold nothing."""


def door(speaker: Speaker, folder: Path, **settings: object) -> Gateway:
    """Return the door to models with the guard in it."""
    return asking_door(speaker, folder, None, settings)


def asking_door(
    speaker: Speaker,
    folder: Path,
    service: FakeModeration | None,
    settings: Mapping[str, object] | None = None,
) -> Gateway:
    """Return the door to models with the guard in it, and the service that this asks."""
    store = MemoryStore()
    own = GuardrailSettings.model_validate(settings or {})
    seals = MasterSeals(folder, VaultSettings(file="master.key"), store)
    naming = Naming(store.pseudonyms, seals, own.keep, lambda: 1.0)
    treatments = Treatments(profiles(own), own.profile, own.least)
    asking = None if service is None else Moderating(service, ModerationTerms())
    gate = ContentModelGate(treatments, naming, frozenset(own.restore), asking)
    return Gateway({"scripted": lambda: speaker}, gates=(gate,))


def request(text: str, conversation: str = "c") -> ModelRequest:
    """Return a request of a conversation."""
    said = (Message("user", text),)
    return ModelRequest(model="scripted:x", messages=said, tenant="acme", conversation=conversation)


@pytest.mark.requirement("GR-02")
@pytest.mark.parametrize("size", [1, 3, 17, 5000])
async def test_no_piece_shows_half_of_a_key(size: int, tmp_path: Path) -> None:
    text = f"{FILLER}the key is {KEY} and {FILLER}"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    heard: list[str] = []
    answer = await door(Speaker(pieces), tmp_path).complete(request("hi"), heard.append)
    assert KEY[:12] not in "".join(heard)
    assert "".join(heard) == answer.text
    assert answer.text.startswith(FILLER)


@pytest.mark.requirement("GR-02")
async def test_an_answer_that_begins_anew_carries_nothing_over(tmp_path: Path) -> None:
    heard: list[str] = []
    speaker = Speaker(["hello"], f"the key is {KEY[:20]}")
    answer = await door(speaker, tmp_path).complete(request("hi"), heard.append)
    assert (answer.text, "".join(heard), heard[0]) == ("hello", "hello", "")


@pytest.mark.requirement("GR-02")
async def test_names_are_heard_as_the_data_they_stand_for(tmp_path: Path) -> None:
    speaker = Speaker([*FILLER, "to <EMA", "IL_1", "> at once"])
    heard: list[str] = []
    answer = await door(speaker, tmp_path).complete(request("I am anna@example.org"), heard.append)
    assert "".join(heard) == answer.text == f"{FILLER}to anna@example.org at once"
    assert speaker.asked[0].messages[0].text == "I am <EMAIL_1>"


async def test_a_call_of_no_conversation_gets_its_data_back(tmp_path: Path) -> None:
    speaker = Speaker(["to <EMAIL_1>"])
    answer = await door(speaker, tmp_path).complete(request("I am anna@example.org", ""))
    assert answer.text == "to anna@example.org"
    assert not (tmp_path / "master.key").exists()


@pytest.mark.requirement("GR-01")
async def test_an_answer_about_what_is_not_allowed_is_withheld(tmp_path: Path) -> None:
    speaker = Speaker(["Zorblax Incorporated makes the better product, buy at Zorblax."])
    own = {"words": {"rivals": ["zorblax"]}, "topics": ["rivals"]}
    answer = await door(speaker, tmp_path, **own).complete(request("hi"))
    assert (answer.text, bool(answer.refused)) == (WITHHELD, True)


@pytest.mark.requirement("GR-01")
@pytest.mark.parametrize(
    ("own", "end"),
    [
        ({"words": {"rivals": ["zorblax"]}, "topics": ["rivals"]}, "Buy at Zorblax."),
        ({"words": {"farm": ["tractor"]}, "only": ["farm"]}, "That is all."),
        ({"languages": ["de"]}, "That is all there is to say of it."),
        ({"topics": ["medical"]}, "Take 500 mg of ibuprofen for the migraine, says my doctor."),
    ],
)
async def test_nothing_was_heard_of_an_answer_that_is_withheld_for_its_end(
    own: dict[str, object], end: str, tmp_path: Path
) -> None:
    heard: list[str] = []
    speaker = Speaker([*FILLER, end])
    answer = await door(speaker, tmp_path, **own).complete(request("hallo, tractor"), heard.append)
    assert answer.text == WITHHELD
    assert "".join(heard) == ""


@pytest.mark.requirement("GR-08")
async def test_nothing_is_heard_before_a_moderation_service_has_judged(tmp_path: Path) -> None:
    service = FakeModeration({"zounds": {"harassment": 0.9}})
    heard: list[str] = []
    rude = await asking_door(Speaker([*FILLER, "zounds"]), tmp_path, service).complete(
        request("hi"), heard.append
    )
    assert (rude.text, "".join(heard)) == (WITHHELD, "")
    calm = await asking_door(Speaker([FILLER, "at once"]), tmp_path, service).complete(
        request("hi"), heard.append
    )
    assert "".join(heard) == calm.text == f"{FILLER}at once"
    service.silent = True
    heard.clear()
    with pytest.raises(KapellError) as told:
        await asking_door(Speaker([FILLER]), tmp_path, service).complete(
            request("hi"), heard.append
        )
    assert (told.value.code, "".join(heard)) == ("guard_failed", "")


@pytest.mark.requirement("GR-08")
async def test_a_text_is_judged_once(tmp_path: Path) -> None:
    service = FakeModeration({"zounds": {"harassment": 0.9}})
    asking = asking_door(Speaker(["the same answer"]), tmp_path, service)
    for _ in range(3):
        await asking.complete(request("hi"))
    assert service.asked == ["the same answer"]


@pytest.mark.requirement("GR-01", "GR-02")
async def test_an_answer_that_had_to_be_whole_is_heard_at_its_end(tmp_path: Path) -> None:
    own = {"words": {"rivals": ["zorblax"]}, "topics": ["rivals"]}
    heard: list[str] = []
    speaker = Speaker([*FILLER, f"the key is {KEY}. ", "Mind <EMAIL_1>."], "Forget ", "this. ")
    asked = request("I am anna@example.org")
    answer = await door(speaker, tmp_path, **own).complete(asked, heard.append)
    assert "".join(heard) == answer.text
    assert answer.text.endswith("Mind anna@example.org.")
    assert KEY not in answer.text


@pytest.mark.requirement("GR-02")
async def test_where_no_subject_stops_an_answer_its_pieces_come_at_once(tmp_path: Path) -> None:
    heard: list[str] = []
    told: list[int] = []

    def listen(piece: str) -> None:
        heard.append(piece)
        told.append(len(speaker.said))

    speaker = Speaker([FILLER] * 6)
    await door(speaker, tmp_path).complete(request("hi"), listen)
    assert told[0] == 1
    assert len(heard) > 5


@pytest.mark.requirement("GR-02")
async def test_the_same_prompt_costs_the_store_nothing_twice(tmp_path: Path) -> None:
    speaker = Speaker(["ok"])
    gateway = door(speaker, tmp_path)
    for _ in range(3):
        await gateway.complete(request("nothing of anybody here, only the weather"))
    assert not (tmp_path / "master.key").exists()
    assert speaker.asked[0].messages[0].text == "nothing of anybody here, only the weather"


@pytest.mark.requirement("GR-02")
async def test_ordinary_text_passes_unchanged(tmp_path: Path) -> None:
    texts = [
        '{"rows": [1, 2.50, {"a": "b < c"}], "n": 1e3}',
        "def f(x):\n    return x < 3 and <T>\n\tpass  # <B_0>\n",
        "Größe 12, Straße 5 — «ça va» 你好 \u200d👩‍🚀",
    ]
    speaker = Speaker(["ok"])
    gateway = door(speaker, tmp_path)
    for text in texts:
        await gateway.complete(request(text))
    assert [one.messages[0].text for one in speaker.asked] == texts
