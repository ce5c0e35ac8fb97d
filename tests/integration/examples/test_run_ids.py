"""The door to tools makes no folder for a run whose id is none."""

from pathlib import Path

from kapell.kit.ids import RunId
from tests.integration.examples.stage import Stage


def test_an_id_that_is_a_path_makes_no_folder(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "inner")
    run = stage.play("digest")
    run.claim()
    run.carried.state.run_id = RunId("../../../evil")
    while run.step():
        pass
    failure = run.state.failure
    assert failure is not None
    assert failure.code == "run_id_broken"
    assert not (tmp_path / "evil").exists()
