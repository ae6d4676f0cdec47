"""One article of 33 blocks in markup drawn at random: wrappers, class names, shapes, furniture.

Each seed gives one page. The words are the same in all of them, so that whatever is lost, joined,
moved or of another kind was so because of the markup.
"""

# ruff: noqa: E501 - pages read better in one line
from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

TITLE = "Fyrvokteren: – Vi har ikke råd til fyret, men vi har råd til lyset"
KICKER = "Kystliv"
AUTHORS = ("Marte Solvang", "Even Lorentz")
STANDFIRST = (
    "Lyset på Grytholmen skal brenne i ti år til, lover fylket. Torsdag møtte fyrvokteren "
    "fylkesråden for første gang, og hun ble med ut i båten."
)
MORE_STANDFIRST = "Avtalen gjelder fra nyttår og må godkjennes av fylkestinget i november."
PHOTO = "Tiril Haugland / Kystbladet"
LEAD_CAPTION = "Fyret på Grytholmen ble tent første gang i 1871. Siden den gang har elleve vokterfamilier bodd her."


@dataclass(frozen=True)
class Part:
    """One block of the article."""

    kind: str
    text: str
    speaker: str = ""
    role: str = ""
    credit: str = ""

    @property
    def named(self) -> str | None:
        return f"{self.speaker}, {self.role}" if self.role else self.speaker or None


PARTS = (
    Part("p", "Fylkesråd Ragnhild Moen kom med rutebåten klokka ni og ble på holmen til det mørknet."),
    Part("p", "– Her luktet det parafin da jeg var barn. Nå lukter det maling, sa hun på kaia."),
    Part("p", "Fyrvokter Odd Aune viste fram linsen, trappen og det gamle maskinrommet. Han fortalte at lyset er det eneste som kan sees fra leia når tåken ligger tett, og at fiskerne stoler mer på det enn på skjermene sine."),
    Part("quote", "Et lys som brenner hver natt, er et løfte til dem som er ute.", speaker="Odd Aune", role="fyrvokter på Grytholmen."),
    Part("caption", "Vokteren og fylkesråden gikk de hundre og tolv trinnene sammen.", credit=PHOTO),
    Part("heading", "Dyr strøm"),
    Part("p", "– Strømmen koster mer enn hele lønnen min. Ingen har regnet på hva det koster å slukke. Et havari gir oljesøl, og en dag med lenser er dyrere enn et helt år med lys, sa Aune."),
    Part("p", "Moen noterte tallene i en liten bok og spurte hvor gamle kablene er."),
    Part("p", "– Vi må vite hva vi betaler for. Noen av regningene har ligget i en skuff siden i fjor, og to av dem gjelder en brygge som ikke finnes lenger. Jeg har bedt om en oversikt før påske, og så tar vi det derfra, sa fylkesråd Ragnhild Moen."),
    Part("p", "– Jeg sender deg listen i kveld, svarte han."),
    Part("heading", "Vil ha solceller på taket"),
    Part("p", "– Taket må legges om [det er fra 1954, red. anm.], og da kan panelene komme opp samtidig. I naustet står et aggregat, og i tårnet et batteri som holder i tre døgn, la Aune til."),
    Part("p", "Verneverdien av skiferen ble ikke nevnt."),
    Part("p", "– Skifer er pent, men skifer gir ikke strøm. Museet har sagt ja [muntlig, red. anm.], og snekkeren kan begynne når telen går."),
    Part("caption", "Fylkesråd Ragnhild Moen på vei opp fra båten."),
    Part("p", "I 2019 fikk naboøya Skarvøy et anlegg på åtte paneler. Det første året gikk aggregatet der bare to kvelder."),
    Part("p", "Skarvøy fyr har ikke hatt vokter siden 2014, da hun som bodde der, flyttet til Lervik."),
    Part("p", "Siden 2017 har frivillige malt, kittet og smurt på dugnad i uke tjueen, med kaffe fra bakeriet og verktøy fra skolen."),
    Part("p", "Forrige mandag ble det kjent at fylket kutter i midlene til lykter under seks meter. Grytholmen er høyere og slipper unna, men brygga hører til et annet budsjett."),
    Part("caption", "Odd Aune inne i lanternen, der linsen veier to tonn."),
    Part("heading", "Vil ha flere besøk"),
    Part("p", "Ordfører Jens Brattli tar gjerne med seg klassene fra Lervik skole ut i mai."),
    Part("p", "– Barna skal få tenne lyset selv. De husker det når de blir store, og noen av dem blir kanskje voktere, sa Brattli til Kystbladet i vinter."),
    Part("p", "Rutebåten tar førti passasjerer og går to ganger om dagen i skoleåret."),
    Part("p", "Kystplanen lover \"liv i fyrene hele året, med senger, ovn og bøker for dem som vil bli en natt\", og viser til et regneark som ingen har funnet."),
    Part("p", "Naboene på Lervik-siden ønsker seg en tur om kvelden også, med stopp ved losstasjonen og den gamle saltebua."),
    Part("quote", "I skjærgården ligger kommunens viktigste minner.", speaker="Kystplanen."),
    Part("heading", "Kystlaget"),
    Part("p", "Lørdag velger kystlaget ny leder etter Aune, som har sittet i elleve år. To har meldt seg, og begge har båt."),
    Part("p", "Laget eier en jekt fra 1898, en tjærebrenner og et telt. Årsmøtet i Lervik for to år siden samlet nitti mennesker."),
    Part("p", "Intervjuene er gjort på dialekt og skrevet om av journalisten."),
)  # fmt: skip

Block = tuple[str, str, str | None, str | None]


def blocks(*, two_leads: bool = False) -> list[Block]:
    """Return the article's blocks as (kind, text, speaker, credit), in order."""
    return [
        ("caption", LEAD_CAPTION, None, PHOTO),
        ("summary", STANDFIRST, None, None),
        *([("summary", MORE_STANDFIRST, None, None)] if two_leads else ()),
        *((part.kind, part.text, part.named, part.credit or None) for part in PARTS),
    ]


#: Class names of our own making, as build tools and hand-written themes have them.
_NONSENSE = (
    "c-x7k2",
    "css-1a2b3c",
    "sc-bdVaJa",
    "jss42",
    "u-mb3",
    "mod4",
    "el11",
    "a7",
    "vk-19",
    "grid__cell",
    "o-layout",
    "lg-8",
    "px12",
    "col-md-9",
    "stack--s",
    "wrap2",
    "cmp-core",
    "blk",
    "r-13",
    "t22",
    "holder",
    "pane-7",
    "span9",
    "flow",
    "unit",
    "inner2",
    "x-al9",
    "zone-b",
    "cell",
    "tw-flex",
    "q1w2",
    "Box-sc-9",
    "mantle-3",
    "skjerm",
    "del2",
    "kant",
    "ytre",
    "rom-8",
)
_RARE_NONSENSE = (
    "x1n2onr6",
    "Layout_col__9Zq",
    "felt",
    "kol-3",
    "tcl-a",
    "b-44",
    "is-wide",
    "gap16",
)


@dataclass
class Draw:
    """A source of choices, the same for the same seed."""

    seed: int
    rare: bool = False
    """Whether shapes that few pages have may be drawn, too."""
    taken: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._fixed: dict[str, str] = {}

    def one(self, name: str, options: Sequence[str], rare: Sequence[str] = ()) -> str:
        """Return one option, the same whenever it is asked for by this name."""
        if name not in self._fixed:
            pool = [*options, *rare, *rare] if self.rare else list(options)
            self._fixed[name] = self._random.choice(pool)
            self.taken.append(f"{name}={self._fixed[name]}")
        return self._fixed[name]

    def chance(self, name: str, share: float = 0.5) -> bool:
        return (
            self.one(name, ["yes"] * round(share * 10) + ["no"] * round(10 - share * 10)) == "yes"
        )

    @property
    def system(self) -> str:
        return self._fixed["system"]

    @property
    def two_leads(self) -> bool:
        """Whether the page has a second standfirst."""
        return self._fixed["lead"] == "twice" and self.system not in ("drupal7", "drupal9")

    @property
    def has_kicker(self) -> bool:
        return self._fixed["kicker"] != "none" or self._fixed["kicker in headline"] == "yes"

    @property
    def has_byline(self) -> bool:
        return self._fixed["byline"] != "none"

    def noise(self, place: str) -> str:
        """Return a class attribute's value that tells nothing."""
        names = [*_NONSENSE, *(_RARE_NONSENSE if self.rare else ())]
        return self.one(
            f"noise {place}", [" ".join(self._random.sample(names, 2)) for _ in range(3)]
        )


def page(seed: int, *, rare: bool = False) -> tuple[str, Draw]:
    """Return a page in the markup of a seed, and what was drawn for it."""
    draw = Draw(seed, rare)
    system = draw.one(
        "system",
        [
            "labrador",
            "labrador",
            "plain",
            "plain",
            "drupal7",
            "drupal9",
            "panels",
            "wordpress",
            "layout builder",
        ],
    )
    header, body = _header(draw, system), _body(draw, system)
    shell = _SHELLS[system](draw, header, body)
    return _document(draw, system, shell), draw


# --- header ----------------------------------------------------------------------------------


def _header(d: Draw, system: str) -> str:
    kicker = {
        "none": "",
        "p": f'<p class="kicker">{KICKER}</p>',
        "labels": f'<div class="labels"><span class="{d.one("kicker class", ["kicker", "label", "overline", "section-name"])}">{KICKER}</span></div>',
        "noise": f'<div class="{d.noise("kicker")}">{KICKER}</div>',
    }[d.one("kicker", ["none", "p", "labels", "noise"])]
    inside = (
        f'<span class="kicker">{KICKER}</span> '
        if not kicker and d.chance("kicker in headline", 0.3)
        else ""
    )
    headline = f'<h1 class="{d.one("h1 class", ["headline mainTitle t35", "headline", "page-title", "title", "tittel"])}">{inside}{escape(TITLE)}</h1>'
    lead, picture, byline = _lead(d, system), _lead_picture(d, system), _byline(d)
    if system in ("drupal7", "drupal9", "panels", "layout builder"):
        return "\x00".join((kicker + headline, picture, lead, byline))
    # A box without a name is parted from the headline where the picture stands between.
    order = d.one("order", ["lead picture", "picture lead", "block over picture"])
    box = d.one("header tag", ["header", "div", "section"])
    name = (
        "articleHeader column hasCaption"
        if system == "labrador"
        else d.one(
            "header class", ["article-header", "entry-header", "artHead", "topp", "heading-block"]
        )
    )
    related = _related(d) if order == "block over picture" and d.chance("related in header") else ""
    if order == "lead picture":
        return f'<{box} class="{name}">{kicker}{headline}{lead}{picture}{byline}</{box}>'
    if order == "picture lead":
        return f'<{box} class="{name}">{kicker}{headline}{picture}{lead}{byline}</{box}>'
    return f'<{box} class="{name}">{kicker}{headline}{lead}</{box}>{picture}{related}<div class="{d.noise("meta")}">{byline}</div>'


def _lead(d: Draw, system: str) -> str:
    name = d.one(
        "lead class",
        [
            "subtitle",
            "ingress",
            "lead",
            "standfirst",
            "article__intro",
            "preamble",
            "leadtext",
            "underrubrik",
        ],
    )
    shape = d.one("lead", ["p", "h2", "div p", "twice", "strong"])
    text = escape(STANDFIRST)
    if system in ("drupal7", "drupal9"):
        return f"<p>{text}</p>"
    return {
        "p": f'<p class="{name}">{text}</p>',
        "h2": f'<h2 class="{name} t18">{text}</h2>',
        "div p": f'<div class="{name}"><p>{text}</p></div>',
        "twice": f'<p class="{name}">{text}</p><p class="{name} {d.noise("second lead")}">{escape(MORE_STANDFIRST)}</p>',
        "strong": f'<div class="{name}"><p><strong>{text}</strong></p></div>',
    }[shape]


def _lead_picture(d: Draw, system: str) -> str:
    img = '<img src="/image/77.webp" width="960" height="548" alt="Fyret i motlys">'
    shape = d.one(
        "lead picture",
        [
            "figure",
            "figure div",
            "caption outside",
            "plain box",
            "slideshow",
            "link",
            "picture element",
        ],
        ["hero", "two slides"],
    )
    text, credit = escape(LEAD_CAPTION), escape(PHOTO)
    inline = f"{text} (Foto: {credit})."
    own = d.chance("lead credit of its own")
    mark = d.one(
        "lead caption class", ["caption", "image-caption", "bildetekst", "legend", "figtekst"]
    )
    whole = (
        f'<span class="{d.noise("txt")}">{text}</span> <span class="{d.one("credit class", ["credit", "photographer", "fotograf", "byline"])}">Foto: {credit}</span>'
        if own
        else inline
    )
    return {
        "figure": f'<figure class="{d.noise("fig")}">{img}<figcaption>{whole}</figcaption></figure>',
        "figure div": f'<figure><div class="img">{img}</div><div class="{mark}">{whole}</div></figure>',
        "caption outside": f'<div class="media"><figure class="headerImage"><div class="img">{img}</div></figure></div><div class="caption"><figcaption itemprop="caption">{text}</figcaption><figcaption itemprop="author" data-byline-prefix="Foto: ">{credit}</figcaption></div>',
        "plain box": f'<div class="{d.noise("box")}">{img}<div class="{mark}">{whole}</div></div>',
        "slideshow": f'<div class="{d.one("show", ["slideshow", "swiper", "flexslider", "gallery"])}"><div class="slides"><div class="slide"><div class="{d.noise("shot")}">{img}</div><p class="{mark}">{inline}</p></div></div></div>',
        "hero": f'<section class="hero"><div class="{d.noise("bg")}">{img}</div><div class="{d.noise("over")}"><small>{inline}</small></div></section>',
        "two slides": f'<div class="swiper-wrapper"><div class="swiper-slide"><figure>{img}<figcaption>{inline}</figcaption></figure></div></div>',
        "link": f'<div class="{d.noise("box")}"><a href="/image/77-stor.webp">{img}</a><p class="{d.noise("cap")}">{inline}</p></div>',
        "picture element": f'<figure><picture><source srcset="/image/77.avif 1x">{img}</picture><p>{text}</p><p>(Foto: {credit})</p></figure>',
    }[shape]


def _byline(d: Draw) -> str:
    one, two = AUTHORS
    return {
        "none": "",
        "labrador": '<div class="meta"><div class="bylines">'
        + "".join(
            f'<div class="byline column" itemscope itemtype="http://schema.org/Person"><figure><img src="/b.jpg" width="60" height="60" alt="{a}"></figure><div class="content"><address class="name"><a rel="author" href="/author/x"><span class="firstname">{a.split()[0]}</span> <span class="lastname">{a.split()[1]}</span></a></address></div></div>'
            for a in AUTHORS
        )
        + '</div><div class="dates"><span class="dateLabel">Publisert</span><time datetime="2025-10-23T10:31:00Z">23.10.2025 - 12:31</time></div></div>',
        "line": f'<div class="authorline">Tekst: <a href="/author/1">{one}</a> og <a href="/author/2">{two}</a></div><div class="publishedLine">Publisert 23. oktober 2025 kl. 12:31</div>',
        "plain": f'<p class="byline">Av {one} og {two}</p>',
    }[d.one("byline", ["none", "labrador", "line", "plain"])]


# --- body ------------------------------------------------------------------------------------


def _body(d: Draw, system: str) -> list[str]:
    """Return the body's pieces, furniture among them."""
    pieces: list[str] = []
    between = d.one("related between", ["none", "aside", "list", "pointer", "cards"])
    shape = d.one("paragraphs", ["p", "p", "div", "br", "p class"], ["span in div", "p span"])
    for index, part in enumerate(PARTS):
        piece = _part(d, part, index)
        if part.kind == "p" and shape == "br" and index and PARTS[index - 1].kind == "p":
            pieces[-1] = f"{pieces[-1].removesuffix('</p>')}<br />\n<br />\n{escape(part.text)}</p>"
            continue
        pieces.append(piece)
        if index == 17 and between != "none":
            pieces.append(_between(d, between))
        if index == 9 and d.chance("advert between", 0.4):
            pieces.append(
                '<div class="column google-ad"><span class="ad-label">Annonse</span><div class="adunit" id="artikkelbanner"></div></div>'
            )
    return pieces


def _part(d: Draw, part: Part, index: int) -> str:
    text = escape(part.text)
    match part.kind:
        case "heading":
            tag = d.one("heading", ["h2", "h3", "h4", "bold", "bold b"])
            if tag == "bold":
                return f"<p><strong>{text}</strong></p>"
            return f"<p><b>{text}</b><br></p>" if tag == "bold b" else f"<{tag}>{text}</{tag}>"
        case "quote":
            return _quote(d, part)
        case "caption":
            return _figure(d, part, index)
        case _:
            shape = d.one("paragraphs", [])
            if shape == "span in div":
                return f'<div class="{d.noise("p")}"><span>{text}</span></div>'
            if shape == "p span":
                return f'<p><span class="{d.noise("p")}">{text}</span></p>'
            if shape == "div":
                return f"<div>{text}</div>"
            return (
                f'<p class="{d.noise("p")}">{text}</p>' if shape == "p class" else f"<p>{text}</p>"
            )


def _quote(d: Draw, part: Part) -> str:
    said, who = escape(part.text), escape(part.speaker)
    role = escape(part.role)
    name = d.one(
        "quote class",
        [
            "quotebox",
            "pull-quote",
            "sitat",
            "article__quote",
            "type-quote",
            "sitatboks",
            "blockQuote",
        ],
    )
    who_class = d.one(
        "speaker class",
        ["author", "who", "sitat-kilde", "x9", "credit", "name", "caption", "avsender", "ingress"],
    )
    one = f"{who}, {role}" if role else who
    rows = f'<div class="{d.noise("who")}">{who}</div>' + (
        f'<div class="{d.noise("role")}">{role}</div>' if role else ""
    )
    shape = d.one(
        "quote",
        [
            "labrador",
            "div div",
            "aside",
            "aside marks",
            "blockquote p",
            "blockquote footer",
            "blockquote cite",
            "figure",
            "details",
            "imported",
            "wrapped",
            "rows",
            "inline",
            "section",
            "marks in div",
            "svg first",
            "p p",
        ],
    )
    return {
        "labrador": f'<div class="column quotebox compressed"><div class="content"><h3 class="quote t30"><span>{said}</span></h3><p class="author">{one}</p></div></div>',
        "div div": f'<div class="{name}"><div class="{d.noise("said")}">{said}</div><div class="{who_class}">{one}</div></div>',
        "aside": f'<aside class="{name}" role="note"><p>{said}</p><p class="{who_class}">{one}</p></aside>',
        "aside marks": f'<aside class="{d.noise("aside")}"><p>«{said}»</p><p>{one}</p></aside>',
        "blockquote p": f'<blockquote class="{name}"><p>{said}</p><p>{one}</p></blockquote>',
        "blockquote footer": f"<blockquote><p>{said}</p><footer>– {one}</footer></blockquote>",
        "blockquote cite": f"<blockquote>{said} <cite>{one}</cite></blockquote>",
        "figure": f'<figure class="{name}"><blockquote>{said}</blockquote><figcaption>{one}</figcaption></figure>',
        "details": f'<details open class="{name}"><summary>Sitat</summary><p>{said}</p><p>{one}</p></details>',
        "imported": f'<div class="pullquote-wrapper"><p class="pull-quote"><strong>{said}</strong></p><p class="pull-quote-author"><em>{one}</em></p></div>',
        "wrapped": f'<div class="{d.noise("wrap")}"><blockquote><p>{said}</p></blockquote><p class="{d.noise("who")}">{one}</p></div>',
        "rows": f'<div class="{name}"><p>{said}</p>{rows}</div>',
        "inline": f'<div class="{name}"><span class="{d.noise("said")}">{said}</span> <span class="{who_class}">{one}</span></div>',
        "section": f'<section class="{name}"><div><p>{said}</p></div><div><small>{one}</small></div></section>',
        "marks in div": f'<div class="{d.noise("q")}"><p>«{said}»</p><p><em>{one}</em></p></div>',
        "svg first": f'<div class="{name}"><svg><path d="M0 0"/></svg><span class="mark">“</span><p>{said}</p><footer>{one}</footer></div>',
        "who first": f'<figure class="{name}"><figcaption>{one}</figcaption><blockquote>{said}</blockquote></figure>',
        "headings": f'<div class="{name}"><h4>{said}</h4><h5>{one}</h5></div>',
        "small": f'<p class="{name}">{said} <small>{one}</small></p>',
        "list": f'<ul class="{name}"><li>{said}</li><li>{one}</li></ul>',
        "deep": f'<div class="{name}"><div><div><div><span>{said}</span></div></div></div><div><div><span>{one}</span></div></div></div>',
        "p p": f'<p class="{name}">{said}</p><p class="{name}-author">{one}</p>',
    }[shape]


def _figure(d: Draw, part: Part, index: int) -> str:
    img = f'<img src="/image/{90 + index}.jpg" width="980" height="560" alt="">'
    text, credit = escape(part.text), escape(part.credit)
    inline = f"{text} (Foto: {credit})" if credit else text
    shape = d.one(
        "caption",
        [
            "figcaption",
            "labrador",
            "outside",
            "plain box",
            "drupal wrapper",
            "imported",
            "next paragraph",
            "credit apart",
            "table",
            "linked picture",
            "next div",
        ],
    )
    mark = d.one("caption class", ["caption", "image-caption", "bildetekst", "meta", "undertekst"])
    apart = f'<span class="{d.noise("cred")}">(Foto: {credit})</span>' if credit else ""
    author = (
        f'<figcaption itemprop="author" data-byline-prefix="Foto: ">{credit}</figcaption>'
        if credit
        else ""
    )
    return {
        "figcaption": f"<figure>{img}<figcaption>{inline}</figcaption></figure>",
        "labrador": f'<figure class="column small-12"><div class="img">{img}</div><div class="caption"><figcaption itemprop="caption">{text}</figcaption>{author}</div></figure>',
        "outside": f'<div class="image column"><figure>{img}</figure><div class="{mark}">{inline}</div></div>',
        "plain box": f'<div class="{d.noise("pic")}"><div class="image">{img}</div><div class="{d.noise("cap")}">{inline}</div></div>',
        "drupal wrapper": f'<div class="dnd-atom-wrapper type-image"><div class="dnd-drop-wrapper">{img}</div><div class="dnd-legend-wrapper"><div class="meta">{inline}</div></div></div>',
        "imported": f"<p>{img}<br><em>{inline}</em></p>",
        "next paragraph": f"<p>{img}</p><p><em>{inline}</em></p>",
        "credit apart": f'<div class="{d.noise("pic")}">{img}<div>{text}</div>{apart}</div>',
        "definition": f"<dl><dt>{img}</dt><dd>{inline}</dd></dl>",
        "small": f"<p>{img} <small>{inline}</small></p>",
        "center": f"<center>{img}<br><i>{inline}</i></center>",
        "outer figcaption": f"<div><div><figure>{img}</figure></div><figcaption>{inline}</figcaption></div>",
        "span below": f'<div class="{d.noise("pic")}"><span>{img}</span><span class="{d.noise("cap")}">{inline}</span></div>',
        "table": f"<table><tr><td>{img}</td></tr><tr><td>{inline}</td></tr></table>",
        "linked picture": f'<figure><a href="/stor/{index}.jpg">{img}</a><figcaption><span>{text}</span> {apart}</figcaption></figure>',
        "next div": f'<div class="{d.noise("pic")}">{img}</div><div class="{mark}">{inline}</div>',
    }[shape]


# --- what is not of the article ----------------------------------------------------------------


def _teaser(number: int, title: str, lead: str) -> str:
    return f'<article class="{number} column" itemscope itemtype="https://schema.org/NewsArticle" data-id="10080{number}"><a href="https://www.kystbladet.test/kyst/sak/10080{number}"><figure><img src="/image/8{number}.jpg" width="300" height="200" alt=""></figure><div class="content"><h3 class="headline">{title}</h3><p class="subtitle">{lead}</p></div></a></article>'


TEASERS = _teaser(
    0, "Ferja til Skarvøy står igjen", "Motoren røk midt i fjorden tirsdag kveld."
) + _teaser(
    1, "Krabben kom tidlig i år", "Fiskerne i Lervik har aldri sett så mange krabber i september."
)
FOREIGN = (
    "Ferja til Skarvøy",
    "Krabben kom",
    "Motoren røk",
    "Fiskerne i Lervik",
    "nyhetsbrev",
    "Annonse",
)


def _related(d: Draw) -> str:
    return f'<aside class="{d.one("related class", ["lesogsa", "related", "relatedArticles column"])}"><header>Les også</header>{TEASERS}</aside>'


def _between(d: Draw, kind: str) -> str:
    links = '<li><a href="https://www.kystbladet.test/kyst/sak/100800">Ferja til Skarvøy står igjen</a></li><li><a href="https://www.kystbladet.test/kyst/sak/100801">Krabben kom tidlig i år</a></li>'
    return {
        "aside": _related(d),
        "list": f'<div class="column relatedArticles compressed"><div class="content"><h4 class="boxTitle">Les også</h4><ul>{links}</ul></div></div>',
        "pointer": '<p><strong>Les også: <a href="https://www.kystbladet.test/kyst/sak/100800">Ferja til Skarvøy står igjen</a></strong></p>',
        "cards": f'<div class="{d.noise("cards")}"><h3>Flere saker</h3><ul>{links}</ul></div>',
    }[kind]


# --- shells ----------------------------------------------------------------------------------


def _rows(d: Draw, pieces: Sequence[str], row: Callable[[str], str], text: str) -> str:
    """Return the pieces, paragraphs together in text boxes of which others stand apart."""
    out, box = [], []
    for piece in pieces:
        if piece.startswith(("<p", "<div>", "<h2", "<h3", "<h4")) or piece.endswith(
            "</span></div>"
        ):
            box.append(piece)
            continue
        if box:
            out.append(row(f'<div class="{text}">{"".join(box)}</div>'))
            box = []
        out.append(row(piece))
    if box:
        out.append(row(f'<div class="{text}">{"".join(box)}</div>'))
    return "".join(out)


def _laid_out(d: Draw, pieces: Sequence[str], name: str) -> str:
    tag = d.one("body tag", ["div", "section", "article"])
    match d.one("layout", ["flat", "rows", "row each", "inner", "parts"], ["table", "details"]):
        case "table":
            return f'<table class="{name}"><tr><td>{"".join(pieces)}</td></tr></table>'
        case "details":
            return f'<details open class="{name}"><summary>Vis hele saken</summary>{"".join(pieces)}</details>'
        case "flat":
            return f'<{tag} class="{name}">{"".join(pieces)}</{tag}>'
        case "inner":
            return f'<{tag} class="{name}"><div class="{d.noise("in")}"><div>{"".join(pieces)}</div></div></{tag}>'
        case "rows":
            return _rows(d, pieces, lambda piece: f'<div class="row">{piece}</div>', name)
        case "parts":
            return _rows(d, pieces, lambda piece: piece, name)
        case _:
            rows = "".join(f'<div class="{d.noise("row")}">{piece}</div>' for piece in pieces)
            return f'<{tag} class="{name}">{rows}</{tag}>'


_TAGS = '<div class="column articleFooter"><span class="tags"><span class="label">Nøkkelord</span><a href="/tag/fyr">fyr</a><a href="/tag/kyst">kyst</a></span></div>'
_NEWS = f'<section class="more"><h2>Les også</h2>{TEASERS}</section>'


def _labrador(d: Draw, header: str, pieces: Sequence[str]) -> str:
    body = _laid_out(d, pieces, "bodytext large-12 small-12")
    return f'<section class="main article"><main class="pageWidth"><article><section class="main article k5a-article" id="main">{header}<div class="row social"><a href="#">Del</a></div>{body}{_TAGS}</section></article></main></section><section class="frontpage-rows"><div class="row">{TEASERS}</div></section>'


def _plain(d: Draw, header: str, pieces: Sequence[str]) -> str:
    body = _laid_out(
        d,
        pieces,
        d.one("body class", ["article-content", "story", "entry", d.noise("body"), "brodtekst"]),
    )
    outer = d.one("outer", ["article", "div", "main"])
    inner = f'<div class="{d.noise("outer")}"><{outer} class="{d.noise("art")}">{header}{body}</{outer}></div>'
    return f'<main>{inner}<div class="keywords"><h4>Nøkkelord</h4><ul><li><a href="/tag/fyr">fyr</a></li><li><a href="/tag/kyst">kyst</a></li></ul></div>{_NEWS}</main>'


def _fields(d: Draw, header: str, pieces: Sequence[str], wrap: str, node: str, close: str) -> str:
    headline, picture, lead, byline = header.split("\x00")
    of = d.one("lead field", ["lead", "ingress", "intro", "summary-text"])
    fields = wrap.format(name="field-main-media", inner=picture) + wrap.format(
        name=f"field-{of}", inner=lead
    )
    fields += wrap.format(name="field-author", inner=byline) if byline else ""
    fields += wrap.format(name="body", inner="".join(pieces))
    return f'<div id="main-wrapper"><div class="region-content">{headline}{node}<div class="content">{fields}</div>{close}</div><aside class="sidebar">{_NEWS}</aside></div>'


def _drupal7(d: Draw, header: str, pieces: Sequence[str]) -> str:
    wrap = '<div class="field field-name-{name} field-type-text"><div class="field-items"><div class="field-item even">{inner}</div></div></div>'
    return _fields(
        d,
        header,
        pieces,
        wrap,
        '<div id="node-451" class="node node-article clearfix" about="/node/451">',
        "</div>",
    )


def _drupal9(d: Draw, header: str, pieces: Sequence[str]) -> str:
    wrap = '<div class="field field--name-{name} field--type-text-long field__item">{inner}</div>'
    return _fields(
        d,
        header,
        pieces,
        wrap,
        '<article data-history-node-id="451" class="node node--type-article node--view-mode-full">',
        "</article>",
    )


def _panels(d: Draw, header: str, pieces: Sequence[str]) -> str:
    headline, picture, lead, byline = header.split("\x00")
    pane = '<div class="panel-panel panel-col-{0}"><div class="inside">{1}</div></div>'
    box = '<div class="panel-pane pane-entity-field pane-node-{0}"><div class="pane-content">{1}</div></div>'
    top = box.format("title", headline) + box.format("field-main-media", picture)
    first = (
        box.format("field-lead", lead)
        + (box.format("author", byline) if byline else "")
        + box.format("body", "".join(pieces))
    )
    last = f'<div class="panel-pane pane-views pane-latest"><h2 class="pane-title">Siste nytt</h2><div class="pane-content">{TEASERS}</div></div>'
    return f'<div id="main-wrapper"><div class="panel-display panel-2col-stacked">{pane.format("top", top)}{pane.format("first", first)}{pane.format("last", last)}</div></div>'


def _wordpress(d: Draw, header: str, pieces: Sequence[str]) -> str:
    body = _laid_out(d, pieces, "entry-content")
    return f'<div id="content" class="site-content"><article id="post-451" class="post-451 post type-post hentry category-kyst tag-fyr">{header}{body}<footer class="entry-footer"><span class="tags-links"><a href="/tag/fyr/" rel="tag">fyr</a></span></footer></article><nav class="post-navigation"><a href="/x/">Krabben kom tidlig i år</a></nav></div><aside class="widget-area"><section class="widget">{_NEWS}</section></aside>'


def _builder(d: Draw, header: str, pieces: Sequence[str]) -> str:
    headline, picture, lead, byline = header.split("\x00")
    box = '<div class="block block-layout-builder block-field-blocknodearticle{0}"><div class="clearfix">{1}</div></div>'
    inner = (
        box.format("field-media", picture)
        + box.format("field-lead", lead)
        + box.format("uid", byline)
        + box.format("body", "".join(pieces))
    )
    return f'<div id="main-wrapper">{headline}<article data-history-node-id="451" class="node node--type-article node--view-mode-full"><div class="layout layout--onecol"><div class="layout__region">{inner}</div></div></article>{_NEWS}</div>'


_SHELLS: dict[str, Callable[[Draw, str, Sequence[str]], str]] = {
    "labrador": _labrador, "plain": _plain, "drupal7": _drupal7, "drupal9": _drupal9,
    "panels": _panels, "layout builder": _builder,
    "wordpress": _wordpress,
}  # fmt: skip


def _document(d: Draw, system: str, shell: str) -> str:
    told = d.one("head", ["og", "og", "json-ld", "bare"])
    head = f"<title>{escape(TITLE)} | Kystbladet</title>"
    if told != "bare":
        head += f'<meta property="og:type" content="article"><meta property="og:title" content="{escape(TITLE)}"><meta property="og:description" content="{escape(STANDFIRST)}">'
    if told == "json-ld":
        head += '<script type="application/ld+json">{"@type":"NewsArticle","headline":"x","datePublished":"2025-10-23T10:31:00Z"}</script>'
    if system == "labrador":
        head += "<script>window.Dac=window.Dac||{};Dac.clientData={device:'desktop',page:{id:'100931'}};</script>"
    classes = "l4 article site_kyst section_kyst"
    if system in ("drupal7", "panels"):
        head += '<meta name="Generator" content="Drupal 7 (http://drupal.org)">'
        classes = "html not-front page-node page-node-451 node-type-article"
    elif system == "wordpress":
        head += '<meta name="generator" content="WordPress 4.9"><link rel="https://api.w.org/" href="/wp-json/">'
        classes = "post-template-default single single-post postid-451 single-format-standard"
    elif system in ("drupal9", "layout builder"):
        head += '<meta name="Generator" content="Drupal 9 (https://www.drupal.org)">'
        classes = "path-node page-node-type-article"
    nav = '<nav class="mainMenu"><ul><li><a href="/kyst">Kyst</a></li><li><a href="/fiske">Fiske</a></li></ul></nav>'
    footer = '<footer><div class="block-newsletter"><h2>Nyhetsbrev</h2><p>Meld deg på vårt ukentlige nyhetsbrev.</p><form><input type="email"><button>Meld på</button></form></div><p>Kystbladet, Postboks 8, 9999 Lervik</p></footer>'
    return f'<!DOCTYPE html><html lang="nb-NO"><head><meta charset="utf-8">{head}</head><body class="{classes}"><header role="banner">{nav}</header>{shell}{footer}</body></html>'
