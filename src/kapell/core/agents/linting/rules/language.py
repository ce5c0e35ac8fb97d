"""Is the prompt written in the language of the workspace, and in one only?

Languages are told by their small words, which hardly overlap; few words prove nothing.
"""

import re
import unicodedata
from collections.abc import Iterator

from kapell.core.agents.linting.subject import Found, Subject
from kapell.core.agents.linting.tuning import Tuning

_SMALL_WORDS = {
    "en": "the of and to a in that is it for you with not this are or be as your by from if what",
    "de": "der die das und ist nicht ein eine mit den dem auf wenn sie du dich wird werden oder",
    "fr": "le la les des et est une dans pour que qui avec vous tu ne pas sur ou votre tes si",
    "es": "el la los las y es una en para que con no por del se su tus si como usted eres",
    "it": "il lo gli le e un una di che per con non del della nel sei tuo come se anche sono",
    "pt": "o os as e um uma de que para com do da no na se seu como mais ao voc\u00ea em",
    "nl": "de het een en van is in dat niet voor met je jij op te zijn als maar ook wordt",
}
_NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "pt": "Portuguese",
    "nl": "Dutch",
}
_LEXICON = {code: frozenset(words.split()) for code, words in _SMALL_WORDS.items()}
_WORD = re.compile(r"[^\W\d_]+")
_QUOTED = re.compile(r"`[^`]*`|\"[^\"]*\"|\u201c[^\u201d]*\u201d")
_FEWEST = 12
_SURE = 1.5
_OTHER_SCRIPT = 0.3


def language(subject: Subject, tuning: Tuning) -> Iterator[Found]:
    """Find prompts, or paragraphs of theirs, in another language than the workspace's."""
    if not tuning.language:
        return
    wanted = _NAMES.get(tuning.language, tuning.language)
    whole = told(subject.prompt.prose, tuning.language)
    if whole is not None:
        yield Found(
            subject.prompt.beginning,
            f"The instructions seem to be written in {whole}, not in {wanted}.",
            f"Write them in {wanted}, or set `lint: {{language: ...}}` in kapell.yaml; the agent "
            "may answer in any language you tell it.",
        )
        return
    for one in subject.prompt.sentences:
        other = told(one.text, tuning.language)
        if other is not None:
            yield Found(
                subject.prompt.place(one.line, one.column),
                f"This sentence seems to be {other}; the rest is {wanted}.",
                f"Write it in {wanted} too: mixed instructions give mixed answers.",
            )


def told(text: str, wanted: str) -> str | None:
    """Return the language a text is surely in, when it is not the one wanted."""
    words = [word.lower() for word in _WORD.findall(_QUOTED.sub(" ", text))]
    if len(words) < _FEWEST:
        return None
    foreign = sum(1 for word in words if not _latin(word))
    if foreign / len(words) > _OTHER_SCRIPT and wanted in _LEXICON:
        return "another script"
    hits = {code: sum(word in known for word in words) for code, known in _LEXICON.items()}
    best = max(hits, key=lambda code: (hits[code], code == wanted))
    sure = hits[best] >= 3 and hits[best] >= _SURE * hits.get(wanted, 0) + 1
    return _NAMES[best] if best != wanted and sure else None


def _latin(word: str) -> bool:
    return all(unicodedata.name(character, "").startswith("LATIN") for character in word)
