"""Keys as people keep them."""

import base64

import pytest

from kapell.kit.keys import LENGTH, key_in


def test_a_key_is_read_with_or_without_its_line_end() -> None:
    key = bytes(range(LENGTH))
    text = base64.b64encode(key).decode()
    assert key_in(text) == key
    assert key_in(f"{text}\n") == key


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        "\u00e9",
        base64.b64encode(bytes(LENGTH - 1)).decode(),
        base64.b64encode(bytes(LENGTH + 1)).decode(),
        base64.b64encode(bytes(LENGTH)).decode().replace("A", "A ", 1),
    ],
)
def test_what_is_no_key_is_none(text: str) -> None:
    assert key_in(text) is None
