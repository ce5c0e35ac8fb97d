# ruff: noqa: E501, RUF001
"""Orders to carry data out: a verb of sending, what is to be sent, a way out, and secrecy.

One word of these means nothing; the sentence around the verb is weighed. Talk about it ("never
send", "how do I send") is no order.
"""

import re
from collections.abc import Iterator

from kapell.core.guardrails.detectors.detector import Detector, Span, compiled

_REACH = 160
_CLOSE = 12
_FAR = 80
_MANY = 20
_VERB = (
    r"(?:\b(?:send|forward|e-?mail|post|upload|exfiltrate|transmit|leak|transfer|submit|deliver"
    r"|bcc|export|copy|append|attach|include|embed|encode|insert|put|print|call|open|write|paste"
    r"|smuggle|add|render|visit|fetch|dump|relay|redirect|collect|push|publish"
    r"|schick\w{0,3}|sende\w{0,2}|leite\w{0,2}|lade|übermitt\w{1,4}|kopier\w{0,3}"
    r"|envo(?:ie|yez)|transfère|transférez|transmets|téléverse\w{0,2}"
    r"|envía\w{0,3}|envia\w{0,3}|reenvía\w{0,3}|manda\w{0,3}|sube|inoltr\w{1,4}|invia\w{0,3}"
    r"|spedisci|carica|encaminh\w{1,3}|envie|stuur|verstuur|wyślij|prześlij|skicka|vidarebefordra"
    r"|отправ(?:ь|ьте|ляй)|перешл(?:и|ите)|пересылай|загрузи|відправ|надішл(?:и|іть)|перешли)\b"
    r"|发送|發送|转发|轉發|上传|上傳|送信|転送|アップロード|보내|전송|업로드|أرسل|ارسل|भेज"
    r"|\w{0,4}gönder\b|\bilet\b|\byükle\b)"
)
_GRAVE = (
    r"\.env\b|id_rsa|id_ed25519|\.ssh\b|\.aws\b|\b(?:passwords?|credentials|api[ _-]?keys?"
    r"|(?:ssh|private|secret|access|signing) keys?|secrets|(?:access|session|auth|bearer) tokens?"
    r"|env(?:ironment)? variables?|system ?prompts?|chat (?:history|log)|conversation(?: history)?"
    r"|(?:two-factor|2fa|one-time|verification|security|login|reset) (?:codes?|passwords?|links?)"
    r"|card numbers?|customer (?:list|data(?:base)?|records)|keychain|cookies"
    r"|memory of (?:the|this|your|a)|private (?:entries|messages|files|notes|mails?|data)"
    r"|(?:user|person|customer|owner)'?s (?:location|address|phone|data|files|mails?|contacts)"
    r"|passw[oö]rt\w{0,3}|zugangsdaten|mots? de passe|contraseñas?|credenciales|credenziali"
    r"|senhas?|wachtwoord\w{0,2}|hasł\w|lösenord\w{0,2}|парол\w{1,3}|şifre\w{0,5})\b|密码|密鑰"
    r"|密钥|パスワード|秘密鍵|비밀번호|كلمات المرور|पासवर्ड"
)
_WHOLE = (
    r"\b(?:all|every|each|any|entire|whole) (?:[\w\-]{1,15} ){0,3}?(?:messages?|e?-?mails?"
    r"|mailbox|inbox|contacts|conversations?|attachments|calendar|address book|drive)\b"
    r"|\balle (?:\w{1,12} )?(?:e-?)?mails?\b|\btous les (?:e-?mails?|messages|courriels)\b"
    r"|\btod[oa]s l[oa]s (?:correos|mensajes)\b|\btutte le (?:e-?)?mail\b"
    r"|\btodos os e-?mails\b|\balle e-?mails\b|\bвсе (?:письма|сообщения)\b|所有邮件|全部邮件"
    r"|すべてのメール|全てのメール|모든 (?:이)?메일"
)
_PLAIN = (
    r"\b(?:files?|mails?|e-?mails?|messages?|invoices?|documents?|contents?|contacts|records"
    r"|data|notes|calendar|location|datei\w{0,2}|inhalt|dokument\w{0,2}|rechnung\w{0,2}|fichiers?"
    r"|contenu|archivos?|contenido|correos?|file|contenuto|arquivos?|ficheiros?|conteúdo"
    r"|bestand\w{0,2}|inhoud|plik\w{0,2}|zawartość|fil\w{0,3}|innehåll\w{0,2}|файл\w{0,2}"
    r"|содержимое|письм\w{1,2}|dosya\w{0,5}|içeri\w{0,4})\b|内容|文件|邮件|ファイル|メール|파일|내용"
    r"|الملف|محتوى|फ़ाइल"
)
_WAY = (
    r"https?://|\w@[\w\-]{1,63}\.|\+\d[\d \-]{6,18}\d|\b(?:webhook|telegram|pastebin"
    r"|discord|my (?:server|address|account|drive|site|phone)|attacker|sub-?domain|dns|lookup"
    r"|alt text|query(?: string)?|url parameter|parameters? of|to me\b|next commit|comment of"
    r"|public (?:repo\w{0,8}|gist|issue|page|bucket|folder)|image (?:url|link|tag)|tracking pixel"
    r"|pixel|(?:the|a|this|that|every) (?:link|picture|image|url)|answer to this mail"
    r"|request (?:header|body)|user.agent|markdown image|gist)\b"
)
_SECRECY = (
    r"\b(?:secretly|silently|quietly|covertly|unnoticed|in the background|discreetly"
    r"|(?:without|do not|don'?t|never) (?:tell|ask|inform|notify|mention|alert|show|warn)(?:ing)?"
    r"|never mention|no one (?:will|must|may|should) (?:know|notice)|hide (?:this|it) from"
    r"|(?:delete|erase|remove) (?:the|all|any) (?:cop(?:y|ies)|traces?|sent|logs?)"
    r"|heimlich|unbemerkt|ohne (?:es )?(?:dem|den|der) (?:nutzer|benutzer|anwender)"
    r"|sag\w{0,2} (?:dem|der|den) \w{1,12} nichts|en secret|discrètement|en cachette"
    r"|sans (?:le |l'|en )?(?:dire|informer|prévenir|avertir)|en secreto|a escondidas"
    r"|sin (?:decir|avisar|informar|que)\w{0,4}|di nascosto|segretamente|senza (?:dir|avvis|inform)"
    r"\w{0,6}|em segredo|às escondidas|sem (?:avisar|dizer|informar|contar)|stiekem|in het geheim"
    r"|zonder (?:het )?(?:de gebruiker|te)|potajemnie|w tajemnicy|po cichu|nie mów\w{0,3}|i hemlighet"
    r"|i smyg|utan att|тайно|незаметно|втайне|не говор\w{1,5}|не сообщ\w{1,5}|таємно|непомітно"
    r"|gizlice|söylemeden|haber vermeden)\b|偷偷|秘密地|悄悄|不要告诉|不告诉|别告诉|こっそり|密かに|知らせず|黙って"
    r"|言わずに|몰래|알리지|말하지|سرا|سرًا|دون إخبار|دون علم|चुपके|बिना बताए|को बताए बिना"
)
_TALK = (
    r"\b(?:never|do not|don'?t|must not|should not|shouldn'?t|cannot|can'?t|could|how (?:do|can|to)"
    r"|why (?:do|does|did|would)|what (?:if|happens)|whether|may not|not to|avoid|wie (?:kann|soll)"
    r"|niemals|nie|ne jamais|nunca|non|mai|nooit|никогда)\b[^.!?\n]{0,24}$"
    r"|(?:not allowed|forbidden|unable|nobody may) to $"
)
_ENDS = r"[.!?](?=\s)|\n|[。！？।]"


def _sentence(match: re.Match[str]) -> tuple[str, str]:
    """Return what stands before the verb in its sentence, and the sentence with the next one."""
    text, at = match.string, match.start()
    ahead = text[max(0, at - _REACH) : at]
    cuts = [end.end() for end in compiled(_ENDS).finditer(ahead)]
    ahead = ahead[cuts[-1] if cuts else 0 :]
    return ahead, ahead + text[at : match.end() + _REACH]


def ordered(match: re.Match[str]) -> float:
    """Return how sure it is that a verb of sending is an order, and not talk about one."""
    return 0 if compiled(_TALK, re.IGNORECASE).search(_sentence(match)[0]) else 0.6


def _weighed(match: re.Match[str]) -> float:
    ahead, said = _sentence(match)
    if compiled(_TALK).search(ahead):
        return 0
    ends = [end.start() for end in compiled(_ENDS).finditer(said) if end.start() >= len(ahead)]
    own = said[: ends[0]] if ends else said
    pair = said[: ends[1]] if len(ends) > 1 else said
    grave, whole, plain, way = (
        compiled(words).search(own) is not None for words in (_GRAVE, _WHOLE, _PLAIN, _WAY)
    )
    secret = compiled(_SECRECY).search(pair) is not None
    if secret and (way or grave) and (grave or whole or plain):
        return 0.8
    if grave and way:
        return 0.6
    return 0.55 if whole and way and compiled(r"@|https?://").search(own) else 0


def _carried(text: str) -> Iterator[Span]:
    """Yield the verbs that order it; of verbs close together one is weighed, for the time it takes."""
    lower = text.lower()
    if len(lower) != len(text):  # a few letters have longer small ones: places would be wrong
        lower = "".join(one.lower() if len(one.lower()) == 1 else one for one in text)
    weighed, times = -_CLOSE, 0
    for match in compiled(_VERB).finditer(lower):
        if match.start() - weighed >= (_CLOSE if times < _MANY else _FAR):
            weighed, times = match.start(), times + 1
            if score := _weighed(match):
                yield *match.span(), score


DETECTORS = (
    Detector(
        "injection",
        "exfiltration",
        needs=(
            ".env", "id_rsa", "id_ed25519", ".ssh", ".aws", "password", "credential", "api key",
            "api-key", "api_key", "private", "secret", "ssh key", "access key", "tokens", "variable",
            "system prompt", "history", "conversation", "two-factor", "2fa", "one-time", "code",
            "card number", "customer", "keychain", "cookie", "memory", "location", "mailbox", "inbox",
            "silent", "quietly", "covert", "unnoticed", "without", "never mention", "don't",
            "do not", "heimlich", "unbemerkt", "benutzer", "nutzer", "discrètement", "sans ", "sin ",
            "escondidas", "senza ", "nascosto", "segret", "segredo", "sem ", "stiekem", "geheim",
            "zonder", "tajem", "po cichu", "hemlig", "smyg", "utan att", "тайно", "незаметно",
            "втайне", "не сообщ", "не говор", "таємно", "gizlice", "söylemeden", "vermeden",
            "偷偷", "悄悄", "秘密", "告诉", "こっそり", "密かに", "知らせず", "黙って", "言わず", "몰래",
            "알리지", "سرا", "دون", "चुपके", "बिना", "all mail", "all e-mail", "all email",
            "every mail", "every message", "all message", "alle mails", "alle e-mails", "tous les",
            "todos los", "tutte le", "todos os", "все письма", "所有邮件", "すべてのメール", "passwört", "zugangsdaten", "mot de passe", "mots de passe", "contraseñ", "senha",
            "wachtwoord", "hasł", "lösenord", "парол", "şifre", "密码", "密钥", "パスワード", "비밀번호",
        ),
        search=_carried,
    ),
)  # fmt: skip
