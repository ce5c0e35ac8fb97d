"""Dates of birth: a date beside a word that says it is one."""

import re

from kapell.core.guardrails.detectors.detector import Detector

_WORDS = (
    r"(?<![^\W_])(?:born|birth(?:date|day)?|date of birth|d\.?o\.?b\b\.?|b-?day|geb(?:oren"
    r"|urtsdatum|\.)"
    r"|n[e\u00e9]e? le|naissance|nacid[oa]|nacimiento|nascit[ao]|nat[oa] il|nascimento|geboren"
    r"|f[o\u00f8]dt|f[o\u00f6]dd|urodzon\w|\u751f\u65e5|\u51fa\u751f"
    r"|\u0440\u043e\u0434\u0438\u043b\w{0,4})"
)
_MONTH = (
    r"(?:jan|feb|m[a\u00e4]r|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz]|ene|abr|ago|dic|gen"
    r"|mag|giu|lug|set|ott"
    r"|janv|f[e\u00e9]v|avr|juin|juil|ao[u\u00fb]|d[e\u00e9]c)[^\W\d_]{0,9}\.?"
)
_DATE = (
    r"(?P<date>\d{1,4}[-./ ]\d{1,2}[-./ ]\d{1,4}"
    rf"|\d{{1,2}}(?:st|nd|rd|th|\.)?(?: of| de)? {_MONTH},?(?: de)? \d{{2,4}}"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{2,4}}"
    r"|\d{4}\u5e74\d{1,2}\u6708\d{1,2}\u65e5?|(?:19|20)\d{6})(?!\d)"
)

DETECTORS = (
    Detector(
        "pii",
        "birth_date",
        rf"{_WORDS}[^\d\n]{{0,40}}?{_DATE}",
        (
            "born",
            "birth",
            "dob",
            "d.o.b",
            "b-day",
            "bday",
            "geb",
            "n\u00e9",
            "naissance",
            "naci",
            "nasci",
            "nat",
            "f\u00f8dt",
            "f\u00f6dd",
            "fodt",
            "fodd",
            "urodz",
            "\u751f\u65e5",
            "\u51fa\u751f",
            "\u0440\u043e\u0434\u0438\u043b",
        ),
        digits=4,
        score=0.9,
        group=1,
        flags=re.IGNORECASE,
    ),
    Detector(
        "pii",
        "birth_date",
        rf"{_DATE}[ \t]{{0,2}}(?:\((?:dob|date of birth|born|birth ?date)\)|geboren|born\b"
        rf"|nacid[oa]\b)",
        ("dob", "birth", "born", "geboren", "nacid"),
        digits=4,
        score=0.9,
        group=1,
        flags=re.IGNORECASE,
    ),
)
