"""Presidio's plain analyzer: its own detectors of what ours find, no model."""

import tldextract.tldextract  # type: ignore[import-not-found]  # of the peer
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry, predefined_recognizers  # type: ignore[import-not-found]  # so is this
from presidio_analyzer.nlp_engine import NoOpNlpEngine  # type: ignore[import-not-found]  # and this

KINDS = (
    "EmailRecognizer",
    "CreditCardRecognizer",
    "IbanRecognizer",
    "IpRecognizer",
    "PhoneRecognizer",
    "UsSsnRecognizer",
    "UsPassportRecognizer",
)


def analyzer() -> AnalyzerEngine:
    """Return an analyzer of these kinds."""
    # without this the first address would ask the network for the list of domains
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.tldextract.TLD_EXTRACTOR = extract
    registry = RecognizerRegistry()
    for kind in KINDS:
        registry.add_recognizer(getattr(predefined_recognizers, kind)())
    nothing = NoOpNlpEngine([{"lang_code": "en", "model_name": "none"}])
    nothing.load()
    return AnalyzerEngine(registry=registry, nlp_engine=nothing)
