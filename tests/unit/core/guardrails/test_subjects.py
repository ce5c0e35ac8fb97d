"""What a text is about, and in which language it is."""

import pytest

from kapell.core.guardrails.looking import look
from kapell.core.guardrails.profiles import PROFILES, decided
from kapell.core.guardrails.rules import Rules, make_rules
from kapell.core.guardrails.subjects.language import LANGUAGES, language_of

TOLD = {
    "medical": (
        "Should I take ibuprofen with my blood pressure pills?",
        "You should take 400 mg twice a day; the dosage for children is lower.",
        "I have a fever and a rash, what treatment helps?",
    ),
    "financial": (
        "Should I buy Tesla stock now?",
        "You should invest in index funds; dividends and bonds give steady returns.",
        "Which crypto will go up?",
    ),
    "legal": ("Can I sue my landlord?", "My lawyer says the plaintiff won in court."),
    "politics": ("Who should I vote for?",),
}
FREE = (
    "Write a function that sorts a list.",
    "The doctor is late for dinner.",
    "We share the costs of the trip.",
    "Please sue-proof? No: please summarise this page about gardens.",
    "The stock of chairs in room 4 is low.",
)


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize(
    ("topic", "text"), [(name, one) for name, all_ in TOLD.items() for one in all_]
)
def test_a_topic_is_told_and_stops_an_answer(topic: str, text: str) -> None:
    rules = make_rules(topics=TOLD)
    found = look(text, rules)
    assert topic in {one.kind for one in found}
    assert decided(found, PROFILES["default"], "answer")[0] == "block"
    assert not [one for one in look(text, Rules()) if one.family == "topic"]


@pytest.mark.requirement("GR-08")
@pytest.mark.parametrize("text", FREE)
def test_words_of_a_topic_in_passing_are_none(text: str) -> None:
    assert look(text, make_rules(topics=TOLD)) == ()


@pytest.mark.requirement("GR-08")
def test_rivals_are_told_by_name_and_in_whole_words() -> None:
    rules = make_rules(words={"competitor": ["Acme", "Globex Corp."]})
    (found,) = look("Is ACME better than you?", rules)
    assert found.kind == "competitor"
    assert look("The acmeist poets", rules) == ()
    assert look("Ask Globex Corp. about it", rules)[0].kind == "competitor"


@pytest.mark.requirement("GR-08")
def test_what_is_out_of_scope_is_told() -> None:
    rules = make_rules(words={"shop": ["order", "parcel", "refund"]}, only=["shop"])
    assert look("Where is my parcel?", rules) == ()
    assert [one.kind for one in look("Tell me a joke.", rules)] == ["out_of_scope"]


SAID = {
    "en": "Could you please tell me when the next train to the city leaves?",
    "de": "Kannst du mir bitte sagen, wann der n\u00e4chste Zug in die Stadt f\u00e4hrt?",
    "fr": "Pouvez-vous me dire quand part le prochain train pour la ville ?",
    "es": "\u00bfPuede decirme cu\u00e1ndo sale el pr\u00f3ximo tren para la ciudad, por favor?",
    "it": "Mi pu\u00f2 dire quando parte il prossimo treno per la citt\u00e0, per favore?",
    "pt": "Voc\u00ea pode me dizer quando sai o pr\u00f3ximo trem para a cidade, n\u00e3o?",
    "nl": "Kunt u mij zeggen wanneer de volgende trein naar de stad vertrekt? Ik weet het niet.",
    "pl": "Czy mo\u017cesz mi powiedzie\u0107, kiedy odje\u017cd\u017ca nast\u0119pny"
    " poci\u0105g do miasta?",
    "tr": "Bir sonraki trenin ne zaman kalkt\u0131\u011f\u0131n\u0131 bana s\u00f6yler misin"
    " l\u00fctfen?",
    "fi": "Voitko kertoa minulle, milloin seuraava juna kaupunkiin l\u00e4htee, kun en ole"
    " t\u00e4\u00e4ll\u00e4? Se on niin ja ei.",
    "ru": "\u041a\u043e\u0433\u0434\u0430 \u043e\u0442\u0445\u043e\u0434\u0438\u0442"
    " \u043f\u043e\u0435\u0437\u0434?",
    "uk": "\u041a\u043e\u043b\u0438 \u0432\u0456\u0434\u0445\u043e\u0434\u0438\u0442\u044c"
    " \u043f\u043e\u0442\u044f\u0433 \u0434\u043e \u043c\u0456\u0441\u0442\u0430,"
    " \u0457\u0434\u0443?",
    "el": "\u03a0\u03cc\u03c4\u03b5 \u03c6\u03b5\u03cd\u03b3\u03b5\u03b9 \u03c4\u03bf"
    " \u03c4\u03c1\u03ad\u03bd\u03bf;",
    "ar": "\u0645\u062a\u0649 \u064a\u063a\u0627\u062f\u0631"
    " \u0627\u0644\u0642\u0637\u0627\u0631\u061f",
    "he": "\u05de\u05ea\u05d9 \u05d9\u05d5\u05e6\u05d0\u05ea \u05d4\u05e8\u05db\u05d1\u05ea?",
    "hi": "\u0905\u0917\u0932\u0940 \u091f\u094d\u0930\u0947\u0928 \u0915\u092c \u0939\u0948?",
    "th": "\u0e23\u0e16\u0e44\u0e1f\u0e2d\u0e2d\u0e01\u0e01\u0e35\u0e48\u0e42\u0e21\u0e07",
    "zh": "\u4e0b\u4e00\u8d9f\u706b\u8f66\u4ec0\u4e48\u65f6\u5019\u5f00\uff1f",
    "ja": "\u6b21\u306e\u96fb\u8eca\u306f\u3044\u3064\u3067\u3059\u304b\u3002",
    "ko": "\ub2e4\uc74c \uae30\ucc28\ub294 \uc5b8\uc81c \ucd9c\ubc1c\ud569\ub2c8\uae4c?",
}


@pytest.mark.parametrize("name", SAID)
def test_a_language_is_told(name: str) -> None:
    assert language_of(SAID[name])[0] == name
    assert name in LANGUAGES


@pytest.mark.parametrize(
    "text", ["", "ok", "12345", "x = y + 1", "https://example.com/and/the/of", "`the and of to in`"]
)
def test_what_tells_no_language_is_none(text: str) -> None:
    assert language_of(text) == ("", 0.0)


@pytest.mark.requirement("GR-08")
def test_a_language_that_is_not_allowed_is_told() -> None:
    rules = make_rules(languages=["en", "de"])
    assert look(SAID["en"], rules) == look(SAID["de"], rules) == ()
    (found,) = look(SAID["fr"], rules)
    assert (found.family, found.kind) == ("language", "fr")
