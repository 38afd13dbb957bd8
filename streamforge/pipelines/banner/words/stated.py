# ruff: noqa: E501, RUF001, SIM905 - long patterns read better whole
"""Whether copy states only what the brief states: no figure, date, price or address of its own, and none cut short.

A detector, not a writer: it reads finished copy against the brief and knows nothing of how the copy was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.cleaning import readable
from streamforge.pipelines.banner.words.dates import DATE, TIME
from streamforge.pipelines.banner.words.facts import EMAIL, PHONE, URL, offer_spans

if TYPE_CHECKING:
    from streamforge.pipelines.banner.words.copywriting import Copy

_FIGURE = re.compile(
    r"(?:[$€£¥₹₩₺₽] ?|\b[A-Z]{3} ?|(?<=[\s(])[-–])?\d[\d.,:/]*\d(?: ?%| ?[€£$₹₺₽]| ?[^\W\d_]{1,3}\b)?|(?:[$€£¥₹₩₺₽] ?|\b[A-Z]{3} ?|(?<=[\s(])[-–])?\d(?: ?%| ?[€£$₹₺₽]| ?[^\W\d_]{1,3}\b)?"
)
_WHOLE = (URL, EMAIL, PHONE, DATE, TIME)
_LETTERS = 4000


def stated(copy: Copy, spec: BannerSpec) -> tuple[str, ...]:
    """The faults, each the words that are not the brief's; empty when all is stated. Pure."""
    said = readable(f"{spec.prompt}\n{spec.purpose}\n{spec.brand_name}")
    return tuple(fault for line in lines_of(copy) for fault in unstated(line, said))


def unstated(line: str, said: str) -> tuple[str, ...]:
    """The line's figures and addresses that the brief (``said``, readable) does not state, or not so."""
    return tuple(_foreign(line, said[:_LETTERS], _whole_spans(said[:_LETTERS])))


@lru_cache(maxsize=16)
def _whole_spans(said: str) -> tuple[tuple[int, int], ...]:
    """Where the brief's facts stand that have to be printed whole."""
    return tuple([span for pattern in _WHOLE for span in _spans(pattern, said)] + _priced(said))


def lines_of(copy: Copy) -> Iterator[str]:
    """Every text of the copy."""
    texts = (
        copy.headline,
        copy.headline_short,
        copy.kicker,
        copy.sub,
        copy.sub_short,
        copy.offer,
        copy.date,
        copy.legal,
        copy.more,
    )
    yield from (text for text in (*texts, copy.address, *copy.phones, copy.code) if text)


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [match.span() for match in pattern.finditer(text)]


def _priced(text: str) -> list[tuple[int, int]]:
    return [span for span in offer_spans(text) if re.search(r"\d", text[slice(*span)])]


def _foreign(line: str, said: str, whole: tuple[tuple[int, int], ...]) -> Iterator[str]:
    """The line's figures and addresses that stand in the brief nowhere, or there only as a part of something longer."""
    for start, end in (*_spans(URL, line), *_spans(EMAIL, line), *_spans(_FIGURE, line)):
        piece = line[start:end].strip()
        if not any(carries(line, said[slice(*around)]) for around in _places(piece, said, whole)):
            yield piece


def _places(piece: str, said: str, whole: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    """Each place of the piece in the brief, widened to the fact that it is a part of."""
    more = r"(?![\d%])(?![.,:/]\d)" if piece[-1:].isdigit() else ""
    pattern = rf"(?<![\d])(?<!\d[.,:/]){re.escape(piece)}{more}"
    for match in re.finditer(pattern, said, re.IGNORECASE):
        around = [span for span in whole if span[0] <= match.start() and match.end() <= span[1]]
        yield max((*around, match.span()), key=lambda span: span[1] - span[0])


def carries(line: str, fact: str) -> bool:
    """Whether the line has every figure and every word of weight of the fact."""
    told = _words(line)
    return _words(fact) <= told


_LIGHT = frozenset(
    "a an the on at of only just now starting starts start begin begins beginning discount savings save reduction for off un to every this next um am le el il".split()
)
"""Words that change no fact, or that a badge puts differently (``a 45% discount`` as ``45% off``)."""


def _words(text: str) -> set[str]:
    """Figures as written, words lower case; those without weight left out."""
    found = re.findall(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+|[%$€£¥₹₩₺₽]", text.casefold())
    return {word for word in found if word not in _LIGHT}
