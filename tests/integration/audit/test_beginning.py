"""How the record begins on a disk: its key made once, its first anchor there before any entry."""

import stat
import threading
from pathlib import Path

import pytest

from kapell.adapters.audit.anchors import FileAnchors, Seals
from kapell.adapters.vault.keyfiles import write_key
from kapell.bootstrap.audit.making import SealKeys
from kapell.core.audit.record import BEGINNING
from kapell.kit.errors import Denied
from kapell.kit.ids import LOCAL
from kapell.kit.keys import key_in
from kapell.settings.loading import Settings

pytestmark = pytest.mark.requirement("GR-03")


class Killed(Exception):
    """Stands for the end of a process."""


class KilledKeys(SealKeys):
    """Keys of a process that ends as soon as its key is made."""

    def current(self) -> Seals:
        """Make the key, and end."""
        super().current()
        raise Killed


def test_of_many_at_once_one_makes_the_key_and_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "audit.key"
    gate, made = threading.Barrier(8), list[str]()

    def work() -> None:
        gate.wait()
        try:
            write_key(path)
            made.append("made")
        except FileExistsError:
            made.append("there")
        assert key_in(path.read_text()) is not None

    threads = [threading.Thread(target=work) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(made) == ["made"] + ["there"] * 7
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["audit.key"], "no draft is left"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_in_place_of_the_key_is_not_written_through(tmp_path: Path, there: bool) -> None:
    prey = tmp_path / "prey"
    if there:
        prey.write_text("mine")
    (tmp_path / ".kapell").mkdir()
    (tmp_path / ".kapell" / "audit.key").symlink_to(prey)
    with pytest.raises(Denied) as refused:
        SealKeys(tmp_path, Settings()).current()
    assert refused.value.code == "audit_key_open"
    assert prey.exists() == there
    assert not there or prey.read_text() == "mine"


async def test_a_kill_between_the_key_and_its_first_anchor_asks_nobody(tmp_path: Path) -> None:
    settings = Settings()
    with pytest.raises(Killed):
        await FileAnchors(tmp_path / "audit", KilledKeys(tmp_path, settings)).begin(LOCAL, 1.0)
    keys = SealKeys(tmp_path, settings)
    assert keys.used()
    anchors = FileAnchors(tmp_path / "audit", keys)
    assert await anchors.load(LOCAL) == (None, "unknown")
    await anchors.begin(LOCAL, 2.0)
    anchor, sealed = await anchors.load(LOCAL)
    assert anchor is not None
    assert (anchor.seq, anchor.hash, sealed) == (0, BEGINNING, "good")


async def test_where_a_key_was_made_and_the_anchor_is_gone_none_begins(tmp_path: Path) -> None:
    anchors = FileAnchors(tmp_path / "audit", SealKeys(tmp_path, Settings()))
    await anchors.begin(LOCAL, 1.0)
    for path in (tmp_path / "audit").glob("*.json"):
        path.unlink()
    await anchors.begin(LOCAL, 2.0)
    assert await anchors.load(LOCAL) == (None, "unknown")
