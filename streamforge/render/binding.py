# ruff: noqa: RUF001, SIM905 - letters of other scripts are meant; a list of words is easiest read as one
"""What belongs together on a line: words that lean on the next one, and spaces that are none to break at.

The word lists are of the larger European languages, with the prepositions of Arabic and Hebrew. A word of one
language may be another's: what follows from being in the list is a preference, never a rule.
"""

from __future__ import annotations

import re

from streamforge.render import scripts

NBSP = "\u00a0"

_BINDERS = frozenset(
    """
    a an the of to in on at by for and or & + with from your our my is its as per vs
    der die das den dem des ein eine einen einem und oder für mit von vom zu zum zur im am bei auf aus ab bis
    le la les un une du de des et ou à au aux en avec pour par sur sans chez votre notre nos vos ce cette
    el los las y e o u con por para sin del al su sus tu lo una unos
    il gli i uno di da tra fra della dei delle nel nella ai alle
    os um uma dos na nas em ao aos com sem
    het een van voor met op te bij naar uit onze
    och eller för med på av ett till från vår og af til som
    w we z ze od po za ku nad pod przez dla lub oraz się nie
    v ve se ke pro při nebo k s
    și cu din pe într az egy és ja sekä tai ile için bir
    в на и с со к ко о об от до по за из для не но а у или і й та з зі від або
    και με σε για από ο η το οι τα του της στο στη την
    في من على إلى عن مع של את על עם
    """.split()
)
"""Words that lean on the next one: articles, prepositions, conjunctions."""
_UNITS = (
    r"%|‰|°\s?[CF]?|€|\$|£|¥|₹|₽|₺|zł|Kč|kr\.?|Ft|lei|лв\.?|руб\.?|грн|EUR|USD|GBP|CHF|PLN|CZK|SEK|NOK|DKK|BRL|RON|"
    r"[kcmµ]?m[²³]?|km/h|mph|mi|ft|yd|[km]?g|lbs?|oz|[cdm]?l|gal|[KMGT]B|[KMGT]Hz|[kM]?W|kWh|mAh|MP|px|dpi|fps|hp|"
    r"PS|cc|[ap]\.?\s?m\.?|[AP]M|h|hrs?|min\.?|mins|sec|Uhr|heures?|horas?|ore|uur|Stk\.?|pcs|[Mm]illion(?:en)?|"
    r"[Bb]illion|Mio\.?|Mrd\.?|bn|Jahre|ans|años|anni|км|кг|г|м|см|мл|л|ч"
)
_TITLES = (
    "St|Ste|Mt|Ft|Dr|Mr|Mrs|Ms|Prof|Sr|Sra|Jr|No|Nr|Vol|Fig|Art|Apt|pp?|ca|approx|vs|ul|al|im|św|"
    "Hr|Fr|Sto|Sta|Dra|Mme|Mlle|Tel|Tél|г|ул|им|стр"
)
_MONTHS = (
    "jan|feb|fév|f[äe]v|mär|mar|apr|avr|abr|kwi|ma[iyjg]|jun|juin|jul|juil|lip|aug|aoû|ago|sep|set|sie|wrz|okt|oct|ott|out|"
    "nov|lis|dec|dez|déc|dic|gru|янв|фев|мар|апр|мая|июн|июл|авг|сен|окт|ноя|дек"
)
_KEPT = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\d (?:{_UNITS})(?!\w)",
        r"(?<!\w)(?:[$€£¥₹₽№#§~≈]|CHF|EUR|USD|GBP|Rs\.?|R\$|kr) \d",
        rf"(?<!\w)(?:{_TITLES})\. (?=\w)",
        r"(?<![\w.])[^\W\d_]\. (?=[^\W\d_])",
        r" (?=[·|•/–—-](?: |$))",
        r" (?=[!?:;»](?: |$))|« ",
        r"\d \d{3}(?!\d)",
        rf"(?<!\d)\d{{1,2}}\.? (?i:{_MONTHS})",
        r"(?:(?<=\bat )|(?<=\bby )|(?<=\bbei )|(?<=\bchez ))[A-Z][\w'’]{1,10} (?=[A-Z][a-z])",
    )
)
"""Number and unit, currency and sum, title and name, initials, separators, French punctuation, thousands, day and
month, the first two words of a place's or a maker's name."""


def dangles(word: str) -> bool:
    """Whether a word belongs to the one after it: articles, prepositions, figures."""
    return word.isdigit() or word.lower() in _BINDERS


def kept_together(paragraph: str) -> str:
    """The paragraph with hard spaces where it must not be broken."""
    if " " not in paragraph:
        return paragraph
    for pattern in _KEPT:
        paragraph = pattern.sub(_with_hard_spaces, paragraph)
    return scripts.PHONE.sub(_phone_kept, paragraph)


def _with_hard_spaces(match: re.Match[str]) -> str:
    return match.group().replace(" ", NBSP)


def _phone_kept(match: re.Match[str]) -> str:
    return _with_hard_spaces(match) if scripts.is_phone(match.group()) else match.group()
