"""Presidio's plain analyzer on the same texts: its own detectors of what ours find, no model.

It finds, and replaces nothing: less than ours does.
"""

import sys
from pathlib import Path
from time import perf_counter

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tldextract.tldextract  # type: ignore[import-not-found]  # of the peer
from measuring import sample  # type: ignore[import-not-found]  # beside this script
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, predefined_recognizers  # type: ignore[import-not-found]  # so is this
from presidio_analyzer.nlp_engine import NoOpNlpEngine  # type: ignore[import-not-found]  # and this
from texts import LONG, SHORT, times  # type: ignore[import-not-found]  # the same

KINDS = (
    "EmailRecognizer",
    "CreditCardRecognizer",
    "IbanRecognizer",
    "IpRecognizer",
    "PhoneRecognizer",
    "UsSsnRecognizer",
    "UsPassportRecognizer",
)


def main() -> None:
    """Measure both texts."""
    # without this the first address would ask the network for the list of domains
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.tldextract.TLD_EXTRACTOR = extract
    registry = RecognizerRegistry()
    for kind in KINDS:
        registry.add_recognizer(getattr(predefined_recognizers, kind)())
    nothing = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    nothing.load()
    engine = AnalyzerEngine(registry=registry, nlp_engine=nothing)
    for name, text in (("short_ms", SHORT), ("long_ms", LONG)):
        engine.analyze(text, language="en")
        for _ in range(times()):
            began = perf_counter()
            engine.analyze(text, language="en")
            sample(name, (perf_counter() - began) * 1000)


if __name__ == "__main__":
    main()
