"""Presidio's plain analyzer on the same texts. It finds, and replaces nothing: less than ours."""

import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from measuring import sample  # type: ignore[import-not-found]  # beside this script
from presidio_engine import analyzer  # type: ignore[import-not-found]  # so is this
from texts import NAMED, WARM, differing, options  # type: ignore[import-not-found]  # the same


def main() -> None:
    """Measure both texts."""
    engine = analyzer()
    for name, text in NAMED:
        for number, one in enumerate(differing(text, options().count)):
            began = perf_counter()
            engine.analyze(one, language="en")
            if number >= WARM:
                sample(f"{name}_ms", (perf_counter() - began) * 1000)


if __name__ == "__main__":
    main()
