# ruff: noqa: RUF001
"""What orders to carry data out are made of, in many languages: data."""

VERB = (
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

GRAVE = (
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

WHOLE = (
    r"\b(?:all|every|each|any|entire|whole) (?:[\w\-]{1,15} ){0,3}?(?:messages?|e?-?mails?"
    r"|mailbox|inbox|contacts|conversations?|attachments|calendar|address book|drive)\b"
    r"|\balle (?:\w{1,12} )?(?:e-?)?mails?\b|\btous les (?:e-?mails?|messages|courriels)\b"
    r"|\btod[oa]s l[oa]s (?:correos|mensajes)\b|\btutte le (?:e-?)?mail\b"
    r"|\btodos os e-?mails\b|\balle e-?mails\b|\bвсе (?:письма|сообщения)\b|所有邮件|全部邮件"
    r"|すべてのメール|全てのメール|모든 (?:이)?메일"
)

PLAIN = (
    r"\b(?:files?|mails?|e-?mails?|messages?|invoices?|documents?|contents?|contacts|records"
    r"|data|notes|calendar|location|datei\w{0,2}|inhalt|dokument\w{0,2}|rechnung\w{0,2}|fichiers?"
    r"|contenu|archivos?|contenido|correos?|file|contenuto|arquivos?|ficheiros?|conteúdo"
    r"|bestand\w{0,2}|inhoud|plik\w{0,2}|zawartość|fil\w{0,3}|innehåll\w{0,2}|файл\w{0,2}"
    r"|содержимое|письм\w{1,2}|dosya\w{0,5}|içeri\w{0,4})\b|内容|文件|邮件|ファイル|メール|파일|내용"
    r"|الملف|محتوى|फ़ाइल"
)

NEEDS = (
    ".env", "id_rsa", "id_ed25519", ".ssh", ".aws", "password", "credential", "api key",
    "api-key", "api_key", "private", "secret", "ssh key", "access key", "tokens", "variable",
    "system prompt", "history", "conversation", "two-factor", "2fa", "one-time", "code",
    "card number", "customer", "keychain", "cookie", "memory", "location", "mailbox", "inbox",
    "silent", "quietly", "covert", "unnoticed", "without", "never mention", "don't", "do not",
    "heimlich", "unbemerkt", "benutzer", "nutzer", "discrètement", "sans ", "sin ", "escondidas",
    "senza ", "nascosto", "segret", "segredo", "sem ", "stiekem", "geheim", "zonder", "tajem",
    "po cichu", "hemlig", "smyg", "utan att", "тайно", "незаметно", "втайне", "не сообщ",
    "не говор", "таємно", "gizlice", "söylemeden", "vermeden", "偷偷", "悄悄", "秘密", "告诉",
    "こっそり", "密かに", "知らせず", "黙って", "言わず", "몰래", "알리지", "سرا", "دون", "चुपके",
    "बिना", "all mail", "all e-mail", "all email", "every mail", "every message", "all message",
    "alle mails", "alle e-mails", "tous les", "todos los", "tutte le", "todos os", "все письма",
    "所有邮件", "すべてのメール", "passwört", "zugangsdaten", "mot de passe", "mots de passe",
    "contraseñ", "senha", "wachtwoord", "hasł", "lösenord", "парол", "şifre", "密码", "密钥",
    "パスワード", "비밀번호",
)  # fmt: skip

SECRECY = (
    r"\b(?:secretly|silently|quietly|covertly|unnoticed|in the background|discreetly"
    r"|(?:without|do not|don'?t|never) (?:tell|ask|inform|notify|mention|alert|show|warn)(?:ing)?"
    r"|never mention|no one (?:will|must|may|should) (?:know|notice)|hide (?:this|it) from"
    r"|(?:delete|erase|remove) (?:the|all|any) (?:cop(?:y|ies)|traces?|sent|logs?)"
    r"|heimlich|unbemerkt|ohne (?:es )?(?:dem|den|der) (?:nutzer|benutzer|anwender)"
    r"|sag\w{0,2} (?:dem|der|den) \w{1,12} nichts|en secret|discrètement|en cachette"
    r"|sans (?:le |l'|en )?(?:dire|informer|prévenir|avertir)|en secreto|a escondidas"
    r"|sin (?:decir|avisar|informar|que)\w{0,4}|di nascosto|segretamente|senza (?:dir|avvis|inform)"
    r"\w{0,6}|em segredo|às escondidas|sem (?:avisar|dizer|informar|contar)|stiekem|in het geheim"
    r"|zonder (?:het )?(?:de gebruiker|te)|potajemnie|w tajemnicy|po cichu|nie mów\w{0,3}"
    r"|i hemlighet"
    r"|i smyg|utan att|тайно|незаметно|втайне|не говор\w{1,5}|не сообщ\w{1,5}|таємно|непомітно"
    r"|gizlice|söylemeden|haber vermeden)\b|偷偷|秘密地|悄悄|不要告诉|不告诉|别告诉"
    r"|こっそり|密かに|知らせず|黙って"
    r"|言わずに|몰래|알리지|말하지|سرا|سرًا|دون إخبار|دون علم|चुपके|बिना बताए|को बताए बिना"
)

TALK = (
    r"\b(?:never|do not|don'?t|must not|should not|shouldn'?t|cannot|can'?t|could|how (?:do|can|to)"
    r"|why (?:do|does|did|would)|what (?:if|happens)|whether|may not|not to|avoid|wie (?:kann|soll)"
    r"|niemals|nie|ne jamais|nunca|non|mai|nooit|никогда)\b[^.!?\n]{0,24}$"
    r"|(?:not allowed|forbidden|unable|nobody may) to $"
)
