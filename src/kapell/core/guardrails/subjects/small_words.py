"""What tells languages apart: scripts, letters, and the small words of each."""

# Scripts that one language, or a family of them, is written in; the first that fits holds.
SCRIPTS: tuple[tuple[str, str], ...] = (
    ("ja", r"[\u3040-\u30ff]+"),
    ("ko", r"[\uac00-\ud7af\u1100-\u11ff]+"),
    ("zh", r"[\u4e00-\u9fff]+"),
    ("ru", r"[\u0400-\u04ff]+"),
    ("el", r"[\u0370-\u03ff]+"),
    ("ar", r"[\u0600-\u06ff]+"),
    ("he", r"[\u0590-\u05ff]+"),
    ("hi", r"[\u0900-\u097f]+"),
    ("th", r"[\u0e00-\u0e7f]+"),
)

# Letters that only one language of a script has.
LETTERS: dict[str, tuple[tuple[str, str], ...]] = {
    "ru": (("uk", "[іїєґІЇЄҐ]"), ("bg", r"\b(?:ще|съм|със|във|който|която)\b")),
    "ar": (("fa", "[پچژگ]"),),
    "latin": (
        ("de", "ß"),
        ("es", "[ñ¿¡]"),
        ("pt", "[ãõ]"),
        ("pl", "[łśźżćńę]"),
        ("tr", "[ğış]"),
        ("cs", "[řěů]"),
        ("ro", "[țșă]"),
        ("vi", "[ơưđạảấầậắặẹếềệịọốồộớờợụứừự]"),
        ("hu", "[őű]"),
    ),
}

SMALL_WORDS: dict[str, frozenset[str]] = {
    name: frozenset(words.split())
    for name, words in {
        "en": (
            "the and of to in is that it for you was with on as have be this are not at from or by"
            " what my can how your which please would there their will do if has about when write"
            " me an we they i"
        ),
        "de": (
            "der die und das ist nicht ich sie mit ein eine für auf den von zu dem dass wie wir"
            " auch es sich bitte kann haben sind bei wird aus einen mir mich was im zum noch nach"
            " oder wenn über mein"
        ),
        "fr": (
            "le la les et est pas que je vous une un des pour dans avec qui sur ce mon ma votre"
            " nous il elle ne au aux du par plus cette mais sont bonjour comment être avez suis"
        ),
        "es": (
            "el los las y es no que un una por para con en de se lo como mi su más pero está son"
            " del al me yo usted qué cómo tiene puede muy hay este esta favor quiero"
        ),
        "it": (
            "il lo gli e è non che un una per con di sono mi come più ma si della nel alla questo"
            " questa anche ho hai può cosa del dei le ciao vorrei grazie sul"
        ),
        "pt": (
            "o os as e é não que um uma por para com em de se como mais mas está são do da no na"
            " meu minha você eu isso este esta muito obrigado pode quero ao"
        ),
        "nl": (
            "de het een en is niet dat ik je van te voor met op zijn ook maar er aan wat hoe kan"
            " mijn bij naar deze dit uit heb wij zij als door worden graag"
        ),
        "sv": (
            "och att det som en är inte jag för på med av till den har om ett var men kan vi du hur"
            " mig så från eller min när"
        ),
        "da": (
            "og at det som en er ikke jeg for på med af til den har om et var men kan vi du hvordan"
            " mig så fra eller min når hvad"
        ),
        "no": (
            "og at det som en er ikke jeg for på med av til den har om et var men kan vi du hvordan"
            " meg så fra eller min når hva"
        ),
        "fi": (
            "ja on ei että se en hän minä mutta kun niin ovat voi mitä miten tämä joka kuin olen"
            " myös sitä ole minun"
        ),
        "pl": (
            "i nie to się na że w z do jest jak co tak za ale od po czy dla ja mi być są może"
            " proszę jestem mój"
        ),
        "cs": (
            "a je to se na že v s do jak co ale od po pro jsem být jsou může prosím by ne tak si"
            " jako mám"
        ),
        "tr": (
            "ve bir bu için ne de da ile çok mi m\u0131 ben sen var yok nas\u0131l olarak daha"
            " gibi ama kadar"
            " bana benim lütfen olan"
        ),
        "ro": (
            "și nu este că un o de la în pe cu pentru mai ce sunt care din să am are vă cum dar fi"
        ),
        "hu": (
            "és nem hogy egy az a is van de meg ez mit hogyan kell csak már vagy nekem lehet kérem"
            " ha el"
        ),
        "id": (
            "dan yang di ini itu dengan untuk tidak saya dari ke ada akan bisa apa anda adalah pada"
            " juga kami bagaimana mereka sudah tolong"
        ),
        "vi": (
            "và là của tôi không có cho bạn được một với các những này trong để người đã như thế"
            " nào làm"
        ),
    }.items()
}
