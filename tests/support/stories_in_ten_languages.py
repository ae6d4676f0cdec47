"""One small piece of news in ten languages, written for these tests, with its truth.

People and places are made up. Each story has every part that an article can have, so that any
renderer can print all of them and the truth is the same for every shape of page.
"""

# ruff: noqa: E501 - texts read better in one line
from __future__ import annotations

from dataclasses import dataclass

from nordcrawl.model.article import Article, BlockKind

Triple = tuple[BlockKind, str, str | None]


@dataclass(frozen=True)
class Tale:
    """A story as its editors have it."""

    language: str
    title: str
    standfirst: str
    opening: tuple[str, str]
    heading: str
    middle: str
    quote: str
    speaker: str
    further: str
    points: tuple[str, str, str]
    closing: str
    caption: str
    photo: str
    """The word before a credit, as printed: "Foto:"."""
    also: str
    """Before a pointer to another article."""
    other: str
    """Headline of that other article."""
    author: str
    credit: str
    section: str
    tags: tuple[str, ...]

    @property
    def published(self) -> str:
        return "2025-03-14T08:30:00+00:00"

    def blocks(self, lead: BlockKind = BlockKind.SUMMARY, *, caption: bool = True) -> list[Triple]:
        """Return the truth: every block in order, the picture after the standfirst."""
        shown: list[Triple] = [(BlockKind.CAPTION, self.caption, None)] if caption else []
        return [
            (lead, self.standfirst, None),
            *shown,
            *((BlockKind.P, text, None) for text in self.opening),
            (BlockKind.HEADING, self.heading, None),
            (BlockKind.P, self.middle, None),
            (BlockKind.QUOTE, self.quote, self.speaker),
            (BlockKind.P, self.further, None),
            (BlockKind.LIST, "\n".join(self.points), None),
            (BlockKind.P, self.closing, None),
        ]


def triples(article: Article) -> list[Triple]:
    return [(block.kind, block.text, block.speaker) for block in article.blocks]


TALES = (
    Tale(
        "nb",
        "Ny ferge til Storøya fra neste sommer",
        "Kommunen kjøper en elektrisk ferge som skal gå mellom Storøya og fastlandet. Den første turen er planlagt i juni.",
        (
            "Fergen bygges ved et verft på Vestlandet og har plass til førti biler. Den skal erstatte en båt som har gått i over tretti år.",
            "Innbyggerne på øya har ventet lenge på en ny forbindelse. Flere har flyttet fordi turen til byen tar for lang tid.",
        ),
        "Billigere billetter",
        "Kommunestyret vedtok samtidig at barn og pensjonister skal reise gratis. Ordningen koster to millioner kroner i året.",
        "Dette er den viktigste saken for oss på mange år.",
        "Kari Nordli, leder i velforeningen",
        "Den nye fergen lader batteriene mens den ligger ved kai. Strømmen kommer fra et kraftverk i nærheten.",
        ("Ti turer hver dag", "Plass til førti biler", "Gratis for barn"),
        "Rederiet regner med at trafikken vil øke med en tredel allerede det første året.",
        "Den gamle fergen ved kaia på Storøya.",
        "Foto",
        "Les også",
        "Broen til Storøya ble for dyr",
        "Ola Berg",
        "Eva Lund",
        "Samferdsel",
        ("ferge", "Storøya"),
    ),
    Tale(
        "nn",
        "Ny ferje til Storøya frå neste sommar",
        "Kommunen kjøper ei elektrisk ferje som skal gå mellom Storøya og fastlandet. Den første turen er planlagd i juni.",
        (
            "Ferja blir bygd ved eit verft på Vestlandet og har plass til førti bilar. Ho skal erstatte ein båt som har gått i over tretti år.",
            "Innbyggjarane på øya har venta lenge på eit nytt samband. Fleire har flytta fordi turen til byen tek for lang tid.",
        ),
        "Billegare billettar",
        "Kommunestyret vedtok samstundes at barn og pensjonistar skal reise gratis. Ordninga kostar to millionar kroner i året.",
        "Dette er den viktigaste saka for oss på mange år.",
        "Kari Nordli, leiar i grendalaget",
        "Den nye ferja ladar batteria medan ho ligg ved kai. Straumen kjem frå eit kraftverk i nærleiken.",
        ("Ti turar kvar dag", "Plass til førti bilar", "Gratis for barn"),
        "Reiarlaget reknar med at trafikken vil auke med ein tredel alt det første året.",
        "Den gamle ferja ved kaia på Storøya.",
        "Foto",
        "Les òg",
        "Brua til Storøya vart for dyr",
        "Ola Berg",
        "Eva Lund",
        "Samferdsle",
        ("ferje", "Storøya"),
    ),
    Tale(
        "sv",
        "Ny färja till Storön från nästa sommar",
        "Kommunen köper en elektrisk färja som ska gå mellan Storön och fastlandet. Den första turen är planerad till juni.",
        (
            "Färjan byggs vid ett varv på västkusten och har plats för fyrtio bilar. Den ska ersätta en båt som har gått i över trettio år.",
            "Invånarna på ön har väntat länge på en ny förbindelse. Flera har flyttat eftersom resan till staden tar för lång tid.",
        ),
        "Billigare biljetter",
        "Kommunfullmäktige beslutade samtidigt att barn och pensionärer ska få resa gratis. Det kostar två miljoner kronor om året.",
        "Det här är den viktigaste frågan för oss på många år.",
        "Karin Nordlund, ordförande i byalaget",
        "Den nya färjan laddar batterierna medan den ligger vid kajen. Strömmen kommer från ett kraftverk i närheten.",
        ("Tio turer varje dag", "Plats för fyrtio bilar", "Gratis för barn"),
        "Rederiet räknar med att trafiken ökar med en tredjedel redan det första året.",
        "Den gamla färjan vid kajen på Storön.",
        "Foto",
        "Läs också",
        "Bron till Storön blev för dyr",
        "Olof Bergman",
        "Eva Lundin",
        "Trafik",
        ("färja", "Storön"),
    ),
    Tale(
        "da",
        "Ny færge til Storø fra næste sommer",
        "Kommunen køber en elektrisk færge, som skal sejle mellem Storø og fastlandet. Den første tur er planlagt til juni.",
        (
            "Færgen bygges på et værft på vestkysten og har plads til fyrre biler. Den skal erstatte en båd, der har sejlet i mere end tredive år.",
            "Beboerne på øen har ventet længe på en ny forbindelse. Flere er flyttet, fordi turen til byen tager for lang tid.",
        ),
        "Billigere billetter",
        "Byrådet besluttede samtidig, at børn og pensionister skal rejse gratis. Ordningen koster to millioner kroner om året.",
        "Det er den vigtigste sag for os i mange år.",
        "Karen Nørlund, formand for beboerforeningen",
        "Den nye færge oplader batterierne, mens den ligger ved kajen. Strømmen kommer fra et kraftværk i nærheden.",
        ("Ti ture hver dag", "Plads til fyrre biler", "Gratis for børn"),
        "Rederiet regner med, at trafikken vil stige med en tredjedel allerede det første år.",
        "Den gamle færge ved kajen på Storø.",
        "Foto",
        "Læs også",
        "Broen til Storø blev for dyr",
        "Oluf Bjerg",
        "Eva Lund",
        "Trafik",
        ("færge", "Storø"),
    ),
    Tale(
        "fi",
        "Uusi lautta Isosaareen ensi kesästä alkaen",
        "Kunta ostaa sähkölautan, joka liikennöi Isosaaren ja mantereen välillä. Ensimmäinen vuoro on suunniteltu kesäkuulle.",
        (
            "Lautta rakennetaan länsirannikon telakalla, ja siihen mahtuu neljäkymmentä autoa. Se korvaa laivan, joka on kulkenut yli kolmekymmentä vuotta.",
            "Saaren asukkaat ovat odottaneet uutta yhteyttä pitkään. Moni on muuttanut pois, koska matka kaupunkiin kestää liian kauan.",
        ),
        "Halvemmat liput",
        "Kunnanvaltuusto päätti samalla, että lapset ja eläkeläiset saavat matkustaa ilmaiseksi. Uudistus maksaa kaksi miljoonaa euroa vuodessa.",
        "Tämä on meille tärkein asia moneen vuoteen.",
        "Kaisa Pohjola, kyläyhdistyksen puheenjohtaja",
        "Uusi lautta lataa akkunsa laiturissa. Sähkö tulee läheisestä voimalaitoksesta.",
        ("Kymmenen vuoroa joka päivä", "Tilaa neljällekymmenelle autolle", "Lapsille maksuton"),
        "Varustamo arvioi, että liikenne kasvaa kolmanneksella jo ensimmäisenä vuonna.",
        "Vanha lautta Isosaaren laiturissa.",
        "Kuva",
        "Lue myös",
        "Silta Isosaareen tuli liian kalliiksi",
        "Olli Vuori",
        "Eeva Lehto",
        "Liikenne",
        ("lautta", "Isosaari"),
    ),
    Tale(
        "is",
        "Ný ferja til Stóreyjar frá næsta sumri",
        "Sveitarfélagið kaupir rafknúna ferju sem á að sigla milli Stóreyjar og lands. Fyrsta ferðin er áætluð í júní.",
        (
            "Ferjan er smíðuð í skipasmíðastöð á vesturströndinni og tekur fjörutíu bíla. Hún kemur í stað báts sem hefur siglt í meira en þrjátíu ár.",
            "Íbúar eyjarinnar hafa beðið lengi eftir nýrri tengingu. Margir hafa flutt burt því að ferðin í bæinn tekur of langan tíma.",
        ),
        "Ódýrari farmiðar",
        "Sveitarstjórnin ákvað um leið að börn og eldri borgarar skyldu ferðast ókeypis. Það kostar tvær milljónir króna á ári.",
        "Þetta er mikilvægasta málið fyrir okkur í mörg ár.",
        "Katrín Norðdal, formaður íbúasamtakanna",
        "Nýja ferjan hleður rafhlöðurnar á meðan hún liggur við bryggju. Rafmagnið kemur frá virkjun í nágrenninu.",
        ("Tíu ferðir á dag", "Pláss fyrir fjörutíu bíla", "Ókeypis fyrir börn"),
        "Útgerðin gerir ráð fyrir að umferðin aukist um þriðjung strax á fyrsta ári.",
        "Gamla ferjan við bryggjuna í Stórey.",
        "Ljósmynd",
        "Lesið einnig",
        "Brúin til Stóreyjar varð of dýr",
        "Ólafur Fjeldberg",
        "Eva Lundar",
        "Samgöngur",
        ("ferja", "Stórey"),
    ),
    Tale(
        "se",
        "Ođđa fearga sullui boahtte geasi",
        "Suohkan oastá ođđa feargga mii johtá sullo ja nannáma gaskka. Vuosttas mátki lea geassemánus.",
        (
            "Fearga lea elektrihkalaš ja dasa čáhket njealljelogi biilla. Boares fanas lea johtán badjel golbmalogi jagi.",
            "Olbmot sullos leat vuordán guhká ođđa oktavuođa. Máŋggas leat fárren eret go mátki gávpogii ádjána menddo guhká.",
        ),
        "Hálbbit billeahtat",
        "Suohkanstivra mearridii maiddái ahte mánát ja boarrásat besset mátkkoštit nuvttá. Dat máksá guokte miljovnna kruvnnu jagis.",
        "Dát lea midjiide hui dehálaš ášši dál.",
        "Káre Nordli, searvvi jođiheaddji",
        "Ođđa fearga oažžu rávnnji go dat lea kájas. Rávdnji boahtá fápmorusttegis mii lea lahka.",
        ("Logi mátkki juohke beaivvi", "Sadji njealljelogi biilii", "Nuvttá mánáide"),
        "Fitnodat jáhkká ahte eanet olbmot mátkkoštit fearggain juo vuosttas jagi.",
        "Boares fanas sullo kájas ovdal.",
        "Govva",
        "Loga maid",
        "Šaldi sullui šattai menddo divrras",
        "Ovllá Berg",
        "Eva Lund",
        "Johtolat",
        ("fearga", "suolu"),
    ),
    Tale(
        "kl",
        "Umiarsuaq nutaaq aasamut aallartissaaq",
        "Kommunip umiarsuaq nutaaq pisiaraa. Umiarsuaq junimi siullermeerluni qeqertamit aallassaaq.",
        (
            "Umiarsuaq nutaaq innaallagissamik ingerlassaaq. Umiarsuaq pisoqaq ukiut qulit sinnerlugit angalavoq.",
            "Inuit qeqertami najugallit sivisuumik utaqqipput. Illoqarfimmut angalaneq sivisoorujussuuvoq.",
        ),
        "Bilitsit akikinnerit",
        "Meeqqat utoqqaallu akeqanngitsumik angalasinnaassapput. Tamanna kommunalbestyrelsimi aalajangerneqarpoq.",
        "Tamanna uagutsinnut inunnut qeqertami najugalinnut pingaaruteqarluinnarpoq.",
        "Kaali Nordli, qeqertami peqatigiiffiup siulittaasua",
        "Umiarsuaq talittarfimmi innaallagissamik immerneqartassaaq. Innaallagissaq nukissiorfimmit pissaaq.",
        ("Ullut tamaasa angalasarneq", "Biilinut inissaqarpoq", "Meeqqanut akeqanngilaq"),
        "Umiarsuaateqarfiup naatsorsuutigivaa angalasut amerliartussasut ukiumi siullermi.",
        "Umiarsuaq pisoqaq talittarfimmi.",
        "Assi",
        "Aamma atuaruk",
        "Ikaartarfik akisuallaarpoq",
        "Ole Berg",
        "Eva Lund",
        "Angallanneq",
        ("umiarsuaq", "qeqertaq"),
    ),
    Tale(
        "en",
        "New ferry to Stor Island from next summer",
        "The municipality is buying an electric ferry that will run between Stor Island and the mainland. The first trip is planned for June.",
        (
            "The ferry is being built at a yard on the west coast and has room for forty cars. It will replace a boat that has been running for more than thirty years.",
            "People on the island have waited a long time for a new connection. Several have moved because the journey to town takes too long.",
        ),
        "Cheaper tickets",
        "The council also decided that children and pensioners will travel for free. The scheme costs two million kroner a year.",
        "This is the most important issue for us in many years.",
        "Karen Northby, head of the residents' association",
        "The new ferry charges its batteries while it lies at the quay. The power comes from a plant nearby.",
        ("Ten trips every day", "Room for forty cars", "Free for children"),
        "The shipping company expects traffic to grow by a third in the very first year.",
        "The old ferry at the quay on Stor Island.",
        "Photo",
        "Also read",
        "The bridge to Stor Island became too expensive",
        "Oliver Hill",
        "Eve Groves",
        "Transport",
        ("ferry", "Stor Island"),
    ),
    Tale(
        "ru",
        "Новый паром на Большой остров начнёт ходить летом",
        "Муниципалитет покупает электрический паром, который будет ходить между островом и материком. Первый рейс запланирован на июнь.",
        (
            "Паром строят на верфи западного побережья, он вмещает сорок автомобилей. Он заменит судно, которое ходило более тридцати лет.",
            "Жители острова давно ждали нового сообщения. Многие уехали, потому что дорога в город занимает слишком много времени.",
        ),
        "Билеты станут дешевле",
        "Совет также решил, что дети и пенсионеры будут ездить бесплатно. Это обойдётся в два миллиона крон в год.",
        "Для нас это самый важный вопрос за многие годы.",
        "Карина Северова, председатель общества жителей",
        "Новый паром заряжает батареи, пока стоит у причала. Электричество поступает с ближайшей электростанции.",
        ("Десять рейсов в день", "Места для сорока автомобилей", "Бесплатно для детей"),
        "Компания рассчитывает, что уже в первый год перевозки вырастут на треть.",
        "Старый паром у причала острова.",
        "Фото",
        "Читайте также",
        "Мост на остров оказался слишком дорогим",
        "Олег Горин",
        "Ева Рощина",
        "Транспорт",
        ("паром", "остров"),
    ),
)
BY_LANGUAGE = {tale.language: tale for tale in TALES}
