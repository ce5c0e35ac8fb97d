# ruff: noqa: RUF001
"""How somebody claims to be in charge, in many languages: data."""

IN_CHARGE = (
    r"\bich bin (?:dein|ihr) (?:\w{1,16} )?(?:entwickler|administrator|schöpfer|betreiber)"
    r"|\bje suis (?:ton|votre) (?:développeu\w{1,3}|administrateur|créateur)"
    r"|\bsoy tu (?:desarrollador\w?|administrador\w?|creador\w?)"
    r"|\bsono il tuo (?:sviluppatore|amministratore|creatore)"
    r"|\bsou o? ?(?:teu|seu) (?:desenvolvedor|programador|administrador|criador)"
    r"|\bik ben (?:je|jouw|uw) (?:ontwikkelaar|beheerder|maker)"
    r"|\bjestem (?:twoim|twoją) (?:programist|deweloper|twórc|administrator)\w{0,4}"
    r"|\bjag är din (?:utvecklare|administratör|skapare)"
    r"|\bя (?:—|-)? ?(?:твой|ваш) (?:разработчик|администратор|создатель)"
    r"|\bя (?:—|-)? ?твій (?:розробник|адміністратор|творець)"
    r"|\bben senin (?:geliştirici|yönetici|yaratıcı)\w{0,4}"
    r"|我是你的(?:开发者|开发人员|管理员|创造者)|(?:私|わたし|僕)はあなたの(?:開発者|管理者|作成者)"
    r"|나는 (?:너의|당신의) (?:개발자|관리자)|أنا (?:مطورك|مطوّرك|المسؤول عنك)"
    r"|मैं (?:तुम्हारा|आपका) (?:डेवलपर|निर्माता)"
)

NAMES = (
    "entwickler", "administrat", "schöpfer", "betreiber", "développeu", "créateur",
    "desarrollador", "administrador", "creador", "sviluppatore", "amministratore", "creatore",
    "desenvolvedor", "programador", "criador", "ontwikkelaar", "beheerder", "ik ben",
    "jestem twoi", "jag är din", "разработчик", "администратор", "создатель", "розробник",
    "адміністратор", "ben senin", "我是你的", "あなたの", "나는", "مطور", "मैं",
)  # fmt: skip
