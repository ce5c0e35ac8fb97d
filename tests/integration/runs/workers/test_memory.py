"""A worker's process: Python looks for garbage among what comes and goes, and finds it."""

import subprocess
import sys

PROGRAM = """
import gc, weakref
from kapell.bootstrap.serving import settle_memory

class Ring:
    pass

before = gc.get_freeze_count()
settle_memory()
assert gc.get_freeze_count() > before + 1_000, "what is loaded stays"
ring = Ring()
ring.ring = ring
gone = weakref.ref(ring)
del ring
keep = [[] for _ in range(20_000)]
assert gone() is None, "what comes later is looked at as before"
"""


def test_a_worker_does_not_look_through_what_stays() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], check=False, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
