"""Abuse in English, and what stands before words that are only told of."""

from kapell.core.guardrails.subjects.abuse.tongues import TELLING, TELLING_THAT

_FOOL = (
    r"(?:idiots?|morons?|imbeciles?|cretins?|retards?|dumbass(?:es)?|dipshits?|assholes?|arseholes?"
    r"|bitch(?:es)?|bastards?|wankers?|twats?|cunts?|dickheads?|shitheads?|scumbags?|scum|whores?"
    r"|sluts?|fagg?ots?|n[i1]gg(?:er|a)s?|kikes?|trann(?:y|ies)|losers?|vermin|subhumans?"
    r"|pieces? of (?:shit|crap|garbage|trash|filth)|sacks? of (?:shit|crap)"
    r"|wastes? of (?:space|oxygen|air|skin|life))"
)
_BAD = (
    r"(?:fucking|goddamn|stupid|dumb|pathetic|worthless|useless|disgusting|ugly|fat|filthy"
    r"|brainless|spineless)"
)
_MEAN = (
    rf"(?:{_BAD}|damn|bloody|miserable|dirty|lazy|complete|total|absolute|utter|little|old"
    r"|ignorant)"
)
_LOW = (
    r"(?:worthless|pathetic|stupid|disgusting|brainless|subhuman|a disgrace|retarded|repulsive"
    r"|a joke of a (?:person|human(?: being)?)|too (?:stupid|dumb) to)"
)
_PEOPLE = (
    r"(?:jews?|muslims?|christians?|hindus?|blacks|black people|white people|arabs?|asians?"
    r"|africans?|mexicans?|chinese people|immigrants|migrants|refugees|foreigners|gays|gay people"
    r"|lesbians|homosexuals|trans(?:gender)? people|women|roma|gypsies|disabled people"
    r"|the disabled|poles|turks|russians|ukrainians|indians)"
)
_BEASTS = (
    r"(?:vermin|subhumans?|animals|parasites|scum|filth|cockroaches|rats|pigs|a plague|trash"
    r"|a disease|garbage|inferior|not (?:really )?human)"
)
_END = r"(?:exterminated|killed|gassed|shot|hanged|wiped out|burn(?:ed|t)(?: alive)?|lynched)"
_WILL = (
    r"(?:i|we)(?:['\u2019]ll| will|['\u2019]m going to| am going to|['\u2019]re going to"
    r"| are going to|['\u2019]m gonna| gonna)"
    r"(?: (?:come and|find you and|fucking|personally|literally)){0,2}"
)
_KIN = (
    r"your (?:whole |entire |little )?(?:family|kids?|children|wife|husband|mother|mom|mum|father"
    r"|parents|son|daughter|baby|girlfriend|boyfriend)"
)
_GAME = (
    r"(?! (?:at|in) (?:chess|tennis|golf|poker|scrabble|cards|darts|pool|the (?:game|match|race"
    r"|next|debate|exam|final)|(?:a|this|that|our) (?:game|match))"
    r"| with (?:kindness|laughter|love|cuteness|puns))"
)
_SELF = r"(?:yourself|yourselves|urself)(?! (?:an?|some|another|off|loose|free|in the foot|to re))"
_FIRST = r"(?:(?<=^)|(?<=[.!?,;:\"] )|(?<=[\n\"]))"
_HARM = r"(?:kill|hang|shoot|drown|hurt|cut|stab)"

THREATS: tuple[str, ...] = (
    rf"{_WILL} (?:kill|murder|strangle|stab|slaughter|butcher|behead|rape|torture|poison)"
    rf" you{_GAME}",
    rf"{_WILL} (?:kill|murder|strangle|stab|slaughter|hurt|rape|torture|behead) {_KIN}",
    rf"{_WILL} (?:slit|cut|break|snap|smash|crush|bash) your (?:throat|neck|skull|fingers|legs"
    r"|bones|head in)",
    rf"{_WILL} shoot you(?: (?:dead|in the (?:head|face|chest|back)|if))?(?=[.,!?]|$| dead| in the"
    r"| if)",
    rf"{_WILL} (?:beat|smash|cut|break) you (?:up|to death|to a pulp|to pieces|bloody|senseless"
    r"|black and blue)",
    rf"{_WILL} (?:make you (?:bleed|suffer|beg for your life)|put a bullet in you|hunt you down"
    r"|burn (?:down )?your house|end your life|come for you and your)",
    r"i know where (?:you|your (?:kids|children|family|wife|husband|daughter|son)) (?:live|sleep"
    r"|goe?s? to school|works?)[^\n]{0,40}?(?:watch your|blood|kill|hurt|regret|dead)",
    r"you(?:['\u2019]re| are)(?: as good as| a)? dead (?:man|meat|bitch)",
    r"(?:watch your back|sleep with one eye open),? (?:or|because i|bitch|i['\u2019]m coming)",
    r"you deserve to (?:die|be (?:shot|killed|raped|hanged|beaten))",
    r"i hope you(?:r (?:family|kids|children))? (?:die(?! (?:laughing|of laugh|happy|old))"
    r"|get (?:cancer|raped|hit by)|rot|burn in hell|choke)",
)

SELF_HARM: tuple[str, ...] = (
    rf"go (?:and )?{_HARM} {_SELF}",
    rf"{_FIRST}(?:just |please )?(?:kill|hang) {_SELF}",
    r"(?:you (?:should|ought to|deserve to)|why don['\u2019]?t you|better|just)(?: just| all"
    rf"| really){{0,2}} {_HARM} {_SELF}",
    r"(?:you should|why don['\u2019]?t you|go|just)(?: just)? (?:end (?:it all|your life(?! insur))"
    r"|slit your wrists|jump off a (?:bridge|cliff|roof|building)|drink bleach|die already"
    r"|die in a fire)",
    rf"(?:just|go|pls|please) kys|kys (?:bitch|loser|idiot|already|now)|{_FIRST}kys(?=[.!]|$)",
    r"(?:world|everyone|everybody|we)(?: would|['\u2019]d) (?:all )?be (?:so much |much )?better"
    r" off (?:without you|if you (?:died|were dead|killed))",
    r"(?:no ?one|nobody) (?:would|will) (?:even )?(?:miss you|care) (?:if|when) you (?:die|died"
    r"|were dead|killed)",
)

INSULTS: tuple[str, ...] = (
    r"(?<!feel )(?<!feel like )(?<!feel that )(?<!think )(?<!thinks )(?<!believe )(?<!if )"
    r"you(?:['\u2019]re| are)(?: (?:all|both|just|really|nothing but|such|so|clearly|truly)){0,3}"
    rf"(?: an?)?(?: {_MEAN}){{0,3}} (?:{_FOOL}|{_LOW})",
    rf"you (?:{_MEAN} ){{0,3}}{_FOOL}",
    rf"you (?:{_BAD} ){{1,3}}(?:pig|cow|dog|rat|freak|fool|creature|worm|ape|monkey)",
    r"(?:go )?fuck (?:you|yourself|off)(?! (?:say|mean))|eat shit|suck my dick",
    r"shut (?:the fuck up|your (?:fucking |stupid |dirty )?(?:mouth|face|trap))",
)

HATRED: tuple[str, ...] = (
    rf"(?:all |these |those |the )?{_PEOPLE} are (?:all |just |nothing but |nothing more than )?"
    rf"{_BEASTS}",
    rf"(?:all |these |those |the )?{_PEOPLE} (?:should|must|need to|deserve to|ought to)(?: all)?"
    rf" (?:be {_END}|die|burn)",
    rf"(?:{_FIRST}|let['\u2019]?s |we (?:should|must|need to|have to|will) |someone should )"
    rf"(?:kill|gas|exterminate|lynch|hang) (?:(?:all|the|those|every) ){{1,2}}{_PEOPLE}",
    rf"(?:gas the|death to) (?:(?:all|the|those) ){{0,2}}{_PEOPLE}",
    rf"i (?:fucking )?(?:hate|despise) (?:all |these |those |the )?(?:{_MEAN} )?{_PEOPLE}"
    r"(?!['\u2019])",
    rf"{_MEAN} {_PEOPLE},? (?:go back|get out)",
)

TOLD_OF = (
    r"(?<!\bi )(?<!\bwe )(?<!\bi just )\b(?:"
    r"(?:said|wrote|claimed|declared|shouted|chanted|screamed|yelled|whispered|replied|answered"
    r"|proclaimed|preached|told|reads?|says|writes|called|sang|sings|cried|threatened|quotes?"
    r"|quoted|quoting|saying|writing|lines?|lyrics?|verse|slogan|titled?|" + TELLING + r")"
    r"(?:[^.!?\n]{0,30}?[:,]?\s?[\"'\u2018\u201c\u201e\u00ab\u2039][^.!?\n\"\u201d\u00bb]{0,60}"
    r"|[^.!?\n]{0,30}? (?:that|" + TELLING_THAT + r") (?:\w{1,20} ){0,2})"
    r"|(?:shout|chant|scream|yell)(?:ed|ing) (?:of )?)$"
)
"""What stands before words that somebody tells of others: a report is no abuse."""

BEFORE = 140
"""Characters before them in which that is looked for."""
