# ruff: noqa: E501, RUF001 - long patterns read better whole; briefs use typographic quotes and dashes
"""What a brief states and copy must repeat exactly: addresses, numbers, offers, dates and quoted words.

Everything here is a slice of the brief. Nothing is computed, so nothing can be invented.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.words.dates import DATE

QuoteUse = Literal["headline", "offer", "cta", "name", "legal"]


class Quote(Struct, frozen=True):
    """Words in quotation marks, and what the text before them says they are for."""

    text: str
    use: QuoteUse


_COUNTRIES = (
    "ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf cg ch ci ck cl cm cn "
    "co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fm fo fr ga gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk "
    "hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me "
    "mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py "
    "qa re ro rs ru rw sa sb sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug "
    "uk us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw рф укр бг ελ"
).replace(" ", "|")
_GENERIC = (
    "com org net info biz edu gov int mil mobi name pro tel travel museum coop aero jobs cat asia post app dev shop store online site website "
    "web blog cloud tech club cafe coffee pizza restaurant bar pub beer wine menu food kitchen catering studio art design photo photography "
    "gallery media film music band live show events tickets theater theatre dance yoga fitness fit run bike golf football health clinic dental "
    "dentist doctor hospital care vet school academy college university education training courses bank finance money insurance loans credit "
    "tax legal law lawyer attorney consulting agency company ltd limited gmbh inc llc group team solutions services support systems digital "
    "software computer games game play fun toys gifts flowers florist garden house homes rentals properties estate villas hotel hotels holiday "
    "flights cruises vacations tours taxi cars auto parts repair plumbing cleaning clothing fashion shoes boutique jewelry beauty salon hair "
    "spa market sale deals discount bargains supply supplies tools family kids baby love wedding dating church charity foundation ngo green eco "
    "bio farm organic fish dog pet pets world global international network city town space zone page link news press today life style space "
    "works build builders construction energy solar london wien berlin hamburg koeln cologne bayern paris bzh nyc boston miami vegas tokyo "
    "osaka kyoto amsterdam brussels gent madrid bcn barcelona roma moscow istanbul ist dubai sydney melbourne capetown joburg durban quebec "
    "africa swiss scot wales irish cymru eus gal xyz one top vip win bid ink wiki guru ninja rocks example test"
).replace(" ", "|")
_ENDING = rf"(?:(?:{_COUNTRIES})|(?:{_GENERIC}))"
_LETTER = r"a-zA-Z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u052f"
"""Of a host's name: Latin, Greek or Cyrillic. Scripts without spaces would run into the words around them."""
_LABEL = rf"[{_LETTER}](?:[{_LETTER}-]{{0,61}}[{_LETTER}])?"
_REST = r"[^\s,;'\"”’)>\]<]*"
_WHOLE = rf"(?![@{_LETTER}_-]|\.[{_LETTER}])"
"""After a host: no more of it. Without this ``shop.co.kr`` would be read as another company's ``shop.co``."""
_LED = r"(?:(?<=\bat )|(?<=\bvisit )|(?<=\bVisit )|(?<=\bonline: )|(?<=\bauf )|(?<=\bunter )|(?<=\bsur )|(?<=\bvia )|(?<=\bop )|(?<=\bbei ))"
URL = re.compile(
    rf"(?<![@.{_LETTER}])(?:(?i:https?://)[^\s,;'\"”’)>\]<]+|(?i:www\.)[^\s,;'\"”’)>\]<]+|"
    rf"(?=[\d.-]*[^\W\d])(?:{_LABEL}\.)+(?:{_ENDING}|(?-i:{_ENDING.upper()})){_WHOLE}(?::\d{{2,5}}\b)?(?:/{_REST})?|"
    rf"(?:{_LABEL}\.)+[a-z]{{2,24}}{_WHOLE}(?:/{_REST})|{_LED}(?:{_LABEL}\.)+[a-z]{{2,24}}{_WHOLE})"
)
"""A scheme, ``www.``, a known ending, or any ending where a path follows or a word leads there; an ending is in one case."""
EMAIL = re.compile(rf"(?<![\w.])[\w.+-]{{1,64}}@(?:[\w-]+\.)+[a-z]{{2,24}}(?![{_LETTER}-])", re.IGNORECASE)
PHONE = re.compile(
    r"(?<![\w.,/$€£%-])(?:\+|00)?\(?\d(?:(?:[ ()/-]|\.(?! )){0,2}\d){6,16}(?:\+(?!\w))?(?![\w%])(?! ?(?:[€£$₹₽₺₪₴₫¥]|EUR|USD|Kč|kr|zł|Ft|đ|lei|TL|руб|грн|บาท|元|円|원)(?!\w))"
)
_NOT_PHONE = re.compile(
    r"^(?:\d{1,3}(?:[.,]\d{3})+|\d{4}[-.]\d{1,2}[-.]\d{1,2}|\d{1,2}[-.]\d{1,2}[-.]\d{4}|\d{4} ?[-. ] ?\d{4})$"
)

_PERCENT = r"\d+(?:[.,]\d+)?(?: ?%| percent\b| per cent\b)"
_CURRENCY = r"(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|TRY|AUD|CAD|NZD|SGD|INR|JPY|ZAR)"
_NUMBER = r"\d+(?:[.,]\d+)*(?:[ \u00a0\u202f]\d{3})*"
_PRICE = (
    rf"(?:(?:(?:US|A|C|NZ|S|HK)?[$€£¥₹₩₺₽]|R\$|\b{_CURRENCY}\b|(?<![\w])(?:Rs\.?|Kč)) ?{_NUMBER}(?:[km]\b)?|"
    rf"(?<![\w])R ?{_NUMBER}(?:,-)?(?!\w)|{_NUMBER} ?(?:bucks?|quid)\b|"
    rf"{_NUMBER} ?(?:€|£|\$|₽|₺|₪|₴|₫|₹|฿|₩|zł|Kč|{_CURRENCY}\b|kr\b|lei\b|TL\b|Ft\b|лв\b|грн\b|руб\b|дин\b|дирхам|درهم|ريال|دينار|جنيه|تومان|บาท|円|元|원|đ\b|euros?\b|dollars?\b|pounds?\b|[Cc]ents?\b|pence\b))"
)
_BARE_PER = r"\d+(?:[.,]\d\d)? (?:an? |per |each )(?:loaf|cup|slice|pint|bottle|box|bag|head|pop|go|ticket|person|piece|kg|kilo|hour|day|night|week|month|class|session|lesson|seat|table|dozen)\b"
"""A price without a currency, by what it is per: ``4.80 a loaf``."""
_PER = r"(?:(?: ?/ ?| per | an? | pro | je | im | par | por | al )(?:month|mo\b\.?|year|yr|week|wk|day|night|kg|lb|hour|hr?\b|monat|nacht|tag|mois|nuit|mes|noche|mese|notte|maand|nacht|mês|persona|pessoa|personne|persoon|person|osob[ęa]|osoba|pers\.?|adulte?|adult|child|kind|enfant|semana|settimana|semaine|woche|week|hora|heure|stunde|uur|unit|piece|stück|pair|head|guest|couple|user|seat|m²|km|kwh|sqm|liter|litre|bottle|box|class|session|lesson|visit|night|room|car|window|token|page)(?!\w)|,? (?:pcm|p\.?c\.?m|pppn|pp|p\.a\.|p\.m\.)(?!\w)| ?/ ?[^\W\d_]+\.?| per (?:\d+ ?[a-z]{1,3} )?[a-z]+\b| l['’]un[oa]?\b)"
_AS_STATED = rf"{_PRICE}(?: each\b)?(?:{_PER}(?: for \d+ (?:months?|mo\b\.?|weeks?|years?))?)?(?: or {_PRICE}{_PER})?"
_OVER = r"(?:over|above|from|of|worth|min(?:imum|\.)?(?: spend)?(?: of)?|at least|more than|under|below|ab|über|von|unter|mindestens|dès|de plus de|à partir de|desde|de más de|oltre|da|vanaf|boven)"
_ON_CONDITION = rf"(?: (?:[^\W\d]+ ){{1,3}}{_OVER} {_PRICE}|,? (?:on|for|with|when|if|ab|bei|für|dès|desde|su|para|op|bij|pour|sur)(?: [^\W\d]+){{0,4}}? (?:{_OVER} )?{_PRICE}(?: or more\b)?| worth {_PRICE})"
"""What an offer hangs on: ``Free delivery`` without ``on orders over $50`` is another offer."""
_MINIMUM = rf"(?:,? min(?:imum|\.)? (?:spend|order|purchase)(?: of)? {_PRICE})"
_FORMERLY = rf"(?: ?\((?:regular|regularly|was|normally|usually|RRP|list|statt|instead of|au lieu de|antes|anziché)[^()]{{0,12}}?{_PRICE}\)|,? (?:instead of|statt|down from|was|reduced from|au lieu de|en lugar de|en vez de|anziché|in plaats van|zamiast|istället för|i stedet for|вместо) {_PRICE})"
PRICE_PAIR = rf"\b(?:was|were|before|statt|formerly|vorher|antes|avant|prima|från|voor) {_PRICE},? ?(?:(?:now|is now|jetzt|nur|only|ahora|maintenant|ora|nu)(?: only| just| nur)? )?{_PRICE}(?:{_PER})?"
"""A price beside the one it replaces: neither says anything true alone."""
_PERIOD = r"(?: (?:on |for )?(?:your |the |a )?(?:first|next|second|third|last) (?:(?:\d+|two|three|four|six|twelve) )?(?:orders?|purchases?|months?|years?|visits?|bookings?|class(?:es)?|boxe?s?|treatments?|stays?|nights?|weeks?|sessions?|rides?|lessons?)\b)"
"""What of a subscription, or which order, a discount is on."""
_LIMIT = r"(?:up to |at least |as much as |bis zu |jusqu'à |hasta (?:un )?|fino al )?(?:an? )?(?:extra |additional )?"
_CUT = (
    r"(?:(?: (?!on |for |in )[\w-]+)? (?:off|discount|reduction|rebate|cashback|cash back|bonus|savings|sale|rabatt|nachlass|reduziert|de descuento|"
    r"descuento|dto\.?|de réduction|de remise|di sconto|sconto|de desconto|korting|zniżki|rabattkod|скидка|скидки)\b)"
)
_COUNT = r"(?:\d+|one|two|three|four)"
_FREEBIE = (
    "shipping|delivery|trial|consultation|entry|admission|quote|estimate|returns|samples?|installation|parking|"
    "gift|upgrade|access|workshop|class|lesson|breakfast|dessert|drink|coffee|tasting|demo|assessment|check-up|checkup"
)
_OFFERS: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        PRICE_PAIR,
        rf"\bmin(?:imum|\.) (?:spend|order|purchase)(?: of)? {_PRICE}",
        rf"\bbuy {_COUNT}(?: [^\W\d]+){{0,2}},? (?:and )?get (?:the |a |an )?(?:\d(?:nd|rd|th)|{_COUNT}|(?:second|third|fourth)(?: one)?|another)(?: one)?(?: [^\W\d]+)??(?: (?:for )?(?:free|half[- ]price|half off|{_PERCENT} off))?{_MINIMUM}?",
        rf"\b{_COUNT}[- ]for[- ](?:{_COUNT})\b(?![:.]\d| ?[ap]\.?m)",
        rf"\b{_COUNT}(?: [^\W\d]+)? for the price of {_COUNT}\b",
        rf"{_LIMIT}(?<![\w.,]){_PERCENT}{_CUT}(?:{_ON_CONDITION}|{_MINIMUM}|{_PERIOD})?",
        rf"(?:\b(?:from|only|just|ab|nur) )?(?<![\w.,]){_PERCENT} (?:(?:APR|AER)(?: (?:variable|fixed|representative))?(?: interest| rate)?(?: on {_PRICE}(?: ?(?:[-–]|to) ?{_PRICE})?)?(?: over \d+(?: ?(?:[-–]|to) ?\d+)? (?:years?|months?)\b)?|interest|financing|commission)\b",
        rf"\b(?:save|spare) (?:up to |bis zu )?(?:{_PERCENT}|{_PRICE})",
        rf"\b(?:discounts?|savings|reductions?|rabatt|descuentos?|remise|sconto) (?:of|von|de|di|del|up to) (?:up to )?{_PERCENT}",
        (
            rf"(?:\b(?:start(?:ing|s)? (?:at|from)|begin(?:ning|s)? at|from|only|just|under|over|now|ab|nur|desde|solo|dès|da|od|vanaf|från|fra|à partir de|a partir de) )?"
            rf"(?<![\w.,$€£]){_AS_STATED}(?: off\b{_ON_CONDITION}?)?{_FORMERLY}?"
        ),
        rf"\b(?:first|second) \w+ (?:is )?(?:free|half price)\b|\bfree (?:[\w-]+ )?(?:{_FREEBIE})\b(?:{_ON_CONDITION}| for (?:every|each|all|the first \d+) [^\W\d]+)?",
        r"\bhalf[- ](?:price|off)\b",
        rf"(?<![\w.,$€£]){_BARE_PER}",
        rf"(?:\ball )?(?<![\w.,])[-–−]{_PERCENT}",
        rf"\bскидк\w* (?:до )?{_PERCENT}",
    )
)
_MAX_OFFERS = 16
CODE = re.compile(r"\b(?:promo |coupon |discount |voucher )?code:? +['\"“‘]?([A-Z][A-Z0-9]{2,19})\b")

_MARKS = (("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"), ('"', '"'), ("'", "'"))
_NAMED = re.compile(
    r"\b(?:called|named|brand(?: name)?|company|restaurant|shop|café|cafe|store)(?: is)?:? *$", re.IGNORECASE
)
_TITLED = re.compile(
    r"\b(?:event|show|exhibition|festival|concert|tour|play|album|book|campaign|collection|series|course|evening|night|podcast|app|game|film|movie|novel|magazine|newsletter|blog|channel|webinar|workshop|talk)\b[^.]{0,44}"
    r"\b(?:called|named|titled|entitled):? *$",
    re.IGNORECASE,
)
_BUTTON = re.compile(r"\b(?:button|cta|call[- ]to[- ]action)\b[^.]{0,20}$", re.IGNORECASE)
_BUTTON_LENGTH = 3
_LEADS_TO = re.compile(r"\bto $")
"""``encourage viewers to 'start smart' by opening an account``: what they are told, not where they click."""
_BUTTON_AFTER = re.compile(r"^ *(?:button|cta|call[- ]to[- ]action)\b", re.IGNORECASE)
_SAYS = re.compile(
    r"\b(?:text|slogan|tagline|headline|title|titled|words?|says?|saying|reads?|phrase|message|motto|claim)\b[^.]{0,16}$|[:.!?\n] *$",
    re.IGNORECASE,
)
"""A single word in quotation marks is a name, unless it is said to be a text, or stands alone."""
_OFFER_BEFORE = re.compile(r"\b(?:offer|deal|promotion|promo|discount)\b[^.]{0,16}$", re.IGNORECASE)
_LEGAL_BEFORE = re.compile(
    r"\b(?:legal|disclaimer|small ?print|footnote|foot ?note|hinweis|fußnote|kleingedruckte\w*|mention légale|nota legal|nota a piè|aviso legal)\b[^.]{0,16}$",
    re.IGNORECASE,
)
_BUTTON_WORDS = re.compile(
    r"^(?:shop|buy|book|order|call|learn|sign|join|get|visit|register|start|try|apply|subscribe|download|donate|reserve|"
    r"contact|discover|explore)\b",
    re.IGNORECASE,
)


def quotations(brief: str) -> tuple[Quote, ...]:
    """Words between quotation marks; an apostrophe (``kids' meals``) is not one."""
    found: dict[int, Quote] = {}
    for opening, closing in _MARKS:
        inner = r"[^\n]" if opening == closing == "'" else rf"[^{re.escape(closing)}\n]"
        pattern = rf"(?<!\w){re.escape(opening)}(?=\S)({inner}{{2,90}}?)(?<=\S){re.escape(closing)}(?!\w)(?! \w+')"
        for match in re.finditer(pattern, brief):
            if not any(at <= match.start() <= at + len(quote.text) for at, quote in found.items()):
                found[match.start()] = _quote(brief, match)
    return tuple(found[at] for at in sorted(found))


def is_offer(text: str) -> bool:
    """Whether the words are an offer in themselves."""
    return any(pattern.search(text) for pattern in _OFFERS)


def without_facts(sentence: str) -> str:
    """The sentence without addresses and telephone numbers, for reading its grammar."""
    bare = sentence
    for start, end in reversed(contact_spans(sentence)):
        goes_on = bool(re.match(r"\W?\s*\w", bare[end:]))
        before = _LABEL_OF.sub("", _LED_TO.sub("", bare[:start]) if goes_on else bare[:start])
        bare = before + _SUFFIX.sub("", bare[end:], count=1)
    return re.sub(r"\s+", " ", bare).strip()


_LED_TO = re.compile(r"\b(?:at|on|via|under|auf|bei|unter|sur|chez|en|op|på|la|na) +\Z", re.IGNORECASE)
_LABEL_OF = re.compile(r"\b(?:tel|telefon|phone|fax|e-?mail|web)\b\.?:? *\Z", re.IGNORECASE)
_SUFFIX = re.compile(r"^(?:['’]\w{1,4}\b| ?ext\. ?\d+)", re.IGNORECASE)
"""What a language hangs on an address (``laptop.com.tr'de``), and what an extension hangs on a number."""


@lru_cache(maxsize=512)
def contact_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where addresses and telephone numbers stand, in order; a date is no telephone number."""
    dates = [match.span() for match in DATE.finditer(text)]
    found = [match.span() for pattern in (EMAIL, URL) for match in pattern.finditer(text)]
    found += [
        match.span()
        for match in PHONE.finditer(text)
        if not _NOT_PHONE.match(match.group()) and not any(s < match.end() and match.start() < e for s, e in dates)
    ]
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return tuple(spans)


@lru_cache(maxsize=512)
def offer_spans(text: str) -> tuple[tuple[int, int], ...]:
    """Where offers stand in the text, earliest first, none inside another: of two that overlap the one that says more."""
    found = [match.span() for pattern in _OFFERS for match in islice(pattern.finditer(text), _MAX_OFFERS)]
    spans: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: span[0] - span[1]):
        if len(spans) < _MAX_OFFERS and not any(s < end and start < e for s, e in spans):
            spans.append((start, end))
    return tuple(sorted(spans))


def _quote(brief: str, match: re.Match[str]) -> Quote:
    text = match.group(1).strip()
    if _LEGAL_BEFORE.search(brief[max(0, match.start() - 48) : match.start()]):
        return Quote(text, "legal")
    before, after = brief[max(0, match.start() - 48) : match.start()], brief[match.end() :]
    return Quote(text, _use(text, before, after))


def _use(text: str, before: str, after: str) -> QuoteUse:
    if _BUTTON.search(before) or _BUTTON_AFTER.match(after):
        return "cta"
    if is_offer(text) or _OFFER_BEFORE.search(before):
        return "offer"
    if _TITLED.search(before) or (_LEADS_TO.search(before) and after.startswith(" by ")):
        return "headline"
    is_alone = len(text.split()) == 1 and before.strip()
    if _NAMED.search(before) or (is_alone and not _SAYS.search(before)):
        return "name"
    if len(text.split()) <= _BUTTON_LENGTH and _BUTTON_WORDS.match(text):
        return "cta"
    return "headline"
