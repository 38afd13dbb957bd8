# ruff: noqa: E501, RUF001 - long patterns read better whole; briefs use typographic dashes
"""What a line may never be cut within, and cutting that keeps to it.

Addresses, telephone numbers, dates, prices with their conditions, numbered names (``Symphony No. 2``) and abbreviations
(``Sat.``, ``Dr.``) are atoms: they are used whole or not at all.
"""

from __future__ import annotations

import re
from functools import lru_cache

from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.facts import CODE, EMAIL, PHONE, URL, offer_spans

Span = tuple[int, int]

_ABBREVIATED = re.compile(
    r"\b(?:Tel|ul|al|os|av|avda|\w{0,20}str|тел|ул|пр|tél|telf?|Dr|Mr|Mrs|Ms|Prof|Mt|approx|ca|min|max|incl|excl|inkl|exkl|zzgl|bzw|evtl|Bros|(?![ap]\.m)[a-z]\.(?: ?[a-z]))\. ?[\w(]|"
    r"\b(?:Sat|Mon|Tues?|Wed|Thurs?|Fri|Jan|Feb|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|[ap]\.m)\. ?(?-i:[a-z0-9(])|"
    r"\b(?:No|Nos|Nr|Op|Vol|Ch|ext|tel)\.? ?\d+(?:[.,/-]\d+)*\b",
    re.IGNORECASE,
)
_NUMBERED = re.compile(
    r"\d+(?:[.,:/]\d+)+|(?<=am )\d{1,2}\. \w|(?<=der )\d{1,2}\. \w|(?<=den )\d{1,2}\. \w|(?<=dem )\d{1,2}\. \w|(?<=zum )\d{1,2}\. \w|(?<=vom )\d{1,2}\. \w|[-–]?\d(?:[\d.,]*\d)? ?(?:%|[^\W\d_\u0e00-\u0e7f]{1,3}\b)"
)
_HOUSE = re.compile(r"(?<!\w)[A-ZÀ-ÞА-Я][\w'’.-]{2,}, \d{1,4}[a-zа-я]?(?=\s*(?:[.;)]|$|\n| [–—(]|, [A-ZÀ-ÞА-Я]))")
"""A house's number after its street: ``улица Ленина, 8``."""
_PATTERNS = (_HOUSE, CODE, URL, EMAIL, PHONE, DATE, TIME, _ABBREVIATED, _NUMBERED)
_MOST_LETTERS = 2000


@lru_cache(maxsize=64)
def atoms(text: str) -> tuple[Span, ...]:
    """Where the text's atoms stand, each start and end in letters; they may overlap."""
    read = text[:_MOST_LETTERS]
    found = [match.span() for pattern in _PATTERNS for match in pattern.finditer(read)]
    return tuple(sorted([*found, *offer_spans(read)]))


def cuts(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """The places where the pattern would cut the text, without those within an atom."""
    whole = atoms(text)
    return [match for match in pattern.finditer(text) if not any(_within(match, span) for span in whole)]


def split(pattern: re.Pattern[str], text: str, most: int = 0) -> list[str]:
    """As ``re.split`` (groups are not returned), with atoms left whole; ``most`` cuts, 0 for all."""
    pieces: list[str] = []
    start = 0
    for match in cuts(pattern, text)[: most or None]:
        pieces.append(text[start : match.start()])
        start = match.end()
    return [*pieces, text[start:]]


def _within(match: re.Match[str], span: Span) -> bool:
    """A cut at an atom's last letter is none: the full stop of ``Sept.`` at a sentence's end still ends it."""
    return span[0] < match.end() and match.start() < span[1] and match.end() < span[1]
