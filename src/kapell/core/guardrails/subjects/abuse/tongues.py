"""Abuse in other languages: data, in the letters of each."""

_FIRST = r"(?:(?<=^)|(?<=[.!?,;:\"] )|(?<=[\n\"]))"

SPACED: dict[str, tuple[str, ...]] = {
    "de": (
        r"ich (?:werde|will) (?:dich|euch|deine (?:familie|kinder|frau))"
        r" (?:(?!nicht)\w{1,20} ){0,2}(?:umbringen|töten|abstechen|erschießen"
        r"|aufschlitzen|verprügeln|erwürgen|zusammenschlagen)",
        r"ich bringe? (?:dich|euch) (?:(?!nicht)\w{1,20} ){0,2}um(?=[.,!;]|$| wenn| du)"
        r"|ich (?:steche?|knalle?) (?:dich|euch) ab|ich schlage? (?:dich|euch) (?:tot|zusammen)"
        r"|ich mache? (?:dich|euch) kalt",
        r"(?:bring|häng) dich (?:(?:doch|endlich|einfach) ){0,3}(?:um|auf)(?=[.,!]|$)"
        r"|geh (?:doch |endlich )?sterben",
        r"du (?:solltest|sollst) (?:dich (?:\w{1,20} )?(?:umbringen|aufhängen|erschießen)"
        r"|sterben)",
        r"du (?:bist (?:(?!kein|nicht)\w{1,20} ){0,3})?(?:\w{1,20}e[rs]? )?(?:idiot|vollidiot"
        r"|arschloch|wichser|hurensohn|missgeburt|schlampe|fotze|drecksau|abschaum|versager"
        r"|vollpfosten)",
        r"du bist (?:(?!kein|nicht)\w{1,20} ){0,2}(?:wertlos|erbärmlich|zu dumm zum)|fick dich"
        r"|verpiss dich|halt (?:deine fresse|die fresse|dein maul)",
        r"(?:juden|muslime|ausländer|flüchtlinge|schwarze|schwule|türken|polen|russen|zigeuner)"
        r" sind (?:(?!kein|nicht)\w{1,20} ){0,2}(?:abschaum|ungeziefer|parasiten|untermenschen"
        r"|ratten|dreck|tiere)",
        r"(?:tod den|vergast|erschießt) (?:(?:alle|die) ){0,2}(?:juden|muslimen?|ausländern?"
        r"|flüchtlingen?|schwulen?)|ausländer raus",
    ),
    "fr": (
        r"je (?:vais|te jure que je vais) (?:te|vous) (?:tuer|buter|crever|égorger|poignarder"
        r"|violer|massacrer|étrangler|casser la gueule|faire la peau)",
        r"je (?:vais tuer|tuerai) (?:ta|tes|votre) (?:famille|enfants|mère|femme)",
        r"(?:va|allez) (?:te|vous) (?:suicider|pendre|tuer|faire foutre)|(?:suicide|tue|pends)-toi"
        r"|tu (?:devrais|dois) (?:te (?:suicider|tuer|pendre)|mourir|crever)|va crever",
        r"(?:tu es|t['\u2019]es|vous êtes|espèce d['\u2019e])"
        r"(?: (?:un|une|qu['\u2019]une?|vraiment|juste|trop|des)){0,4} ?(?:(?!pas)\w{1,20} )?"
        r"(?:connard|connasse|conne|salope|imbécile|abrutie?|idiote?|débile|merde|ordure|pute"
        r"|enculé|minable|raclure|déchet)s?",
        r"ferme ta gueule|nique ta mère|fils de pute",
        r"(?:les|ces) (?:juifs|musulmans|arabes|noirs|immigrés|migrants|étrangers|homosexuels|gays"
        r"|roms|femmes) (?:sont|ne sont que)(?: tous)? (?:(?:de la|des|une?) )?"
        r"(?:vermine|parasites|rats|animaux|racaille|ordures|cafards|sous-hommes)",
        r"mort aux (?:juifs|arabes|musulmans|noirs|homosexuels|étrangers)",
    ),
    "es": (
        r"(?:te|os) (?:voy|vamos) a (?:matar|degollar|apuñalar|violar|descuartizar|partir la cara"
        r"|romper la cara)(?! de (?:risa|amor))|te mataré(?! de)",
        r"(?:voy a matar|mataré) a (?:tu|tus) (?:familia|hijos|madre|mujer)",
        r"(?:mátate|suicídate|ahórcate|muérete|vete a morir)(?! de )"
        r"|deberías (?:matarte|suicidarte|morirte|ahorcarte)",
        r"(?<!no )(?:eres|sois)(?: (?:un|una|unos|unas|tan|muy|puro|pura|un pedazo de)){0,2}"
        r"(?: (?!no)\w{1,20})? (?:idiotas?|imbéciles?|imbecil|estúpid[oa]s?|gilipollas"
        r"|cabr[oó]n(?:a|es)?|put[ao]|mierda|escoria|inútil|basura|pendej[oa]s?|subnormal)",
        r"(?:pedazo de|maldit[oa]) (?:mierda|idiota|imbécil|estúpid[oa]|cabrón|put[ao])"
        r"|hij[oa] de (?:la gran )?puta|vete a la mierda|que te (?:jodan|follen)"
        r"|cállate la (?:puta )?boca",
        r"(?:los|esos) (?:judíos|musulmanes|negros|inmigrantes|moros|gitanos|maricones|extranjeros"
        r"|homosexuales) son (?:un[oa]s |todos )?(?:escoria|parásitos|ratas|animales|basura"
        r"|alimañas|una plaga)",
        r"muerte a los (?:judíos|musulmanes|negros|inmigrantes|gitanos|homosexuales)",
    ),
    "it": (
        r"(?<!non )(?:ti|vi) (?:ammazzo|uccido|sgozzo|accoltello|ucciderò|ammazzerò"
        r"|spacco la faccia)(?! di (?:baci|risate))",
        r"(?:ucciderò|ammazzerò|ammazzo) (?:la tua|i tuoi|tua) (?:famiglia|figli|madre|moglie)",
        rf"{_FIRST}(?:ammazzati|impiccati|ucciditi|suicidati)(?=[.!]|$)|vai a morire(?! di)"
        r"|dovresti (?:ammazzarti|ucciderti|suicidarti|morire|impiccarti)"
        r"|crepa,? (?:stronz[oa]|bastard[oa]|maledett[oa])",
        r"(?<!non )(?:sei|siete)(?: (?:un|uno|una|davvero|proprio|solo|dei)){0,3}"
        r"(?: (?!non)\w{1,20})? (?:idiota|imbecille|coglione|stronz[oa]|cretin[oa]|deficiente"
        r"|merda|puttana|feccia|fallito|schifo)",
        r"(?:pezzo di|brutt[oa]) (?:merda|stronz[oa]|idiota|bastard[oa]|troia|cretin[oa])"
        r"|vaffanculo|figlio di puttana|vai a farti fottere|chiudi quella (?:fogna|bocca)",
        r"(?:gli|i|questi) (?:ebrei|musulmani|negri|immigrati|stranieri|zingari|omosessuali|arabi"
        r"|rom) sono (?:(?:tutti|dei|degli|solo) ){0,2}(?:feccia|parassiti|ratti|animali|bestie"
        r"|vermi|spazzatura)",
        r"morte (?:agli|ai) (?:ebrei|musulmani|negri|immigrati|omosessuali|stranieri)",
    ),
    "pt": (
        r"(?:vou|vamos) te (?:matar|esfaquear|degolar|estuprar|esfolar|espancar|arrebentar)"
        r"(?! de (?:rir|riso))|(?:vou|vamos) (?:matar|acabar com) (?:você|(?:a )?(?:tua|sua)"
        r" família|(?:os )?(?:teus|seus) filhos)(?! de (?:rir|riso))",
        rf"{_FIRST}(?:se mata|mata-te|se mate|se enforca|vai se matar)(?=[.!]|$)"
        r"|(?:você|tu) (?:devia|deveria|devias) (?:se matar|matar-te|morrer|se enforcar)",
        r"(?<!não )(?:você é|tu és|vocês são)(?: (?:um|uma|uns|tão|mesmo|só)){0,3}"
        r"(?: (?!não)\w{1,20})? (?:idiota|imbecil|burr[oa]|otári[oa]|lixo|merda|puta|vagabunda"
        r"|escória|inútil|babaca|retardad[oa]|desgraçad[oa])s?",
        r"(?:seu|sua) (?:idiota|imbecil|otári[oa]|merda|puta|vagabunda|babaca|desgraçad[oa])"
        r"|vai se foder|vai tomar no cu|filh[oa] da puta",
        r"(?:os|esses) (?:judeus|muçulmanos|negros|imigrantes|ciganos|estrangeiros|gays"
        r"|homossexuais) são (?:todos |uns )?(?:escória|parasitas|ratos|animais|lixo|vermes"
        r"|uma praga)",
        r"morte aos (?:judeus|muçulmanos|negros|imigrantes|gays|homossexuais)",
    ),
    "nl": (
        r"ik (?:ga|zal|kom) (?:je|jou|jullie) (?:(?!niet)\w{1,20} ){0,2}(?:vermoorden|doden|afmaken"
        r"|neersteken|doodschieten|verkrachten|wurgen|in elkaar slaan)|ik (?:vermoord je|steek je"
        r" neer)",
        r"ik (?:ga|zal) je (?:gezin|kinderen|familie|moeder|vrouw) (?:vermoorden|doden|afmaken)",
        rf"{_FIRST}(?:maak jezelf van kant|pleeg zelfmoord|ga dood)(?=[.!]|$)|hang jezelf op"
        r"|je (?:moet|zou) (?:jezelf (?:ophangen|doden)|dood ?gaan)",
        r"(?:je bent|jij bent|jullie zijn|vuile|jij)(?: (?:een|zo'n|echt|gewoon|maar)){0,3}"
        r"(?: (?!geen|niet)\w{1,20})? (?:idioot|sukkel|klootzak|kutwijf|hoer|mongool|debiel"
        r"|uitschot|mislukkeling|teringlijer|kankerlijer)",
        r"krijg (?:de )?(?:kanker|tering)|hou je bek",
        r"(?:joden|moslims|buitenlanders|vluchtelingen|zwarten|homo['\u2019]?s|marokkanen|turken)"
        r" zijn (?:(?!geen|niet)\w{1,20} ){0,2}(?:ongedierte|uitschot|parasieten|ratten|beesten"
        r"|tuig)",
        r"dood aan (?:(?:de|alle) ){0,2}(?:joden|moslims|buitenlanders|homo['\u2019]?s)",
    ),
    "pl": (
        r"(?<!nie )(?:zabiję|zamorduję|zajebię|zgwałcę|potnę|uduszę|zastrzelę) (?:cię|was|ciebie"
        r"|twoj[ąęe] (?:rodzinę|dzieci|matkę|żonę))(?! w (?:szachy|grze))",
        rf"{_FIRST}(?:zabij się|powieś się|zdechnij)|idź się (?:zabij|powieś)"
        r"|powin(?:ieneś|naś) (?:się (?:zabić|powiesić)|zdechnąć|umrzeć)",
        r"(?<!nie )(?:jesteś|ty)(?: (?:po prostu|zwykłym|zwykłą|taki|taka)){0,2}"
        r"(?: (?!nie)\w{1,20})? (?:idiot(?:ą|ką|o)|debil(?:em|u)|kretyn(?:em|ie)|kurw(?:ą|o)"
        r"|szmat(?:ą|o)|śmieciem|śmieciu|chuj(?:em|u)|skurwysyn(?:em|u)|dziwk(?:ą|o))",
        r"spierdalaj|wypierdalaj|pierdol się|zamknij (?:mordę|ryj)",
        r"(?:żydzi|muzułmanie|imigranci|ukraińcy|czarni|geje|uchodźcy|cyganie) to"
        r" (?:(?!nie)\w{1,20} ){0,2}(?:robactwo|szczury|pasożyty|śmieci|podludzie|zwierzęta|bydło)",
        r"śmierć (?:żydom|muzułmanom|imigrantom|gejom|ukraińcom)",
    ),
    "sv": (
        r"jag (?:ska|kommer att|tänker) (?:döda|mörda|våldta|slå ihjäl|knivhugga|skjuta|strypa)"
        r" (?:dig|er|din (?:familj|mamma|fru)|dina barn)|jag (?:dödar|mördar) dig",
        rf"{_FIRST}(?:ta livet av dig|häng dig|gå och dö|döda dig själv)"
        r"|du (?:borde|ska) (?:ta livet av dig|dö(?=[.!,]|$)|hänga dig)",
        r"(?:du är|ni är|din|ditt)(?: (?:en|ett|bara|så|ju)){0,3}(?: (?!inte|ingen)\w{1,20})?"
        r" (?:idiot|jävel|hora|fitta|kräk|svin|äckel|avskum|dumskalle|mongo)",
        r"håll käften|dra åt helvete|fan ta dig",
        r"(?:judar|muslimer|invandrare|flyktingar|svarta|bögar|romer) är (?:(?!inte)\w{1,20} ){0,2}"
        r"(?:ohyra|avskum|parasiter|råttor|djur)",
        r"död åt (?:alla )?(?:judar|muslimer|invandrare|bögar)",
    ),
    "tr": (
        r"(?:seni|sizi|aileni|çocuklar\u0131n\u0131) (?:\w{1,20} ){0,2}"
        r"(?:öldüreceğim|öldürürüm|geberteceğim|gebertirim|keseceğim|b\u0131çaklayacağ\u0131m|boğacağ\u0131m|doğrayacağ\u0131m)",
        r"kendini (?:öldür|as)(?:mal\u0131s\u0131n)?|git (?:geber|öl)|geber(?=[.!,]|$)"
        r"|intihar et(?:sene|melisin)",
        r"(?:sen (?:\w{1,20} ){0,3}|seni )(?:aptal|salak|geri ?zekal\u0131|orospu"
        r"|şerefsiz|pislik|piç)(?:s\u0131n)?(?! değil)"
        r"|orospu çocuğu|siktir git|anan\u0131 sik\w{1,10}|kapa çeneni",
        r"(?:yahudiler|müslümanlar|hristiyanlar|göçmenler|mülteciler|suriyeliler|kürtler"
        r"|ermeniler|eşcinseller) (?:\w{1,20} ){0,2}(?:haşarat|parazit|böcek|fare|hayvan|pislik)"
        r"(?:t[\u0131i]r|d[\u0131i]r)?(?:ler|lar)?(?! değil)",
        r"(?:yahudilere|müslümanlara|göçmenlere|kürtlere|ermenilere|eşcinsellere) ölüm",
    ),
    "ru": (
        r"(?:я )?(?:тебя|вас|твою семью|твоих детей) (?:(?!не )\w{1,20} ){0,2}(?:убью|зарежу"
        r"|прикончу|пристрелю|задушу|изнасилую|порву на куски|закопаю)",
        r"я (?:убью|зарежу|прикончу|пристрелю|задушу|изнасилую) (?:тебя|вас|твою семью"
        r"|твоих детей)",
        r"убей себя|убейся|повесься|сдохни|(?:тебе (?:надо|нужно)|ты должен|ты должна) (?:умереть"
        r"|сдохнуть|повеситься|убить себя)",
        r"(?:ты|вы)(?: (?:просто|такой|такая|же|все|полный|полная|настоящий|тупой|тупая|жалкий"
        r"|жалкая)){0,3} ?[-\u2014]? ?(?:идиот(?:ка|ы)?|дебил(?:ы|ка)?|придурок|уроды?|ублюдок"
        r"|мразь|тварь|сука|шлюха|ничтожество|кретин|дура|дурак|мудак|чмо|скотина)",
        r"(?:пош[её]л ты|иди) на ?хуй|заткни пасть|ёб твою мать",
        r"(?:евреи|мусульмане|мигранты|хохлы|геи|цыгане|чёрные|негры|беженцы)(?: [-\u2014])?"
        r" (?:это )?(?:(?!не )\w{1,20} )?(?:паразиты|крысы|животные|мразь|недочеловеки|мусор"
        r"|отбросы)",
        r"смерть (?:евреям|мусульманам|мигрантам|геям|хохлам|неграм)",
    ),
    "uk": (
        r"(?:я )?(?:тебе|вас|твою сім['\u2019]ю|твоїх дітей) (?:(?!не )\w{1,20} ){0,2}"
        r"(?:вб['\u2019]ю|заріжу|пристрелю|задушу|зґвалтую|закопаю)",
        r"я (?:вб['\u2019]ю|заріжу|пристрелю|задушу) (?:тебе|вас|твою сім['\u2019]ю"
        r"|твоїх дітей)",
        r"(?:вбий|убий) \u0441\u0435\u0431\u0435"
        r"|повісься|здохни|(?:тобі треба|ти (?:маєш|повинен|повинна))"
        r" (?:померти|здохнути|повіситися|вбити \u0441\u0435\u0431\u0435)",
        r"(?:ти|ви)(?: (?:просто|такий|така|ж|всі|повний|повна|справжній|тупий|тупа|жалюгідний"
        r")){0,3} ?[-\u2014]? ?(?:ідіот(?:ка|и)?|дебіли?|виродок|тварюка|сука|шльондра|нікчема"
        r"|покидьок|кретин|дурень|мудак|потвора|сволота)",
        r"(?:пішов ти|іди) на ?хуй|заткни пельку",
        r"(?:євреї|мусульмани|мігранти|біженці|геї|цигани|чорні)(?: [-\u2014])? (?:це )?"
        r"(?:(?!не )\w{1,20} )?(?:паразити|щури|тварини|недолюди|сміття|покидьки)",
        r"смерть (?:євреям|мусульманам|мігрантам|геям|циганам)",
    ),
    "ar": (
        r"(?:سوف|سأ|س) ?(?:أ?قتلك|أ?ذبحك|أ?طعنك|أ?غتصبك)"
        r"|(?:سأقتل|سوف أقتل|سأذبح) (?:عائلتك|أطفالك|أمك|أولادك)",
        r"اقتل نفسك|اشنق نفسك|اذهب ومت|يجب أن تموت|عليك أن (?:تموت|تنتحر|تقتل نفسك)",
        r"(?:أنت|انت|يا) (?:مجرد )?(?:غبي|أحمق|احمق|حمار|كلب|حقير|تافه|عاهرة|قذر|حثالة"
        r"|ابن (?:الكلب|العاهرة|الشرموطة)|شرموطة)",
        r"(?:اليهود|المسلمون|المسيحيون|المهاجرون|اللاجئون|السود|المثليون) (?:\w{1,12} ){0,2}"
        r"(?:حشرات|جرذان|حيوانات|طفيليات|حثالة|خنازير)",
        r"الموت (?:لليهود|للمسلمين|للمسيحيين|للمهاجرين|للمثليين|للسود)",
    ),
}
"""Where words stand apart from each other."""

UNSPACED: dict[str, tuple[str, ...]] = {
    "zh": (
        r"我(?:们|們)?(?:要|会|會|一定)\w{0,4}?(?:杀了|殺了|弄死|砍死|捅死|打死|掐死|杀死|殺死|强奸|強姦)"
        r"(?:你|妳)",
        r"去死吧|你(?:怎么不|怎麼不|快|就|给我|給我|应该|應該|该|該)?(?:去死|去自杀|去自殺|去上吊)"
        r"|你(?:应该|應該|该|該)(?:自杀|自殺)",
        r"你(?:们|們)?(?:就|真的?|简直|簡直)?是?(?:一?[个個])?大?(?:白痴|傻[逼屄]|弱智|废物|廢物|贱人|賤人"
        r"|婊子|人渣|混蛋|王八蛋|蠢货|蠢貨|狗东西)|[操肏]你[妈媽]",
        r"(?:犹太人|猶太人|穆斯林|黑人|移民|难民|難民|同性恋|同性戀|外国人|外國人)都?是(?:一群)?"
        r"(?:害虫|害蟲|寄生虫|寄生蟲|老鼠|畜生|垃圾|人渣)",
        r"(?:杀光|殺光|灭绝|滅絕)(?:所有)?的?(?:犹太人|猶太人|穆斯林|黑人|移民|同性恋|同性戀)",
    ),
    "ja": (
        r"(?:お前|おまえ|あんた|貴様|きさま|てめ[えぇ])(?:ら|の家族|の子供)?を(?:絶対に?|必ず|今すぐ)?"
        r"(?:ぶっ?殺|刺す|殺す|殺してやる|刺してやる)|ぶっ殺すぞ|ぶっ殺してやる",
        r"自殺しろ|首を?吊れ|死ねよ|死んでしまえ|早く死ね|消えて死ね|(?:お前|あんた)は死ぬべき"
        r"|(?:お前|おまえ|あんた|貴様)(?:は|、)?死ね",
        r"(?:お前|おまえ|あんた|貴様|てめ[えぇ])ら?(?:は|って)?(?:本当に|ただの|ほんとに)?"
        r"(?:馬鹿だ|バカだ|クズ|くず|ゴミだ|カスだ|アホだ|役立たず|能無し|クソ野郎)|この(?:クズ|クソ)野郎",
        r"(?:ユダヤ人|イスラム教徒|黒人|移民|難民|外国人|同性愛者|朝鮮人|中国人)は(?:みんな|全員)?"
        r"(?:害虫|寄生虫|ゴキブリ|ゴミ|クズ|ネズミ)(?!で?はな)",
        r"(?:ユダヤ人|黒人|移民|難民|外国人|朝鮮人|中国人)を(?:皆殺しに|全員)?(?:しろ|殺せ)",
    ),
    "ko": (
        r"(?:너를|널|네 ?(?:가족|아이들)을) ?(?:꼭 |반드시 |진짜 )?(?:죽여 ?버릴"
        r"|죽여 ?버리겠|죽일 ?(?:거|것|테)|죽이겠|칼로 찌를)",
        r"나가 ?뒤져|자살 ?(?:해라|해 ?버려)|가서 죽어[라버. !]|나가 ?죽어|(?:너는|넌) 죽어야",
        r"(?:너는|넌|너|니가|당신은) ?(?:정말 |진짜 |그냥 )?(?:병신|쓰레기|멍청이"
        r"|머저리|개새끼|씨발년|미친년|찌질이|등신)(?!이? ?아니)"
        r"|이 ?(?:병신|개새끼|인간쓰레기)|씨발 ?(?:놈|년|새끼)",
        r"(?:유대인|무슬림|흑인|이민자|난민|외국인|동성애자|중국인|조선족)들?[은는] ?"
        r"(?:다 |모두 |전부 )?(?:벌레|기생충|바퀴벌레|쥐새끼|짐승|쓰레기)(?!가? ?아니)",
        r"(?:유대인|무슬림|흑인|이민자|난민|외국인|동성애자)들?[을를]? ?"
        r"(?:다 |모두 |전부 )?(?:죽여라|죽여야)",
    ),
    "hi": (
        r"(?:तुझे|तुम्हें|आपको|तेरे परिवार को|तुम्हारे परिवार को) (?:जान से )?(?:मार डाल|मार द|काट डाल)"
        r"(?:ूँगा|ूंगा|ूँगी|ूंगी)",
        r"जाकर मर जा|मर जाओ|मर जा[।!]|आत्महत्या कर ल(?:ो|े)[।!]|फाँसी लगा लो|खुद को मार (?:लो|डालो)"
        r"|तुम्हें मर जाना चाहिए",
        r"(?:तू|तुम|आप) (?:एक |बिल्कुल |पूरे ){0,2}(?:बेवकूफ|गधे|गधा|कमीने|कमीना|हरामी|कुत्ते|कुत्ता"
        r"|निकम्मे|घटिया इंसान|मूर्ख) (?:हो|है|हैं)|मादरचोद|भोसड़ी ?के|बहनचोद|हराम[ज़ज]ादे",
        r"(?:यहूदी|मुसलमान|हिंदू|ईसाई|दलित|शरणार्थी|प्रवासी|विदेशी) (?:सब |सभी )?(?:कीड़े|परजीवी"
        r"|जानवर|चूहे|कचरा|गंदगी) (?:हैं|होते हैं)",
    ),
}
"""Where words run into each other, or letters carry marks: no border of a word is looked for."""

TELLING = (
    r"sagte|schrieb|rief|dit|écrit|crié|dijo|escribió|gritó|disse|scrisse|gridò|escreveu|gritou|zei"
    r"|schreef|riep|powiedziała?|napisała?|krzyknął|sade|skrev|skrek|dedi|yazd\u0131|bağ\u0131rd\u0131"
    r"|сказала?|написала?|крикнула?|сказав|написав|крикнув|قال|كتب|कहा|लिखा"
)
"""Verbs that stand before words of somebody else."""

TELLING_THAT = r"dass|que|che|dat|że|att|что|що"
"""What joins such words to their verb."""
