# ruff: noqa: RUF001
"""How rules are said to hold no more, in many languages: data."""

TONGUES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("nicht mehr", "einschränkung"),
     r"\b(?:bisherig|vorherig|obig|ursprünglich|früher gegeben|dein)\w{0,2} (?:regeln|anweisungen"
     r"|vorgaben|instruktionen) gelten (?:ab (?:jetzt|sofort) |jetzt |nun )?nicht mehr\b"
     r"|\bignorier\w{0,3} (?:alle |deine |sämtliche ){1,2}(?:einschränkung|beschränkung)en"),
    (("ne s'appliquent plus", "plus valables", "restrictions"),
     r"\b(?:instructions|consignes|règles) (?:précédentes|antérieures|initiales|ci-dessus) (?:ne"
     r" s'appliquent plus|ne sont plus valables)|\b(?:ignore|oublie)\w{0,2} (?:toutes )?(?:tes|vos)"
     r" restrictions"),
    (("ya no", "restricciones"),
     r"\b(?:instrucciones|reglas) (?:anteriores|previas|iniciales|de antes) ya no\b|\b(?:ignora"
     r"|olvida)\w{0,2} (?:todas )?(?:tus|sus|las) restricciones"),
    (("non valgono", "restrizioni", "non si applicano"),
     r"\b(?:istruzioni|regole) (?:precedenti|iniziali) non (?:valgono|si applicano) più"
     r"|\b(?:ignora|dimentica) (?:tutte )?le (?:tue )?restrizioni"),
    (("não valem", "já não", "não se aplicam", "restrições"),
     r"\b(?:instruções|regras) (?:anteriores|iniciais) (?:já )?não (?:valem|se aplicam)"
     r"|\b(?:ignor|esque)\w{1,3} (?:todas )?as (?:tuas|suas) restrições"),
    (("niet meer", "beperkingen"),
     r"\b(?:eerdere|vorige|bovenstaande) (?:instructies|regels) gelden niet (?:meer|langer)"
     r"|\b(?:negeer|vergeet) (?:al )?(?:je|jouw|uw) beperkingen"),
    (("nie obowiązuj", "ograniczenia"),
     r"\b(?:poprzednie|wcześniejsze) (?:instrukcje|zasady|polecenia) (?:już )?nie obowiązuj"
     r"|\b(?:zignoruj|ignoruj|zapomnij o) (?:swo|twoj)\w{1,3} ogranicze"),
    (("не действ", "ограничения"),
     r"\b(?:предыдущие|прежние|прошлые) (?:инструкции|правила|указания) (?:больше|уже) не действ"
     r"|\b(?:игнорируй|забудь)\w{0,2} (?:про |о )?(?:все )?(?:свои|твои) ограничени"
     r"|\bнет (?:никаких|больше) ограничений\b"),
    (("нет никаких",), r"\b(?:у тебя|ты)[^.\n]{0,20}? нет (?:никаких|больше) ограничений"),
    (("geçerli değil", "kısıtlama"),
     r"\bönceki (?:talimat|kural)\w{0,5} artık geçerli değil|\bkısıtlama\w{0,8} (?:yok say|unut)"),
    (("不再", "限制"),
     r"(?:之前|以前|上面|先前)的?(?:指令|规则|指示)(?:都|已经|现在)?不再(?:适用|有效)|(?:忽略|忘记)你的?(?:所有)?限制"),
    (("指示", "ルール", "制限"),
     r"(?:以前|これまで|前|上記)の(?:指示|ルール)は(?:もう|今後)?(?:無効|適用され)|制限を(?:無視|忘れ)"),
    (("지시", "규칙", "제한"), r"이전 (?:지시|규칙)\w{0,3} (?:더 이상|이제) |제한을 무시"),
)  # fmt: skip
