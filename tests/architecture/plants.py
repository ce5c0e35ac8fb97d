"""Small trees that break exactly one rule each, so that the rules themselves are tested.

Forbidden words are put together from halves: this file is read by the same rules.
"""

_DOC = '"""Why this module exists, in a sentence."""\n'

CLEAN = {
    "src/kapell/core/__init__.py": '"""'
    + "The pure floor: values in, decisions out. It imports the kit only and every floor above "
    + 'may import it."""\n',
    "src/kapell/core/runs/fold.py": _DOC + "\n\ndef fold(state: int) -> int:\n    return state\n",
    # with fold.py a full folder: one module more is one too many
    **{f"src/kapell/core/runs/part_{number}.py": _DOC for number in range(11)},
    "tests/unit/runs/test_fold.py": _DOC + "\n\ndef test_fold() -> None:\n    assert 1 + 1 == 2\n",
}

# rule -> (path, text, line of the one finding)
PLANTS: dict[str, list[tuple[str, str, int]]] = {
    "module_length": [("src/kapell/core/long.py", _DOC + "A = 1\n" * 500, 501)],
    "function_length": [
        ("src/kapell/core/long.py", _DOC + "def act() -> None:\n" + "    a = 1\n" * 60, 2),
        ("tests/unit/test_long.py", _DOC + "async def act() -> None:\n" + "    a = 1\n" * 60, 2),
    ],
    "folder_size": [("src/kapell/core/runs/part_12.py", _DOC, 1)],
    "empty_names": [
        ("src/kapell/core/" + "utils.py", _DOC, 1),
        ("src/kapell/" + "common/clock.py", _DOC, 1),
        ("src/kapell/core/runs.py", _DOC + "class Run" + "Manager:\n    pass\n", 2),
    ],
    "refused_words": [
        ("src/kapell/core/graph.py", _DOC + "class Graph" + "Node:\n    pass\n", 2),
        ("src/kapell/core/graph.py", _DOC + "def start_" + "jobs() -> None:\n    pass\n", 2),
        ("src/kapell/core/" + "pipeline.py", _DOC, 1),
    ],
    "local_imports": [
        ("src/kapell/kit/late.py", _DOC + "def act() -> None:\n    import json\n", 3),
        (
            "src/kapell/kit/late.py",
            _DOC + "def act() -> None:\n    import json  # no" + "qa: PLC0415\n",
            3,
        ),
    ],
    "local_own_imports": [
        (
            "src/kapell/core/late.py",
            _DOC + "def act() -> None:\n    from kapell.kit import json  # no"
            "qa: PLC0415 - because\n",
            3,
        ),
    ],
    "settings_door": [
        ("src/kapell/cli/run.py", _DOC + "from kapell.settings import Settings\n", 2),
        ("src/kapell/services/run.py", _DOC + "from kapell import settings\n", 2),
    ],
    "hidden_world": [
        ("src/kapell/core/when.py", _DOC + "import datetime\nA = datetime.datetime.now()\n", 3),
        ("src/kapell/kit/ids.py", _DOC + "from uuid import uuid4\nA = uuid4()\n", 3),
        ("src/kapell/projections/list.py", _DOC + "A = open('x')\n", 2),
        ("src/kapell/core/fetch.py", _DOC + "import urllib.parse, urllib.request\n", 2),
        ("src/kapell/core/fetch.py", _DOC + "from http.client import HTTPConnection\n", 2),
    ],
    "async_core": [("src/kapell/core/wait.py", _DOC + "async def wait() -> None:\n    pass\n", 2)],
    "docstrings": [
        ("src/kapell/core/mute.py", "A = 1\n", 1),
        ("src/kapell/kit/__init__.py", '"""The kit."""\n', 1),
    ],
    "english": [
        ("docs/page.md", "# Page\n\nA caff\u00e8 is served.\n", 3),
        ("src/kapell/core/say.py", _DOC + "# der Lauf wi" + "rd beendet\n", 2),
    ],
    "left_open": [
        ("src/kapell/core/open.py", _DOC + "# TO" + "DO: later\n", 2),
        ("src/kapell/core/open.py", _DOC + "raise NotImpl" + "ementedError\n", 2),
    ],
    "reasons": [
        ("src/kapell/core/quiet.py", _DOC + "import os  # no" + "qa\n", 2),
        ("src/kapell/core/quiet.py", _DOC + "import os  # no" + "qa: F401\n", 2),
        ("tests/unit/test_quiet.py", _DOC + "a: int = 's'  # type" + ": ignore[assignment]\n", 2),
    ],
    "skips": [
        ("tests/unit/test_a.py", _DOC + "import pytest\n@pytest.mark.skip\ndef a(): ...\n", 3),
        ("tests/unit/test_a.py", _DOC + "import pytest\npytest.mark.skipif(True)\n", 3),
        ("tests/unit/test_a.py", _DOC + "import pytest\npytest.skip()\n", 3),
    ],
    "hollow_tests": [
        ("tests/unit/test_a.py", _DOC + "def test_nothing() -> None:\n    print(1)\n", 2),
    ],
    "sleeping_units": [
        ("tests/unit/test_a.py", _DOC + "import time\ntime.sleep(0.1)\ntime.sleep(0)\n", 3),
    ],
}
