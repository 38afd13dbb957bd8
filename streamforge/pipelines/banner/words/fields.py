# ruff: noqa: E501, RUF001 - word lists read better whole; other languages' letters
"""A brief that is filled in as a form: ``Title: Autumn Plant Fair``. The label says what each line is for."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.words.sentences import sentences

Use = Literal[
    "title",
    "subject",
    "sub",
    "date",
    "place",
    "offer",
    "labelled",
    "contact",
    "brand",
    "button",
    "legal",
    "silent",
    "plain",
]
_WORDS: dict[Use, str] = {
    "title": "title|headline|heading|header|main text|main headline|titel|überschrift|schlagzeile|titre|título|titular|titolo|tytuł|hasło|rubrik|overskrift|заголовок|название|назва|başlık|τίτλος|عنوان|العنوان|כותרת|शीर्षक|หัวข้อ|タイトル|标题|제목",
    "subject": "band|bands|group|artist|performer|act|ensemble|grupo|gruppe|künstler(?:in)?|groupe|artiste|artista|conjunto|gruppo|banda|anlass|veranstaltung|occasion|évènement|événement|evento|what|was|qué|que|quoi|cosa|che cosa|wat|o quê|co|что|що|vad|hva|hvad|event|event name|event title|name of the event|name of event|name of the course|course|course name|workshop|show|job|job title|position|role|vacancy|property|product|product name|item|service|subject|topic|campaign|promotion|occasion|theme of event|"
    "veranstaltung|produkt|stelle|objekt|événement|produit|poste|evento|producto|puesto|curso|prodotto|posizione|produto|vaga|evenement|product|vacature|wydarzenie|produkt|stanowisko|evenemang|мероприятие|событие|товар|вакансия|подія|etkinlik|ürün|εκδήλωση|イベント|商品|活动|产品|행사",
    "sub": "what we do|what we offer|what['’]?s special|special feature|specials?|highlights?|details|features?|why us|besonderheit(?:en)?|besonderes|vorteile?|leistung(?:en)?|botschaft|atouts?|points? forts?|message|ventajas?|mensaje|vantaggi|messaggio|mensagem|vantagens|who|for whom|für wen|pour qui|para quién|per chi|subline|sub line|subtitle|sub title|subheading|subheadline|sub headline|sub|tagline|slogan|claim|motto|description|details|benefit|benefits|usp|message|key message|body|body text|text|copy|unterzeile|untertitel|beschreibung|sous-titre|accroche|description|subtítulo|descripción|eslogan|lema|sottotitolo|descrizione|subtitel|podtytuł|opis|описание|слоган|说明|説明|설명",
    "date": "día|dia|días|jour|jours|giorno|giorni|tag|dag|hora|heure|ora|fecha y hora|date|dates|when|time|times|day|days|hours|opening hours|schedule|starts|start|deadline|valid|datum|wann|zeit|uhrzeit|termin|öffnungszeiten|date|quand|heure|horaires?|fecha|cuándo|hora|horario|data|quando|ora|orario|wanneer|tijd|kiedy|godzina|godziny|när|tid|tidpunkt|когда|дата|время|коли|час|tarih|saat|ημερομηνία|ώρα|تاریخ|التاريخ|الوقت|الموعد|תאריך|שעה|मौका|तारीख|तिथि|समय|วันที่|เวลา|日時|日期|时间|時間|期間|일시|날짜|시간",
    "place": "place|where|location|venue|address|area|city|ort|wo|adresse|treffpunkt|lieu|où|lugar|dónde|dirección|luogo|dove|indirizzo|local|onde|morada|endereço|plaats|waar|locatie|adres|miejsce|gdzie|plats|var|sted|hvor|место|где|адрес|місце|yer|mekan|τόπος|χώρος|مکان|المكان|العنوان بالتفصيل|מקום|כתובת|स्थान|पता|สถานที่|場所|住所|会場|地点|地址|장소|주소",
    "offer": "offer|deal|discount|promo|special|angebot|rabatt|aktion|offre|promotion|remise|oferta|promoción|descuento|offerta|sconto|promoção|desconto|aanbieding|korting|promocja|zniżka|rabat|erbjudande|tilbud|tilbud|акция|скидка|предложение|знижка|kampanya|indirim|προσφορά|عرض|تخفیف|מבצע|ऑफर|छूट|โปรโมชั่น|特典|割引|优惠|折扣|할인|혜택|price|preis|prix|precio|prezzo|preço|prijs|cena|pris|цена|ціна|fiyat|τιμή|قیمت|السعر|מחיר|कीमत|ราคา|料金|価格|价格|가격",
    "labelled": "entry|entrance|admission|tickets?|cost|costs|fee|salary|pay|wage|speakers?|hosts?|guests?|headliners?|line-?up|benefits included|viewing|viewings|benefits for you|eintritt|kosten|gehalt|referent(?:in)?|entrée|tarifs?|coût|intervenants?|salaire|entrada|entradas|coste|ponentes?|salario|ingresso|biglietti|costo|relatori|bilhetes|oradores|toegang|kosten|entree|sprekers?|wstęp|bilety|prelegenci|entré|biljetter|inträde|inngang|вход|билеты|спикеры?|вхід|giriş|bilet|konuşmacı|είσοδος|الدخول|ورودی|כניסה|प्रवेश|ค่าเข้า|入場|講師|门票|入场|입장",
    "contact": "website|web|web ?site|url|site|link|page|phone|tel|telephone|mobile|whatsapp|contact|email|e-mail|mail|sign up|signup|register|registration|rsvp|apply|application|book|booking|bookings|book at|order|order at|call|webseite|internet|telefon|kontakt|anmeldung|buchung|reservierung|téléphone|site web|contact|inscription|inscriptions|réservation|teléfono|sitio|contacto|inscripción|reservas?|telefono|sito|contatti|iscrizioni|prenotazioni|telefone|contato|inscrições|telefoon|aanmelden|strona|telefon|zapisy|kontakt|hemsida|anmälan|сайт|телефон|контакт|запись|регистрация|telefon|iletişim|kayıt|web sitesi|τηλέφωνο|هاتف|الموقع|تلفن|אתר|טלפון|फोन|वेबसाइट|โทร|เว็บไซต์|電話|予約|网址|电话|전화|홈페이지",
    "brand": "name of (?:the |our )?(?:business|company|shop|firm|store|club|organi[sz]ation)|brand|brand name|company|company name|business|business name|client|name|shop|shop name|store|organisation|organization|organiser|organizer|agent|firma|unternehmen|marke|name der firma|entreprise|société|marque|empresa|marca|azienda|bedrijf|merk|företag|компания|бренд|şirket|firma adı|שם העסק|الشركة|会社|公司|品牌|회사",
    "button": "cta|button|button text|call to action|call-to-action|knopf|bouton|botón|pulsante|botão|knop|przycisk|knapp|кнопка",
    "legal": "terms|t&cs?|t & cs?|conditions|small print|smallprint|disclaimer|legal|legal text|bedingungen|hinweis|mentions légales|condiciones|condizioni|voorwaarden|warunki|villkor|условия",
    "silent": "(?:things? )?to avoid|no-?gos?|not wanted|(?:please )?avoid|bitte vermeiden|vermeiden|à éviter|evitar|da evitare|a evitar|colou?rs?|colou?r scheme|colou?r palette|palette|style|mood|tone|tone of voice|look|look and feel|feel|vibe|size|sizes|format|formats|dimensions|font|fonts|typography|audience|target|target audience|target group|background|layout|design|note|notes|image|images|photo|photos|picture|pictures|visuals?|logo|goal|aim|objective|purpose|platform|channel|budget|don'?t|do not|avoid|dos|don'?ts|"
    "farben?|stil|stimmung|zielgruppe|größe|hintergrund|bilder?|ziel|couleurs?|style|ton|ambiance|cible|image|colores|color|estilo|tono|público|fondo|imagen|colori|colore|stile|tono|target|sfondo|immagine|cores|estilo|tom|público-alvo|kleuren|kleur|stijl|doelgroep|kolory|kolor|styl|grupa docelowa|färger|stil|målgrupp|farger|farver|цвета?|стиль|аудитория|кольори|renkler|stil|hedef kitle|χρώματα|ألوان|الألوان|رنگ|צבעים|रंग|สี|色|颜色|风格|색상|스타일",
}  # fmt: skip
_USES: tuple[tuple[Use, re.Pattern[str]], ...] = tuple(
    (use, re.compile(rf"(?:{words})\Z", re.IGNORECASE)) for use, words in _WORDS.items()
)
_LINE = re.compile(
    r"^\s*(?:[-–—•*·▪◦►]+|\d{1,2}[.)])?\s*([^\W\d_][^\n:：=–—\"“]{0,28}?)\s*(?:[:：=]|\s[–—-](?=\s))\s*(\S.*)$"
)
_TOLD = re.compile(
    r"^\W*(?:the |our |its |der |die |das |el |il |le |la |lo |o |a |de |het )?(brand(?: name)?|company(?: name)?|shop name|button|cta|call[- ]to[- ]action|location|venue|place|date|time|price|title|headline|tagline|slogan|main message|website|phone number|phone|address|subline|deadline|offer|deal|promotion|discount|product(?= ?[:–—-])|"
    r"knopf|überschrift|titel|botón|titular|título|bouton|titre|pulsante|titolo|botão|knop|kop|przycisk|knapp|кнопка|заголовок)(?: text)?(?: (?:is|are|will be|(?:could|can|might|should) (?:be|say|read)(?: something like)?|reads|says)\b:?|\s*:|\s[–—-](?=\s)|(?=\s*[\"“„«‘'][^\"”“»’']+[\"”“»’']\W*$))\s*(\S.*)$",
    re.IGNORECASE,
)
"""A field said as a sentence: ``Location is St Luke's Church Hall``."""
_SILENT_ALONE = re.compile(
    r"^\W*(?:(?:the |our )?(?:overall |preferred |main |brand )?(?:style|mood|tone(?: of voice)?|colou?rs?|colou?r (?:scheme|palette)|palette|background|fonts?|typography|layout|look(?: and feel)?|(?:target )?audience|target group|goal|aim|objective|purpose|ziel|objectif|objetivo|obiettivo|farben?|stil|stimmung|zielgruppe|hintergrund|couleurs?|ambiance|cible|colores|estilo|público|colori|stile|sfondo|cores|kleuren|stijl|doelgroep|kolory|styl|färger|farger|farver|цвета?|стиль|фон|renkler))\s*[:=]",
    re.IGNORECASE,
)
"""Labels of the look, which are one even when they stand alone."""
_LEAST = 2


class Field(Struct, frozen=True):
    """A labelled line: its label as written, what it is for, what it says."""

    label: str
    use: Use
    text: str

    @property
    def line(self) -> str:
        """The line as it was filled in."""
        return f"{self.label}: {self.text}"


def fields(lines: list[str]) -> list[Field | str]:
    """The lines, those with a label as fields. One label alone makes no form: ``Note: closed on Mondays`` is a sentence."""
    read = [_field(line) for line in lines]
    known = [found for found in read if found is not None and found.use != "plain"]
    if len(known) < _LEAST:
        return list(lines)
    return [line if found is None else found for line, found in zip(lines, read, strict=True)]


def parts_of(body: str) -> list[Field | str]:
    """The body's fields and sentences; sentences that are labelled one after the other are a form as well."""
    found: list[Field | str] = []
    for part in fields(body.split("\n")):
        found.extend([part] if isinstance(part, Field) else sentences(part))
    found = _together(found)
    lines = [part for part in found if isinstance(part, str)]
    labelled = iter(fields(lines))
    return [next(labelled) if isinstance(part, str) else part for part in found]


def _together(parts: list[Field | str]) -> list[Field | str]:
    """One-word sentences in a row as one line: ``Fresh. Local. Organic.`` stays whole."""
    found: list[Field | str] = []
    for part in parts:
        before = found[-1] if found else ""
        is_row = isinstance(part, str) and _ONE_WORD.fullmatch(part) and isinstance(before, str)
        if is_row and re.fullmatch(rf"(?:{_ONE_WORD.pattern}\. )*{_ONE_WORD.pattern}", str(before)):
            found[-1] = f"{before}. {part}"
        else:
            found.append(part)
    return found


_ONE_WORD = re.compile(r"[A-Za-zÀ-ɏЀ-ӿ]{2,16}")


_UNDECIDED = re.compile(
    r"^(?:\W*|(?:\W*(?:tb[acd]|you (?:decide|choose|pick)|up to you|your (?:call|choice)|any(?:thing)?|open|no idea|not sure(?: yet)?|n/a|none|offen|egal|noch offen|was ihr wollt|à définir|au choix|libre|a definir|por definir|lo que quer\w+|da definire|a scelta|a decidir|nader te bepalen)\W*)+)$",
    re.IGNORECASE,
)


def is_undecided(text: str) -> bool:
    """Whether what fills a field in leaves it to somebody else: ``???``, ``tbc``."""
    return bool(_UNDECIDED.match(text))


_KANA_USES: tuple[tuple[Use, str], ...] = (
    ("date", "日時|日程|日にち|開催日|期間|時間|営業時間"), ("place", "場所|会場|住所"), ("offer", "割引|特典|特別価格"),
    ("labelled", "参加費|料金|価格|値段|入場料|定員|対象|持ち物"), ("brand", "店名|会社名|ブランド名"), ("title", "商品名|イベント名|講座名|タイトル"),
)  # fmt: skip
_KANA_FIELD = re.compile(
    rf"^({'|'.join(words for _, words in _KANA_USES)})は(.+?)(?:だけ)?(?:です|になります|となります|でございます)?$"
)


def kana_fields(sentence: str) -> list[Field | str]:
    """A Japanese sentence whose clauses say what is what (``場所は中央公園、参加費は500円``), as fields and the rest."""
    found: list[Field | str] = []
    for clause in sentence.split("、") if "は" in sentence else [sentence]:
        part = _kana_field(clause)
        before = found[-1] if found else None
        if isinstance(part, str) and isinstance(before, str):
            found[-1] = f"{before}、{part}"
        else:
            found.append(part)
    return found


def _kana_field(clause: str) -> Field | str:
    match = _KANA_FIELD.match(clause.strip(" 。"))
    if match is None:
        return clause
    use: Use = next(use for use, words in _KANA_USES if re.fullmatch(words, match[1]))
    return Field(match[1], use, match[2].strip("「」『』"))


def told_field(sentence: str) -> Field | None:
    """A sentence that fills in a field."""
    if _SILENT_ALONE.match(sentence):
        return Field("", "silent", sentence)
    match = _TOLD.match(sentence)
    if match is None:
        return None
    label = match.group(1).casefold()
    return Field(
        match.group(1),
        "sub" if label == "main message" else _use(label.removesuffix(" number")),
        _value(match.group(2)),
    )


def _field(line: str) -> Field | None:
    match = _LINE.match(line)
    if match is None:
        return None
    label = match.group(1).strip(" *_")
    return Field(label, _use(label.casefold()), _value(match.group(2)))


def _use(label: str) -> Use:
    uses: list[Use] = [use for use, words in _USES if words.match(label)]
    return uses[0] if uses else "plain"


def _value(text: str) -> str:
    bare = text.strip().rstrip(".").strip()
    inner = re.fullmatch(r"[\"“„«‘'](.+)[\"”“»’']", bare)
    return inner.group(1) if inner else bare
