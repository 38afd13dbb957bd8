# ruff: noqa: E501, RUF001 - long patterns read better whole; briefs use typographic quotes and dashes
"""What a brief states and copy must repeat exactly: addresses, numbers, offers, dates and quoted words.

Everything here is a slice of the brief. Nothing is computed, so nothing can be invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.words import wording

QuoteUse = Literal["headline", "offer", "cta", "name"]


class Quote(Struct, frozen=True):
    """Words in quotation marks, and what the text before them says they are for."""

    text: str
    use: QuoteUse


class Facts(Struct, frozen=True, kw_only=True):
    """The literal facts of a brief, each in the order it is stated."""

    urls: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    offers: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    quotes: tuple[Quote, ...] = ()

    def quoted(self, use: QuoteUse) -> str:
        """The first quotation for that use, or an empty string."""
        return next((quote.text for quote in self.quotes if quote.use == use), "")


_TLD = (
    "com|org|net|eu|io|co|uk|us|de|fr|es|it|nl|pl|ch|at|be|se|no|dk|fi|pt|ie|ai|app|dev|shop|store|info|biz|me|tv|"
    "ca|au|nz|jp|cn|in|br|mx|edu|gov|online|site|club|cafe|studio|art|travel|health|example|рф|укр|бг|ελ"
)
_LETTER = r"a-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f\u0370-\u052f"
"""Of a host's name: Latin, Greek or Cyrillic. Scripts without spaces would run into the words around them."""
_LABEL = rf"[{_LETTER}](?:[{_LETTER}-]{{0,61}}[{_LETTER}])?"
_PATH = r"(?:/[^\s,;'\"”’)>\]]*)?"
URL = re.compile(
    rf"(?<![\w@.])(?:(?:(?<=\bat )|(?<=\bvisit )|(?<=\bonline: ))(?:{_LABEL}\.)+[a-z]{{2,12}}\b(?![@\w-]){_PATH}|https?://[^\s,;'\"”’)>\]]+|www\.[^\s,;'\"”’)>\]]+|(?:{_LABEL}\.)+(?:{_TLD})\b(?![@\w-]){_PATH})",
    re.IGNORECASE,
)
EMAIL = re.compile(r"(?<![\w.])[\w.+-]{1,64}@(?:[\w-]+\.)+[a-z]{2,}", re.IGNORECASE)
PHONE = re.compile(r"(?<![\w.,/$€£%-])\+?\(?\d(?:[ ().-]{0,2}\d){6,16}(?![\w%])")
_NOT_PHONE = re.compile(r"^(?:\d{4}[-.]\d{1,2}[-.]\d{1,2}|\d{1,2}[-.]\d{1,2}[-.]\d{4}|\d{4} ?[-. ] ?\d{4})$")

_PERCENT = r"\d+(?:[.,]\d+)?(?: ?%| percent\b| per cent\b)"
_PRICE = r"(?:[$€£¥₹] ?\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)* ?(?:€|£|\$|EUR\b|USD\b|GBP\b|CHF\b|zł|kr\b|euros?\b|dollars?\b|pounds?\b))"
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
        rf"\bbuy {_COUNT},? get {_COUNT}(?: (?:free|half[- ]price|half off|{_PERCENT} off))?",
        rf"\b{_COUNT}[- ]for[- ](?:{_COUNT})\b",
        rf"{_LIMIT}(?<![\w.,]){_PERCENT}{_CUT}",
        rf"(?<![\w.,]){_PERCENT} (?:APR|interest|financing|commission)\b",
        rf"\b(?:save|spare) (?:up to |bis zu )?(?:{_PERCENT}|{_PRICE})",
        rf"\b(?:discounts?|savings|reductions?|rabatt|descuentos?|remise|sconto) (?:of|von|de|di|del|up to) (?:up to )?{_PERCENT}",
        (
            rf"(?:\b(?:starting at|starting from|starts at|from|only|just|under|now|ab|nur|desde|solo|dès|da) )?(?<![\w.,]){_PRICE}"
            r"(?: off\b|(?:/| per | an? )(?:month|mo|year|week|day|night|person|kg|lb|hour)\b| per [a-z]+\b)?"
        ),
        rf"\b(?:first|second) \w+ (?:is )?(?:free|half price)\b|\bfree (?:[\w-]+ )?(?:{_FREEBIE})\b",
        r"\bhalf[- ](?:price|off)\b",
        rf"\bскидк\w* (?:до )?{_PERCENT}",
    )
)
_MAX_OFFERS = 16
_DISCOUNT_NOUN = re.compile(rf"^({_LIMIT}{_PERCENT}) (?:discount|reduction|savings|sale)$", re.IGNORECASE)
_DISCOUNT_OF = re.compile(rf"^(?:discounts?|savings|reductions?) (?:of )?((?:up to )?{_PERCENT})$", re.IGNORECASE)
_CODE = re.compile(r"\b(?:promo |coupon |discount |voucher )?code:? +['\"“‘]?([A-Z][A-Z0-9]{2,19})\b")

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_GERMAN_DATE = (
    rf"(?:(?:bis(?: zum)?|ab(?: dem)?|am|vom) )?(?:\d{{1,2}}\.(?: ?{wording.GERMAN_MONTH})? ?(?:bis|-|–|und)(?: zum)? ?)?"
    rf"\d{{1,2}}\. ?{wording.GERMAN_MONTH}(?: \d{{4}})?"
)
_WEEKDAY = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day\b"
_NUMBER_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
_DAYS = rf"{_NUMBER_DAY}(?: ?(?:-|–|to|and) ?{_NUMBER_DAY})?"
_DATE = (
    rf"(?:{_WEEKDAY},? )?(?:{_MONTH} {_DAYS}\b(?:,? \d{{4}})?|{_DAYS} (?:of )?{_MONTH}(?: \d{{4}})?)"
    rf"|(?<!cyber )(?<!black )(?<!good )(?<!easter ){_WEEKDAY}(?! (?:sale|deals))|(?:(?:this|next|every) )(?:{_WEEKDAY}|weekend|week|month)|\d{{4}}-\d{{2}}-\d{{2}}"
)
_TIME = r"(?:\d{1,2}(?::\d{2})? ?(?:am|pm|a\.m\.|p\.m\.)|\d{1,2}:\d{2}(?: (?:CET|CEST|UTC|GMT|EST|EDT|PST|PDT|BST)\b)?)"
DATE = re.compile(
    rf"\b{_GERMAN_DATE}|\b(?:(?:until|till|through|by|before|from|every|ends|ending|starting|starts) )?(?:on )?(?:{_DATE})(?:(?:,| at|,? from)? {_TIME}(?: ?(?:-|–|to) ?{_TIME})?)?(?: only\b)?",
    re.IGNORECASE,
)

_MARKS = (("“", "”"), ("„", "“"), ("«", "»"), ("‘", "’"), ('"', '"'), ("'", "'"))
_NAMED = re.compile(
    r"\b(?:called|named|brand(?: name)?|company|restaurant|shop|café|cafe|store)(?: is)?:? *$", re.IGNORECASE
)
_TITLED = re.compile(
    r"\b(?:event|show|exhibition|festival|concert|tour|play|album|book|campaign|collection|series|course|evening|night)\b[^.]{0,16}"
    r"\b(?:called|named|titled|entitled):? *$",
    re.IGNORECASE,
)
_BUTTON = re.compile(r"\b(?:button|cta|call[- ]to[- ]action)\b[^.]{0,20}$", re.IGNORECASE)
_BUTTON_LENGTH = 3
_BUTTON_AFTER = re.compile(r"^ *(?:button|cta|call[- ]to[- ]action)\b", re.IGNORECASE)
_OFFER_BEFORE = re.compile(r"\b(?:offer|deal|promotion|promo|discount)\b[^.]{0,16}$", re.IGNORECASE)
_BUTTON_WORDS = re.compile(
    r"^(?:shop|buy|book|order|call|learn|sign|join|get|visit|register|start|try|apply|subscribe|download|donate|reserve|"
    r"contact|discover|explore)\b",
    re.IGNORECASE,
)


def extract(brief: str) -> Facts:
    """Every literal fact of the brief."""
    emails = tuple(EMAIL.findall(brief))
    rest = EMAIL.sub(" ", brief)
    urls = tuple(dict.fromkeys(_trim(match) for match in URL.findall(rest)))
    rest = URL.sub(" ", rest)
    dates = _once(match.group().strip() for match in DATE.finditer(rest))
    quotes = quotations(brief)
    return Facts(
        urls=urls,
        emails=emails,
        phones=tuple(number for number in PHONE.findall(rest) if not _NOT_PHONE.match(number)),
        offers=_offers(rest, quotes),
        codes=_once(_CODE.findall(rest)),
        dates=dates,
        quotes=quotes,
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
    bare = EMAIL.sub("", sentence)
    bare = URL.sub("", bare)
    bare = PHONE.sub(lambda match: match.group() if _NOT_PHONE.match(match.group()) else "", bare)
    return re.sub(r"\s+", " ", bare).strip()


def offer_spans(text: str) -> list[tuple[int, int]]:
    """Where offers stand in the text, earliest first, none inside another."""
    spans: list[tuple[int, int]] = []
    for pattern in _OFFERS:
        for match in pattern.finditer(text):
            if len(spans) < _MAX_OFFERS and not any(s < match.end() and match.start() < e for s, e in spans):
                spans.append(match.span())
    return sorted(spans)


def _offers(text: str, quotes: tuple[Quote, ...]) -> tuple[str, ...]:
    quoted = [quote.text for quote in quotes if quote.use == "offer"]
    stated = [_badge(text[start:end]) for start, end in offer_spans(text)]
    return _once([*quoted, *(offer for offer in stated if not any(offer.lower() in q.lower() for q in quoted))])


def _badge(offer: str) -> str:
    """``45% discount`` and ``discount of 45%`` as ``45% off``; anything else as it stands."""
    words = re.sub(r"^(?:an?|un) ", "", offer.strip(), flags=re.IGNORECASE)
    for form in (_DISCOUNT_NOUN, _DISCOUNT_OF):
        if match := form.match(words):
            words = re.sub(r"^(?:an?) ", "", match.group(1), flags=re.IGNORECASE) + " off"
    words = re.sub(r"^(?:starting at|starting from|starts at)\b", "from", words, flags=re.IGNORECASE)
    return words[:1].upper() + words[1:]


def _quote(brief: str, match: re.Match[str]) -> Quote:
    text = match.group(1).strip()
    before, after = brief[max(0, match.start() - 48) : match.start()], brief[match.end() :]
    return Quote(text, _use(text, before, after))


def _use(text: str, before: str, after: str) -> QuoteUse:
    if _BUTTON.search(before) or _BUTTON_AFTER.match(after):
        return "cta"
    if is_offer(text) or _OFFER_BEFORE.search(before):
        return "offer"
    if _TITLED.search(before):
        return "headline"
    if _NAMED.search(before):
        return "name"
    if len(text.split()) <= _BUTTON_LENGTH and _BUTTON_WORDS.match(text):
        return "cta"
    return "headline"


def _trim(address: str) -> str:
    return address.rstrip(".,;:!?")


def _once(items: Iterable[str]) -> tuple[str, ...]:
    seen: dict[str, str] = {}
    for item in items:
        seen.setdefault(item.lower(), item)
    return tuple(seen.values())
