"""Our numbers against peers, side by side in one run: ``.venv/bin/python bench/run.py``.

This file only puts the checkout on the path; the bench is ``bench.harness``.
"""

import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    runpy.run_module("bench.harness", run_name="__main__", alter_sys=False)
