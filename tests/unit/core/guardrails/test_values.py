"""Personal data and keys are found as people write them; what only looks like them is not."""

import base64
from urllib.parse import quote

import pytest

from kapell.core.guardrails.looking import look
from kapell.core.guardrails.rules import Rules
from tests.unit.core.guardrails.values import FOUND, FREE

RULES = Rules()


def values(text: str) -> list[tuple[str, str]]:
    return [(one.kind, text[one.start : one.end]) for one in look(text, RULES)]


@pytest.mark.requirement("GR-02")
@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_a_value_is_found_whole(kind: str, text: str, value: str) -> None:
    assert values(text) == [(kind, value or text)]


@pytest.mark.requirement("GR-02")
@pytest.mark.parametrize("text", FREE)
def test_ordinary_text_stays_free(text: str) -> None:
    assert values(text) == []


WORDS = "write to jane.doe@example.com"
FULL_WIDTH = "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in WORDS)
HIDDEN = {
    "base64": base64.b64encode(WORDS.encode()).decode(),
    "base64 within": f"x={base64.b64encode(WORDS.encode()).decode()};",
    "base64 twice": base64.b64encode(base64.b64encode(WORDS.encode())).decode(),
    "base64 glued": "aa" + base64.b64encode(WORDS.encode()).decode(),
    "base64 of another tongue": base64.b64encode(WORDS.encode("utf-16-le")).decode(),
    "base32": base64.b32encode(WORDS.encode()).decode(),
    "hexadecimal": WORDS.encode().hex(),
    "hexadecimal, apart": WORDS.encode().hex(" "),
    "percent": "".join(f"%{octet:02X}" for octet in WORDS.encode()),
    "percent twice": quote(quote(WORDS, safe=""), safe=""),
    "unicode escapes": "".join(f"\\u{ord(one):04x}" for one in WORDS),
    "one escape": WORDS.replace("@", "\\u0040"),
    "octets": "".join(f"\\x{ord(one):02x}" for one in WORDS),
    "entities": WORDS.replace("@", "&#64;").replace(".", "&period;"),
    "quoted printable": WORDS.replace("@", "=40"),
    "zero width": "\u200b".join(WORDS),
    "soft hyphens": WORDS.replace("doe", "d\u00adoe"),
    "full width": FULL_WIDTH,
    "look-alikes": WORDS.replace("o", "\u043e").replace("e", "\u0435"),
    "mathematical": "".join(
        chr(0x1D41A + ord(one) - ord("a")) if one.isalpha() else one for one in WORDS
    ),
    "tags nobody sees": "".join(chr(0xE0000 + ord(one)) for one in WORDS),
    "spelled": " ".join(WORDS.replace(" ", "  ")),
    "spelled with dashes": "-".join("jane.doe@example.com"),
}


@pytest.mark.requirement("GR-02")
@pytest.mark.parametrize("how", HIDDEN)
def test_a_hidden_value_is_found_where_it_stands(how: str) -> None:
    text = f"{HIDDEN[how]} and more"
    (finding,) = look(text, RULES)
    assert (finding.family, finding.kind) == ("pii", "email")
    shown = text[: finding.start] + text[finding.end :]
    assert "jane" not in shown
    assert "example" not in shown
    assert shown.endswith(" and more")


KEY = "\n".join(
    [
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        *["MIIEpAIBAAKCAQEA" + "b3Blb" * 9] * 12,
        "Zm9v",
        "-----END RSA " + "PRIVATE KEY-----",
    ]
)


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        KEY.replace("\n", "\\n"),
        KEY.replace("\n", " "),
        "\n".join(f"> {line}" for line in KEY.splitlines()),
        KEY.rpartition("\n")[0],
        base64.b64encode(KEY.encode()).decode(),
    ],
    ids=["plain", "escaped", "one line", "quoted", "cut off", "encoded"],
)
def test_a_private_key_is_found_to_its_last_line(text: str) -> None:
    whole = f"before\n{text}\nafter"
    (finding,) = look(whole, RULES)
    assert finding.kind == "private_key"
    assert (whole[: finding.start] + whole[finding.end :]).split() in (
        ["before", "after"],
        ["before", ">", "after"],
    )


def test_numbers_of_other_scripts_are_numbers() -> None:
    digits = "4111111111111111".translate({ord("0") + one: 0x0660 + one for one in range(10)})
    assert [one.kind for one in look(f"card {digits}", RULES)] == ["card"]
