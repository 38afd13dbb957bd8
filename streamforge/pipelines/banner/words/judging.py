# ruff: noqa: E501, RUF001 - long patterns read better whole; other languages' letters
"""Judgements on a text by itself: whether it can lead, whether it only names, sends, points back, or says where."""

from __future__ import annotations

import re

from streamforge.pipelines.banner.words import wording
from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.facts import offer_spans
from streamforge.pipelines.banner.words.kinds import Kind

_WORDY = 2
"""An offer with so many words besides its figures says what it is on."""
_ONE_WORD = 3
_ERRAND_WORDS = 4
_INTRO = re.compile(
    r"^(?:we(?:['’]re| are)|i(?:['’]m| am)|this is|it(?:['’]s| is)|my name is|welcome to) (?:an?|the) ", re.IGNORECASE
)
_TRADE = re.compile(r"^(?:we(?:['’]re| are)|i(?:['’]m| am)) (?:an? |the )((?:[\w'’-]+ ?){1,5})$", re.IGNORECASE)
_POINTS_BACK = re.compile(
    r"^(?:it|they|he|she|this|that|these|those|there|here|which|who|its|their|his|her|you can|otherwise|then|also|so|and|but|or)\b",
    re.IGNORECASE,
)
_IT_IS = re.compile(r"(?:it(?:['’]?s| is)|they(?:['’]re| are)) ", re.IGNORECASE)
_ERRAND = re.compile(
    r"^(?!book (?:launch|club|fair|shop|store|signing|release|reading|swap|sale|review)|text ?book|call cent|ring size|contact lens|order form|open )"
    r"(?:visit|call|ring|text|phone|contact|order|click|book|register|apply|sign up|come along|come and see us|rsvp|bookings?|find us|follow us|see you there|don['’]t miss (?:it|out))\b",
    re.IGNORECASE,
)
_IDLE = re.compile(
    r"^(?:shop with us|buy|purchase|visit (?:us|the|our)|learn more|enjoy (?:the|our) (?:offer|discount)|take action)\b.{0,12}$",
    re.IGNORECASE,
)
_BUTTON_WISH = re.compile(
    r"^(?:book|open|play|request|register|sign up|make an appointment|view|take part|buy|shop (?:an? |our |the )|visit|come|apply|subscribe|download|enrol|donate|call|get|order|see|vote|reserve|pre-?order|rent|upgrade|arrange|schedule|make you|attend|volunteer)\b",
    re.IGNORECASE,
)
_WE_AT = re.compile(r"^we(?:['’]re| are) (?:at|in|on|opposite|next to|near|behind)\b", re.IGNORECASE)
_STREET = re.compile(
    r"\b\d{1,4}[a-z]?,? (?-i:(?:[A-Z][\w'’.-]+ ){1,3}(?:St|Ave|Rd|Ln|Dr|Blvd|Way|Row|Court|Hill|Quay|Terrace|Close|Crescent|Parade|Market|Yard|Wharf|Gate|Broadway|Lane|Street|Road|Square)\b)|"
    r"(?<!\w)(?:ul\.|ул\.|вул\.|str\.|av\.|c/) ?\w|\b(?:street|road|avenue|lane|square|hall|park|unit|centre|center|mall|library|station|church)\b|(?:straße|str\.|platz|weg \d|allee)|"
    r"\b(?:rue|avenue|place|boulevard|calle|plaza|avenida|via|piazza|rua|praça|ulica|улица|площа|strada)\b",
    re.IGNORECASE,
)
_DEADLINE = re.compile(
    r"\W*(?:until|till|through|by|before|ends?|ending|from|only|valid|nur|bis|jusqu|avant|hasta|antes|fino|entro|até|tot|t/m|vóór|do|till och med|senest|до|تا|حتى)(?!\w)",
    re.IGNORECASE,
)
_KIND = re.compile(
    r"^(?:(?:free|new|online|live|our|the|a|book|album|film) )*(?:webinar|workshop|seminar|talk|lecture|course|class|masterclass|concert|exhibition|event|meetup|conference|tour|screening|podcast|book|album|film|play|book launch|launch|reading|out now|new book|new album)$",
    re.IGNORECASE,
)
_PRICED = re.compile(r"[$€£¥₹₽₺₪%]|\d")
_LIGHT = re.compile(
    r"\b(?:off|discount|from|only|now|up to|save|per|an?|the|for|on|was|just|pp|month|day|week|year|rabatt|ab|nur|sur|remise|de|descuento|including|incl|inc|vat|normally|regularly|usually|instead|of|each|deposit|fixed|prices?|starting|at)\b|\S*\d\S*",
    re.IGNORECASE,
)
_HASTE = frozenset(["now", "today", "right", "away", "here"])
_NAME_WORDS = frozenset(["of", "the", "&", "and", "in", "at", "on"])


def leads(kind: Kind, text: str, *, alone: bool) -> bool:
    """Whether a piece can be a headline: news of two words, or an offer that says on what."""
    if kind == "offer":
        return len(re.sub(r"[\d\W]+", " ", _without_prices(text)).split()) >= _WORDY
    return kind == "news" and (len(text.split()) > 1 or len(text) > _ONE_WORD or alone)


def _without_prices(text: str) -> str:
    for start, end in reversed(offer_spans(text)):
        priced = text[start:end]
        if _PRICED.search(priced) and not re.match(r"buy|\w+[- ]for", priced, re.IGNORECASE):
            text = f"{text[:start]} {text[end:]}"
    return _LIGHT.sub(" ", text)


def is_weak(text: str, brand: str, language: str) -> bool:
    """Whether a piece names, points back or sends: a headline only where there is nothing else."""
    if _is_brand(text, brand):
        return True
    if language != "en":
        return False
    patterns = (_POINTS_BACK, _INTRO, _WE_AT)
    is_limit = re.search(r"\bonly$", text, re.IGNORECASE)
    return bool(is_short_errand(text) or _is_name(text) or is_limit or any(each.match(text) for each in patterns))


def _is_brand(text: str, brand: str) -> bool:
    one, other = text.casefold(), brand.casefold()
    return bool(other) and (other in one or one in other) and len(one.split()) <= len(other.split()) + 1


def _is_name(text: str) -> bool:
    """``The Copper Still, Leeds``: nothing but capitals and small words, with a comma."""
    words = text.split()
    is_capital = all(word[:1].isupper() or not word[:1].isalpha() or word in _NAME_WORDS for word in words)
    return len(words) > 1 and is_capital and "," in text and not text.isupper()


def trade(text: str) -> str:
    """Of ``We're a dog groomer in Hove`` the trade; empty for another sentence."""
    match = _TRADE.match(text)
    return match[1] if match else ""


def is_errand(text: str) -> bool:
    """Whether the text sends its reader somewhere, which is the button's to say."""
    return bool(_ERRAND.match(text))


def is_short_errand(text: str) -> bool:
    """Whether it does nothing else."""
    return is_errand(text) and len(text.split()) <= _ERRAND_WORDS


def is_idle(wish: str) -> bool:
    """Whether a wish says nothing that a button does not."""
    return bool(_ERRAND.match(wish) or _IDLE.match(wish))


def repeats(wish: str, call: str) -> bool:
    """Whether a purpose says only what the button says."""
    asked, told = wording.content_words(call), wording.content_words(wish) - _HASTE
    return bool(_BUTTON_WISH.match(wish)) or (bool(asked & told) and len(told - asked) <= 1)


def says_where(text: str) -> bool:
    """Whether the text has a street or a place of meeting."""
    return bool(_STREET.search(text))


def says_when(text: str) -> bool:
    """Whether the text has a date on which something happens; a deadline is none."""
    return any(not _DEADLINE.match(match.group()) for match in DATE.finditer(text))


def needs_subject(text: str) -> bool:
    """Whether a text only says when and where, or points back: what it is about leads then."""
    if len(re.sub(r"\W+", " ", DATE.sub("", text)).split()) <= 1 and DATE.search(text):
        return True
    return bool(_IT_IS.match(text)) or (bool(DATE.match(text)) and (says_where(text) or bool(TIME.search(text))))


def says_hours(text: str) -> bool:
    """Whether a date says when to come."""
    return not _DEADLINE.match(text)


_CLIENT = re.compile(
    r" or | und | oder |\b(?:company|firm|business|agency|provider|retailer|manufacturer|brand|organi[sz]ation|startup|start-up|chain|association|institution)$",
    re.IGNORECASE,
)


def describes_client(line: str) -> bool:
    """Whether words only say of what kind the advertiser is, as nobody says of himself: ``dairy company``."""
    return bool(_CLIENT.search(line))


def is_kind(lead: str) -> bool:
    """Whether words before a colon only say what kind of thing is announced: what it is called says more."""
    return bool(_KIND.match(lead))
