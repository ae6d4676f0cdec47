"""Words that tell a label, pointer or notice from text, as data.

The Norwegian, Danish and Swedish ones are as observed on news sites of these languages, the rest
of `LABELS`, `POINTERS` and `LISTS` on English, German, French, Spanish, Italian and Dutch ones.
Of the languages of the North, each table says what was seen where; what is marked as worded is
the plain wording of the same label in that language, and was not seen on a page. All are lower
case; what is compared with them is folded by `nordcrawl.extract.page.text.label_key`. Does not know
what is done with a match.
"""

from __future__ import annotations

import re

#: "Read also", "read more", "see also": a label alone, a pointer before a headline, and the
#: heading of a list of other articles.
_READ_ALSO: dict[str, tuple[str, ...]] = {
    # High North News, NRK and others; "les meir", "sjå også" of Nynorsk pages.
    "nb": ("les også", "les mer", "les flere", "se også", "hør også"),
    "nn": ("les òg", "les meir", "les fleire", "sjå også", "sjå òg", "høyr også"),
    # Sermitsiaq, DR; "les eisini" as worded in Faroese.
    "da": ("læs også", "læs mere", "se også", "hør også"),
    "fo": ("les eisini", "les meira", "sí eisini"),
    "sv": ("läs också", "läs även", "läs mer", "se också", "se även", "lyssna också"),
    # "Lue myös" on pages of Finnish papers; the others as worded.
    "fi": ("lue myös", "lue lisää", "katso myös", "kuuntele myös"),
    # As worded: "lesið einnig" and "lestu líka" are read also, "sjá einnig" see also.
    "is": (
        "lesið einnig", "lesa einnig", "lestu einnig", "lestu líka", "lesið líka", "lesa meira",
        "lestu meira", "sjá einnig", "sjá líka", "sjáðu einnig",
    ),
    # As worded in Northern Sámi: read also, read more, see also.
    "se": ("loga maid", "loga maiddái", "loga eanet", "loga eambbo", "geahča maid"),
    # As worded in Greenlandic: read also, in both orders; the plural as in Sermitsiaq's profile.
    "kl": ("aamma atuaruk", "atuaruk aamma", "atuakkit aamma", "aamma atuakkit", "atuaruk"),
    # "Читайте также" on a stored Russian page; the others as worded.
    "ru": (
        "читайте также", "читайте ещё", "читайте еще", "читать далее", "читать ещё",
        "смотрите также", "материалы по теме",
    ),
}  # fmt: skip

#: Other labels of those languages: keywords, published, updated, advertisement, share, most read.
_NORTHERN_LABELS: dict[str, tuple[str, ...]] = {
    # Labrador's label lines. Source: its default templates, Norwegian and English.
    "nb": ("publisert sist oppdatert", "published modified", "published last updated"),
    "nn": ("emneord", "stikkord", "mest lese", "del artikkelen", "saka held fram under annonsen"),
    "fo": ("lýsing", "leitorð"),
    "fi": (
        "mainos", "avainsanat", "asiasanat", "aiheet", "julkaistu", "päivitetty", "jaa",
        "jaa artikkeli", "luetuimmat", "artikkeli jatkuu mainoksen jälkeen",
        "juttu jatkuu mainoksen jälkeen", "juttu jatkuu kuvan alla",
    ),
    "is": (
        "auglýsing", "efnisorð", "birt", "uppfært", "deila", "mest lesið", "tengdar fréttir",
        "tengt efni",
    ),
    "se": ("čoavddasánit", "fáttát", "almmuhuvvon", "ođastuvvon", "maŋimus ođastuvvon", "juoge"),
    "kl": ("ussassaarut", "saqqummiunneqarpoq", "nutarterneqarpoq", "siammaruk"),
    "ru": (
        "реклама", "ключевые слова", "теги", "опубликовано", "обновлено", "поделиться",
        "самое читаемое", "по теме",
    ),
}  # fmt: skip


def _of_all(table: dict[str, tuple[str, ...]]) -> frozenset[str]:
    return frozenset(phrase for phrases in table.values() for phrase in phrases)


#: Whole lines that are labels of a box or of the page's furniture.
LABELS = frozenset(
    (
        # Norwegian
        "les også", "les mer", "les mer om", "les flere", "nøkkelord", "emneord", "stikkord",
        "annonse", "annonser", "publisert sist oppdatert", "publisert", "sist oppdatert",
        "oppdatert", "del", "del artikkelen", "del på facebook", "skriv ut", "relaterte saker",
        "relaterte artikler", "mest lest", "flere saker", "artikkelen fortsetter under annonsen",
        "saken fortsetter under annonsen", "artikkelen fortsetter under bildet",
        "saken oppdateres", "temaer", "vis mer", "kommenter", "annonsørinnhold", "lukk",
        "artikkelen fortsetter etter annonsen", "saken fortsetter etter annonsen",
        # Danish
        "læs også", "læs mere", "annonce", "nøgleord", "emneord",
        "artiklen fortsætter efter annoncen",
        "artiklen fortsætter under annoncen", "mest læste", "relaterede artikler", "del artiklen",
        "offentliggjort", "vis mere",
        # Swedish
        "läs också", "läs även", "läs mer", "annons", "nyckelord", "ämnen", "dela", "dela artikeln",
        "artikeln fortsätter under annonsen", "mest läst", "relaterade artiklar", "publicerad",
        "uppdaterad", "visa mer",
        # English
        "also read", "read also", "read more", "see also", "tags", "keywords", "advertisement",
        "advertising", "ad", "related", "related articles", "related stories", "related topics",
        "related content", "most read", "share", "share this", "share this article", "topics",
        "published", "last updated", "modified", "updated", "recommended", "more on this story",
        "story continues below advertisement", "article continues below advertisement",
        "continue reading", "sponsored", "promoted", "sign up", "read next", "up next",
        "article continues after ad", "skip advertisement", "read the full story", "more from",
        "loading", "print", "comments", "show more", "click to expand", "follow us",
        # German, French, Spanish, Italian, Dutch
        "lesen sie auch", "mehr zum thema", "anzeige", "schlagwörter", "weiterlesen",
        "lire aussi", "à lire aussi", "publicité", "mots-clés", "sur le même sujet",
        "lea también", "lee también", "te puede interesar", "publicidad", "etiquetas",
        "leggi anche", "pubblicità", "lees ook", "advertentie", "lees meer",
        *_of_all(_READ_ALSO), *_of_all(_NORTHERN_LABELS),
    )
)  # fmt: skip

#: Begin of a line that points to another page; it is one when it is short or linked.
POINTERS = re.compile(
    rf"^[\W_]*(?:{'|'.join(sorted(_of_all(_READ_ALSO), key=len, reverse=True))}|"
    r"les også|les mer|les flere saker|les saken|les hele saken|se også|se video|"
    r"hør også|følg saken|"
    r"læs også|læs mere|læs hele|se også|läs också|läs även|läs mer|se också|lyssna på|"
    r"also read|read also|read more|read next|read:|see also|related:|related article|also on|"
    r"more:|more on|more from|watch:|watch more|listen:|don't miss|don’t miss|click here|"
    r"you may also|you might also|recommended:|continue reading|see more|"
    r"das (?:thema )?könnte (?:dich|sie) (?:auch )?interessieren|"
    r"lesen sie auch|lesen sie hier|lesen sie mehr|mehr zum thema|mehr dazu|auch interessant|"
    r"lire aussi|à lire aussi|lire également|à lire également|voir aussi|"
    r"lea también|lea además|lee también|te puede interesar|ver también|le puede interesar|"
    r"leggi anche|vedi anche|lees ook|leia também|leia mais|veja também"
    r")(?!\w)",
    re.IGNORECASE,
)

#: The languages that a line about another edition names, in each of the languages it is in.
LANGUAGE_NAMES = {
    "norsk": "nb", "bokmål": "nb", "norwegian": "nb", "nynorsk": "nn", "engelsk": "en",
    "english": "en", "engelska": "en", "samisk": "se", "sámi": "se", "sami": "se",
    "nordsamisk": "se", "northern sámi": "se", "northern sami": "se",
    "russisk": "ru", "russian": "ru", "dansk": "da", "danish": "da", "svensk": "sv",
    "swedish": "sv", "svenska": "sv", "grønlandsk": "kl", "greenlandic": "kl", "finnish": "fi",
    "finsk": "fi", "finska": "fi", "norska": "nb", "samiska": "se", "islandsk": "is",
    "icelandic": "is",
    # The forms that mean "in this language".
    "suomeksi": "fi", "englanniksi": "en", "norjaksi": "nb", "ruotsiksi": "sv", "saameksi": "se",
    "á íslensku": "is", "á ensku": "en", "á norsku": "nb",
    "sámegillii": "se", "dárogillii": "nb", "eŋgelasgillii": "en", "suomagillii": "fi",
    "kalaallisut": "kl", "qallunaatut": "da", "tuluttut": "en",
    "по-русски": "ru", "на русском": "ru", "по-английски": "en", "на английском": "en",
    "по-норвежски": "nb", "на норвежском": "nb",
}  # fmt: skip
_FINNISH = "suomeksi|englanniksi|norjaksi|ruotsiksi|saameksi"
_GREENLANDIC = "kalaallisut|qallunaatut|tuluttut"
_ENGLISH = (
    "english|norwegian|russian|danish|swedish|northern s[áa]mi|s[áa]mi|finnish|greenlandic|"
    "icelandic"
)
_NORWEGIAN = (
    "norsk|engelsk|samisk|nordsamisk|bokmål|nynorsk|russisk|dansk|svensk|finsk|grønlandsk|islandsk"
)

#: A short line about the edition in another language. The Norwegian and English ones are as seen
#: on High North News, the Finnish, Icelandic, Sámi, Greenlandic and Russian ones as worded.
CROSS_LANGUAGE = re.compile(
    r"^[\W_]*(?:"
    rf"les (?:\w+ ){{0,3}}på (?P<no>{_NORWEGIAN})|"
    rf"(?:klikk|trykk) her for (?:å lese (?:\w+ )?på )?(?P<no3>{_NORWEGIAN})"
    r"(?: versjon| utgave)?|"
    rf"(?:this article is )?(?:also )?(?:read|available) (?:this |the )?(?:original )?"
    rf"(?:article |story |newsletter |commentary )?in (?P<en>{_ENGLISH})|"
    rf"read the (?P<en2>{_ENGLISH}) (?:\w+ )?(?:here|version\w*)|"
    rf"click here (?:to read (?:\w+ )?in |for (?:the )?)(?P<en3>{_ENGLISH})(?: version)?|"
    rf"for (?:the )?(?P<en4>{_ENGLISH}) version\b.{{0,30}}|"
    r"læs (?:\w+ )?på (?P<da>dansk|engelsk|grønlandsk)|"
    r"läs (?:\w+ )?på (?P<sv>svenska|engelska|norska|finska|samiska)|"
    rf"lue (?:\w+ )?(?P<fi>{_FINNISH})|"
    r"les(?:a|ið|tu) (?:\w+ )?(?P<isl>á íslensku|á ensku|á norsku)|"
    r"loga (?:\w+ )?(?P<se>sámegillii|dárogillii|eŋgelasgillii|suomagillii)|"
    rf"(?:atuaruk|atuarit|atuakkit) (?P<kl>{_GREENLANDIC})|"
    rf"(?P<kl2>{_GREENLANDIC}) (?:atuaruk|atuarit|atuakkit)|"
    r"(?:читать|читайте|прочитать)(?: \w+)? (?P<ru>(?:по-|на )(?:русск|английск|норвежск)\w+)"
    r")(?: here| her| täältä| hér| dás| здесь)?[\W_]*$",
    re.IGNORECASE,
)

#: Notices that are no part of an article, wherever they stand.
NOTICES = re.compile(
    r"^[\W_]*(?:"
    r"sign up (?:to|for)|subscribe to|subscribe now|get (?:the latest|our|"
    r"more).{0,40}(?:newsletter|inbox)|"
    r"follow (?:us|\w+ on) |like us on|download (?:the|our) app|join (?:our|"
    r"the) (?:conversation|commenting|newsletter)|"
    r"(?:this article|this post|we) (?:may )?(?:contains?|includes?|"
    r"earns?).{0,40}(?:affiliate|commission)|"
    r"if you (?:buy|purchase|click).{0,60}commission|"
    r"have a (?:news )?tip\?|got a (?:news )?tip|do you have (?:a )?(?:tip|information|more)|"
    r"enter your email|we'll send you|thank you for signing up|"
    r"(?:meld deg på|få|motta) .{0,60}(?:nyhetsbrev|e-posten)|abonner på|abonnér på|følg oss på|"
    r"nå kan du få ukens hovedsaker|har du tips|tips oss|har du et tips|tilmeld dig|"
    r"prenumerera på|följ oss|anmeld dich|abonnieren sie|inscrivez-vous|abonnez-vous|suscríbete|"
    r"suscríbase|iscriviti|seguici|síguenos|"
    r"an error has occurred|this (?:article|story|copy) (?:has been sent|is for your personal)|"
    r"join thought-provoking|want to bookmark your fav|we independently select|"
    r"already a subscriber|"
    r"il vous reste [\d.,]+ ?%|lisez plus|fehler gefunden|"
    r"denne artikkelen er (?:kun )?for abonnenter|"
    # what readers are asked for
    r"we want to hear from you|we(?:'|’)d like to hear|do you have a story|got a story|"
    r"have your say|let us know what you|tell us what you|share your (?:thoughts|views|story)|"
    r"(?:like|enjoyed?|liked) this (?:story|article|post)\?|was this (?:article|page) helpful|"
    r"get .{0,80}(?:delivered|straight to your|in your inbox)|get in touch (?:with us|at)|"
    r"click here (?:for more|to (?:sign|subscribe|join))|"
    r"hat ihnen (?:dieser|der) (?:artikel|beitrag)|wie hat ihnen|(?:bitte )?unterstützen sie uns|"
    r"informieren sie sich durch|folg(?:st du|en sie) .{0,40}(?:schon|uns|kanal)|"
    r"abonnier(?:e|en)\b.{0,80}(?:newsletter|kanal|podcast)|gefällt ihnen|"
    r"tilaa (?:uutiskirje|lehti|uutiskirjeemme)|seuraa meitä|skráðu þig|fylgdu okkur|fylgstu með|"
    r"подписывайтесь|подпишитесь|следите за|diŋgo (?:ođasreivve|min)|"
    r"vad tycker du\?|hva mener du\?|hvad mener du\?|støtt oss|stötta oss|"
    r"we recommend the best products|(?:this|the) (?:post|article) contains references to|"
    r"help us (?:to )?(?:continue|keep)|we want to hear what|submit a letter to|"
    r"die aktuelle ausgabe|mit diesem button|schon gelesen\?|har du lest\W*$|"
    # consent asked for what is embedded
    r"klicken sie auf den .{0,20}button|klicke auf den .{0,20}button|"
    r"an dieser stelle finden sie|ich bin damit einverstanden|ich bin einverstanden, dass|"
    r"empfohlener (?:redaktioneller|externer) inhalt|externer inhalt\W*$|"
    r"(?:pour afficher|pour voir) ce contenu|ce contenu (?:est|a été) bloqué|"
    r"para (?:ver|mostrar) este contenido|om deze inhoud te (?:tonen|bekijken)|"
    r"(?:for å|du må) .{0,40}(?:informasjonskapsler|samtykke)|"
    r"(?:this|the) content is (?:hosted|provided) by|we need your (?:consent|permission)|"
    r"thank you for visiting|you are using (?:a|an) .{0,30}browser|your browser (?:does|is)|"
    # where the same is to be heard or seen
    r"über dieses thema berichtet|dieses thema im programm|sendung: |hören sie|"
    r"listen to .{0,60}(?:live|weekdays|podcast)|watch .{0,60} live on|"
    r"follow (?:along|live|our live|the latest)|today(?:'|’)s news: follow"
    r")",
    re.IGNORECASE,
)

#: Lines that close a page: about the author, the paper, the rights.
TAIL = re.compile(
    r"^[\W_]*(?:"
    r"(?:copyright|©|\(c\) ?20)|all rights reserved|"
    r"this (?:article|story|post|content) (?:was|has been|is|first|"
    r"originally) (?:first |originally |re)?(?:published|appeared|posted|written|"
    r"produced)|"
    r"(?:editing|reporting|additional reporting|writing|edited|reported) by |"
    r"(?:read|see|view|more) (?:all |more )?(?:stories|articles|posts|news|from)|"
    r"[^.]{0,80}\bcontributed (?:to this|reporting)\b|(?:mit |via )?(?:dpa|afp|apa|"
    r"sda|reuters|ntb|tt|ritzau|epd|kna)\W*$|"
    r"thank you$|this is a breaking|"
    r"(?:contact|email|e-mail|reach|write to|follow) .{0,60}(?:@|\bat\b|twitter|facebook)|"
    r"(?:kontakt|skriv til) .{0,40}@|for more (?:news|information|stories)|tags?:|filed under|"
    r"topics:|keywords:|posted in|support (?:our|independent)|become a (?:member|subscriber)|"
    r"donate|(?:first|originally) published (?:in|by|on|at)|"
    r"with (?:additional )?(?:reporting|files) (?:by|from)|with \w+ wires|"
    r"quellen?(?:angaben?)?:|kilder?:|källor?:|sources?:\W*$|crédits? photos?|credits?:|"
    # a credit that stands alone below the text
    r"(?:photos?|fotos?|фото|kuva(?:t|aja)?|(?:ljós)?mynd(?:ir)?|govva|govat|assi)\s*[:：].{2,60}$|"
    r"(?:weitere|mehr|zusatz)\s?informationen\W*$|kontakt\W*$|ansprechpartner|"
    r"alle angaben ohne|more information\W*$|mer informasjon\W*$|mer information\W*$|"
    r"mit (?:informationen|material) (?:von|der|des)|(?:aus dem \w+|übersetzung:?) von|"
    r"dieser (?:artikel|text|beitrag) (?:ist|erschien|wurde|stammt)|"
    r"(?:denne|denna) (?:saken|artikkelen|teksten|artikeln|texten|artikel) (?:ble|er|blev|var|är|"
    r"publicerades) (?:først|opprinnelig|først|oprindeligt|först|ursprungligen)"
    r")",
    re.IGNORECASE,
)

#: Labels of boxes that list other articles; what follows such a heading belongs to the box.
LISTS = frozenset(
    (
        "popular", "most popular", "most read", "related", "related articles", "related stories",
        "related content", "more stories", "latest", "latest news", "recommended", "read next",
        "up next", "trending", "you may also like", "you might also like", "more from",
        "recommended videos", "les også", "flere saker", "mest lest", "relaterte saker",
        "siste nytt", "siste saker", "læs også", "mest læste", "läs också", "läs mer", "mest läst",
        "senaste nytt", "mehr zum thema", "lesen sie auch", "auch interessant", "meistgelesen",
        "lire aussi", "à lire aussi", "les plus lus", "lea también", "lo más leído",
        "leggi anche", "lees ook", "most read in world news", "mehr themen",
        *_of_all(_READ_ALSO), "tengdar fréttir", "mest lesið", "luetuimmat", "mest lese",
    )
)  # fmt: skip

#: Words that make a short linked line an offer of letters by mail.
NEWSLETTER = re.compile(
    r"newsletter|nyhetsbrev|nyhedsbrev|infolettre|boletín|news-app", re.IGNORECASE
)

#: Labels before a credit.
CREDIT_LABEL = re.compile(
    r"^[\s(\[|/–—-]*(?:(?:foto(?:graf(?:i|o|er)?)?|photo(?:graph(?:er|e|y)?)?(?: credit)?|"
    r"bilde|bild|image(?: credit)?|picture|illustrasjon|illustration|ill|grafikk|grafik|graphic|"
    r"video|kuva(?:t|aja)?|mynd(?:ir)?|ljósmynd(?:ir|ari)?|govva|govat|govvejeaddji|assi|"
    r"assiliisoq|фото|иллюстрация|kilde|source|källa|quelle|fuente|fonte|bron|skjermdump|screenshot|skjermbilde|crédito|"
    r"crédit|credits?|montasje|arkivfoto|pressefoto|arkiv)"
    r"\s*(?:/\s*\w+\s*)?(?:[:：]|\bby\b|\bav\b)\s*|©\s*)",
    re.IGNORECASE,
)
#: A credit in brackets, or after its label at the end of a caption.
CREDIT_IN_CAPTION = re.compile(
    r"[\s(\[]*\b((?:foto(?:graf)?|arkivfoto|pressefoto|photo(?: credit| by)?|"
    r"photograph|image(?: credit)?|picture|bilde|bild|"
    r"illustrasjon|illustration|ill|grafikk|grafik|graphic|kilde|source|källa|credit|"
    r"kuva|kuvaaja|mynd|ljósmynd|govva|govvejeaddji|assi|assiliisoq|фото|"
    r"skjermdump|screenshot)"
    r"\s*(?:/\s*\w+\s*)?[:：]\s*([^()\[\]]{2,120}(?:\([^()]{1,60}\)[^()\[\]]{0,40})?))[)\]]?[\s.]*$",
    re.IGNORECASE,
)

#: Lines in a figure that work it and tell nothing of it.
NO_CAPTION = re.compile(
    r"^\W*(?:view \d+ images?|\d+ images?|\d+ bilder|detailansicht öffnen|öppna bild i helskärm|"
    r"\d+ ?[/|] ?\d+|\d\d?:\d\d(?: min\.?)?|vis bildetekst|åpne bildet|(?:open|"
    r"view) image in fullscreen|"
    r"open this photo in gallery.*|bild \d+ (?:von|av) \d+.*|advertisement|image \d+ of \d+|"
    r"weitere videos|mehr anzeigen|play video|watch:?|toggle caption|enlarge|hide caption)\W*$",
    re.IGNORECASE,
)

#: Begin of a line that is a byline.
BYLINE = re.compile(
    r"^(?:by|av|af|von|par|por|di|door|tekst|text|teksti|tekst og foto|"
    r"skrevet av|skriven av|skrivet av|skrevet af|written by|čállán|čálli|allattoq|автор|текст)"
    r"(?:\s*[:：]\s*|\s+)(?=\S)",
    re.IGNORECASE,
)
