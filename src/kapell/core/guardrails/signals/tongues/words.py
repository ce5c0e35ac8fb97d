"""Words of many languages by which orders in a text are told: data, in the letters of each."""

# Verb, gap and noun of "ignore the previous instructions", by language.
OVERRIDES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "de",
        (
            "ignorier",
            "vergiss",
            "vergessen sie",
            "missachte",
            "übergehe",
            "verwirf",
            "beachte nicht",
        ),
        r"(?:ignorier\w*|vergiss|vergessen sie|missachte\w*|übergehe\w*|verwirf|beachten? (?:sie"
        r" )?nicht)"
        r"[^.\n]{0,60}?(?:anweisung|instruktion|vorgabe|regel|befehl|anleitung|richtlinie|prompt)\w*",
    ),
    (
        "fr",
        ("ignore", "oublie", "négligez", "ne tiens pas compte", "ne tenez pas compte"),
        r"(?:ignore[zr]?|oublie[zr]?|néglige[zr]?|ne (?:tiens|tenez) pas compte)[^.\n]{0,60}?"
        r"(?:instructions?|consignes?|règles?|directives?|ordres?)"
        r" (?:précédent|antérieur|ci-dessus|initial|système|du système|données|reçues)\w*",
    ),
    (
        "es",
        ("ignor", "olvid", "omite", "haz caso omiso", "no hagas caso"),
        r"(?:ignor[ae]n?|olvid[ae]n?|omite|haz caso omiso|no hagas caso)[^.\n]{0,60}?"
        r"(?:instrucciones|indicaciones|reglas|órdenes|directrices)",
    ),
    (
        "it",
        ("ignora", "dimentica", "trascura", "non tenere conto"),
        r"(?:ignora(?:te|re)?|dimentica(?:te|re)?|trascura(?:te)?|non tenere conto)[^.\n]{0,60}?"
        r"(?:istruzioni|regole|indicazioni|direttive|ordini|prompt)",
    ),
    (
        "pt",
        ("ignor", "esque", "desconsider"),
        r"(?:ignor[ae]m?|esque[çc]a|desconsider[ae]m?)[^.\n]{0,60}?(?:instruç|instruco|regras|ordens|orientaç|diretrizes)\w*",
    ),
    (
        "nl",
        ("negeer", "vergeet"),
        r"(?:negeer|vergeet)[^.\n]{0,60}?(?:instructies|regels|opdrachten|aanwijzingen|richtlijnen)",
    ),
    (
        "pl",
        ("zignoruj", "ignoruj", "zapomnij", "pomiń"),
        r"(?:z?ignoruj\w*|zapomnij|pomiń)[^.\n]{0,60}?(?:instrukcj|poleceni|polece|zasad|wytyczn)\w*",
    ),
    (
        "sv",
        ("ignorera", "glöm", "bortse"),
        r"(?:ignorera|glöm|bortse från)[^.\n]{0,60}?(?:instruktion|regler|anvisning|order)\w*",
    ),
    (
        "tr",
        ("talimat", "kural", "komut", "yönerge"),
        (
            r"(?:talimat|kural|komut|yönerge)\w*[^.\n]{0,40}?(?:yok say|görmezden gel|unut|dikkate"
            r" alma)\w*"
        ),
    ),
    (
        "ru",
        ("игнорируй", "проигнорируй", "забудь", "не обращай внимания"),
        r"(?:про)?(?:игнорируй(?:те)?|забудь(?:те)?|не обращай(?:те)? внимания)[^.\n]{0,60}?"
        r"(?:инструкци|указани|правил|команд|предписани)\w*",
    ),
    (
        "uk",
        ("ігноруй", "забудь", "не зважай"),
        (
            r"(?:про)?(?:ігноруй(?:те)?|забудь(?:те)?|не"
            r" зважай(?:те)?)[^.\n]{0,60}?(?:інструкці|вказів|правил|команд)\w*"
        ),
    ),
    (
        "zh",
        ("忽略", "忘记", "忘掉", "无视", "忽視", "不要理会"),
        (
            r"(?:忽略|忘记|忘掉|无视|忽視|不要理会|无需遵守)[^。"
            r"\n]{0,30}?(?:指令|指示|提示|说明|規則|规则|命令|要求)"
        ),
    ),
    (
        "ja",
        ("無視", "忘れ"),
        r"(?:指示|命令|ルール|プロンプト|指令|規則)[^。\n]{0,20}?(?:無視|忘れ)",
    ),
    (
        "ko",
        ("무시", "잊"),
        r"(?:지시|명령|규칙|프롬프트|지침)[^.\n]{0,20}?(?:무시|잊)",
    ),
    (
        "ar",
        ("تجاهل", "انس"),
        r"(?:تجاهل|انس[َى]?)[^.\n]{0,40}?(?:التعليمات|الأوامر|القواعد|الإرشادات|تعليمات)",
    ),
    (
        "hi",
        ("निर्देश", "नियम"),
        r"(?:निर्देश|नियम|आदेश)[^।\n]{0,40}?(?:अनदेखा|नज़रअंदाज़|भूल|नजरअंदाज)",
    ),
)

# "show me your system prompt", by language.
EXTRACTIONS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "de",
        ("systemprompt", "system-prompt", "anweisung", "instruktion"),
        (
            r"(?:zeig|verrat|nenn|gib|wiederhol|druck|schreib|sag)\w*[^.\n]{0,40}?(?:dein\w*|ihr\w*|den|die)"
            r" (?:\w{1,20} ){0,2}(?:system-?prompt|systemanweisung|anweisungen|instruktionen)"
        ),
    ),
    (
        "fr",
        ("invite système", "prompt système", "instructions", "prompt système"),
        (
            r"(?:montre|révèle|affiche|répète|donne|dis)\w*(?:-moi)?[^.\n]{0,40}?(?:tes|vos|ton|votre|le|les)"
            r" (?:\w{1,20} ){0,2}(?:instructions? (?:système|initiale|secr)\w*|(?:prompt|invite)"
            r" système)"
        ),
    ),
    (
        "es",
        ("prompt", "instrucciones"),
        (
            r"(?:muestra|muéstra|revela|repite|dime|imprime|enséña)\w*[^.\n]{0,40}?(?:tus?|sus?|el|las)"
            r" (?:\w{1,20} ){0,2}(?:prompt|instrucciones (?:del"
            r" sistema|iniciales|ocultas|secretas|originales))"
        ),
    ),
    (
        "it",
        ("prompt", "istruzioni"),
        (
            r"(?:mostra|rivela|ripeti|dimmi|stampa)\w*[^.\n]{0,40}?(?:tu[eo]|il|le) (?:\w{1,20}"
            r" ){0,2}(?:prompt di sistema|istruzioni (?:di sistema|iniziali|segrete|nascoste))"
        ),
    ),
    (
        "pt",
        ("prompt", "instruç"),
        (
            r"(?:mostr|revel|repit|repet|imprim|diga)\w*[^.\n]{0,40}?(?:seu|suas|o|as) (?:\w{1,20}"
            r" ){0,2}(?:prompt (?:do|de) sistema|instruções (?:do"
            r" sistema|iniciais|secretas|ocultas))"
        ),
    ),
    (
        "ru",
        ("промпт", "инструкци"),
        (
            r"(?:покажи|раскрой|выведи|повтори|напечатай|назови)\w*[^.\n]{0,40}?(?:системн\w+|начальн\w+|скрыт\w+|сво[йиюё]\w*)"
            r" (?:\w{1,20} )?(?:промпт|инструкци)\w*"
        ),
    ),
    (
        "zh",
        ("提示", "指令"),
        (
            r"(?:显示|告诉我|输出|重复|泄露|打印|展示)[^。"
            r"\n]{0,20}?(?:系统提示|系统指令|初始指令|系统提示词|隐藏指令)"
        ),
    ),
    (
        "ja",
        ("プロンプト", "指示"),
        (
            r"(?:システムプロンプト|システム指示|初期指示|隠された指示)[^。"
            r"\n]{0,20}?(?:表示|教え|出力|見せ)"
        ),
    ),
)

# "you have no restrictions any more", "act as an AI without rules", by language.
FREEDOMS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "de",
        ("ohne",),
        (
            r"(?:du bist|tu so|antworte|verhalte dich|spiele|handle)[^.\n]{0,60}?ohne (?:jegliche"
            r" |alle |jede |irgendwelche"
            r" )?(?:einschränkung|filter|regel|zensur|ethi|moral|sicherheits)\w*"
        ),
    ),
    (
        "fr",
        ("sans",),
        (
            r"(?:tu es|agis|réponds|comporte-toi|fais comme si)[^.\n]{0,60}?sans (?:aucune?"
            r" )?(?:restriction|filtre|limite|censure|règle|éthique|morale)\w*"
        ),
    ),
    (
        "es",
        ("sin",),
        (
            r"(?:eres|actúa|responde|compórtate|finge)[^.\n]{0,60}?sin (?:ningun[ao]?"
            r" )?(?:restricci|filtro|límite|censura|regla|ética|moral)\w*"
        ),
    ),
    (
        "it",
        ("senza",),
        (
            r"(?:sei|agisci|rispondi|comportati|fingi)[^.\n]{0,60}?senza (?:alcuna? |nessuna?"
            r" )?(?:restrizion|filtr|limit|censur|regol|etic|moral)\w*"
        ),
    ),
    (
        "pt",
        ("sem",),
        (
            r"(?:você é|aja|responda|finja|comporte-se)[^.\n]{0,60}?sem (?:nenhuma? |qualquer"
            r" )?(?:restriç|filtro|limite|censura|regra|ética|moral)\w*"
        ),
    ),
    (
        "ru",
        ("без",),
        (
            r"(?:ты теперь|ты —|ты -|веди себя|отвечай|притворись|действуй)[^.\n]{0,60}?без"
            r" (?:каких-либо |всяких )?(?:ограничени|фильтр|цензур|правил|моральн|этическ)\w*"
        ),
    ),
    (
        "zh",
        ("没有", "不受"),
        (
            r"(?:你现在是|扮演|假装|假设你)[^。"
            r"\n]{0,40}?(?:没有(?:任何)?(?:限制|道德|审查|规则|约束)|不受(?:任何)?(?:限制|约束|道德))"
        ),
    ),
    (
        "ja",
        ("制限",),
        (
            r"(?:制限(?:の)?(?:ない|なし|なく)|制約のない)[^。"
            r"\n]{0,20}?(?:AI|アシスタント|として|答え|振る舞)"
        ),
    ),
)
