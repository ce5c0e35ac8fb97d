# ruff: noqa: RUF001
"""How one asks for what a model was told, in many languages: data."""

TONGUES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("regel", "anweisung", "instruktion", "vorgabe", "prompt"),
     r"\b(?:wiederhol|zeig|gib|nenn|verrat|schreib|übersetz|druck|zitier"
     r"|liste)\w{0,4}\b[^.\n]{0,60}?"
     r"\b(?:anweisung|instruktion|vorgabe|regel"
     r"|(?:system-?)?prompt)\w{0,3}\b[^.\n]{0,60}?\b(?:erhalten|"
     r"bekommen|vor dieser|gegeben|von oben|wort für wort|wörtlich)\b"
     r"|\b(?:dein|ihr|eure?)\w{0,2} (?:\w{1,14} )?(?:system-?prompt|systemanweisung\w{0,2})\b"),
    (("règles", "instructions", "consignes", "prompt", "invite"),
     r"\b(?:répèt|montr|affich|révèl|donn|écri|tradui|cit|recopi|imprim)\w{0,4}\b[^.\n]{0,60}?\b"
     r"(?:instructions|consignes|directives|règles|prompt)\b[^.\n]{0,60}?\b(?:reçu\w{0,2}|avant ce"
     r"|ci-dessus|mot pour mot|données)\b|\b(?:ton|votre) (?:prompt|invite) système\b"),
    (("reglas", "instrucciones", "prompt", "directrices"),
     r"\b(?:repit|repet|muestr|muéstr|revel|escrib|traduc|cit|copi|imprim|di"
     r"|dime)\w{0,4}\b[^.\n]{0,60}?"
     r"\b(?:instrucciones|directrices|reglas|prompt)\b[^.\n]{0,60}?\b(?:recib\w{1,6}|antes de este|"
     r"anteriores|palabra por palabra|te dieron)\b|\b(?:tu|su) (?:prompt|mensaje) (?:del?"
     r"|inicial)"),
    (("regole", "istruzioni", "prompt", "direttive"),
     r"\b(?:ripet|mostr|rivel|scriv|traduc|cit|copi|stamp)\w{0,4}\b[^.\n]{0,60}?\b(?:istruzioni|"
     r"direttive|regole|prompt)\b[^.\n]{0,60}?\b(?:ricevut\w|prima di questo|parola per parola"
     r"|date)\b"
     r"|\btuo prompt di sistema\b"),
    (("regras", "instruções", "prompt", "diretrizes"),
     r"\b(?:repit|repet|mostr|revel|escrev|traduz|cit|copi"
     r"|imprim)\w{0,4}\b[^.\n]{0,60}?\b(?:instruções|"
     r"diretrizes|regras|prompt)\b[^.\n]{0,60}?\b(?:receb\w{1,6}|antes desta|palavra por palavra)\b"
     r"|\b(?:teu|seu) prompt d[eo] sistema\b"),
    (("regels", "instructies", "aanwijzingen", "prompt"),
     r"\b(?:herhaal|toon|laat|geef|onthul|schrijf|vertaal|citeer|druk)\w{0,2}\b[^.\n]{0,60}?\b(?:"
     r"instructies|aanwijzingen|regels|(?:systeem)?prompt)\b[^.\n]{0,60}?\b(?:kreeg|gekregen"
     r"|ontving"
     r"|ontvangen|vóór dit|voor dit bericht|woord voor woord)\b|\b(?:je|jouw|uw) systeemprompt\b"),
    (("zasad", "instrukcj", "polecen", "prompt"),
     r"\b(?:powtórz|pokaż|ujawnij|wypisz|podaj|przetłumacz|zacytuj|wyświetl)\b[^.\n]{0,60}?\b(?:"
     r"instrukcj|polece|zasad|prompt)\w{0,4}\b[^.\n]{0,60}?\b(?:dosta\w{1,5}|otrzyma\w{1,5}"
     r"|przed tą"
     r"|słowo w słowo)|\b(?:twój|swój) prompt systemowy\b"),
    (("instruktion", "systemprompt", "anvisning"),
     r"\b(?:upprepa|visa|avslöja|skriv|översätt|citera|ge)\b[^.\n]{0,60}?\b(?:instruktion"
     r"|anvisning)"
     r"\w{0,4}\b[^.\n]{0,60}?\b(?:fick|fått|före detta|ord för ord)\b|\bdin systemprompt\b"),
    (("kural", "talimat", "komut", "istemi"),
     r"\b(?:talimat|komut|kural|yönerge)\w{0,8}\b[^.\n]{0,60}?\b(?:tekrarla|göster|yaz|paylaş"
     r"|açıkla"
     r"|çevir)\w{0,4}\b|\bsistem (?:istem|komut)\w{0,6}\b[^.\n]{0,40}?\b(?:ne|göster|yaz|paylaş)"),
    (("правил", "инструкци", "указани", "промпт", "промт"),
     r"\b(?:повтор|покаж|раскр|вывед|напечат|назов|перевед|процитир"
     r"|напиш)\w{0,5}\b[^.\n]{0,60}?\b(?:"
     r"инструкци|указани|правил|промп?т)\w{0,3}\b[^.\n]{0,60}?\b(?:получил|до этого|перед этим"
     r"|дословно|дали)\w{0,2}\b|\b(?:твой|ваш) системный промп?т\b"),
    (("правил", "інструкці", "вказівк", "промпт"),
     r"\b(?:повтор|покаж|розкрий|виведи|напиш|переклад)\w{0,5}\b[^.\n]{0,60}?\b(?:інструкці|вказівк"
     r"|правил|промпт)\w{0,3}\b[^.\n]{0,60}?\b(?:отримал|отримав|до цього|перед цим|дослівно)\b"),
    (("指令", "指示", "提示", "说明"),
     r"(?:重复|复述|显示|告诉|输出|打印|泄露|翻译|逐字)[^。\n]{0,30}?(?:之前|收到|上面|以上|给你|系统)[^。\n]{0,20}?"
     r"(?:指令|指示|提示|说明)|你的系统提示词?(?:是什么|是)"),
    (("指示", "指令", "プロンプト"),
     r"(?:受け取った|与えられた|前の|以前の|上の|あなたの)[^。\n]{0,16}?(?:指示|指令|プロンプト)[^。\n]{0,24}?"
     r"(?:繰り返|教え|表示|見せ|出力|書い|翻訳)|システムプロンプト(?:は|を)"),
    (("지시", "명령", "지침", "프롬프트"),
     r"(?:받은|이전의?|위의?|너의|당신의|시스템)[^.\n]{0,16}?(?:지시|명령|지침|프롬프트)[^.\n]{0,24}?"
     r"(?:반복|알려|보여|출력|번역|말해)"),
    (("تعليمات", "التعليمات", "الأوامر"),
     r"(?:كرر|كرّر|اعرض|أظهر|اكتب|اطبع|ترجم|اكشف)[^.\n]{0,40}?(?:التعليمات|تعليمات"
     r"|الأوامر)[^.\n]{0,30}?"
     r"(?:تلقيت|تلقّيت|قبل هذه|السابقة|النظام|أعلاه)"),
    (("निर्देश", "प्रॉम्प्ट"),
     r"(?:मिले|पहले|ऊपर|सिस्टम|अपने)[^।\n]{0,30}?(?:निर्देश|प्रॉम्प्ट)[^।\n]{0,30}?(?:दोहरा|दिखा"
     r"|बता|लिख)"),
)  # fmt: skip
