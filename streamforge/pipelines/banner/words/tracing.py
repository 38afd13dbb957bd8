# ruff: noqa: E501, RUF001 - long word lists read better whole; other languages' letters
"""What became of the facts of a brief: shown, shown on some canvases, left out; and what is printed without its limits.

A detector, not a writer: it reads finished copy against the brief and knows nothing of how the copy was made, so that it
holds for every designer.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.cleaning import readable
from streamforge.pipelines.banner.words.conserving import KINDS, facts_in, stands
from streamforge.pipelines.banner.words.stated import unstated
from streamforge.pipelines.banner.words.telling import read
from streamforge.pipelines.banner.words.told import Told

FactKind = Literal["name", "headline", "offer", "date", "place", "condition", "address", "phone", "code", "button"]
State = Literal["shown", "partly", "left out"]
_MOST = 40
"""A brief with more facts than this is traced as far."""


class Fact(Struct, frozen=True, kw_only=True):
    """A fact of the brief in its words, and on which canvases it stands (``sizes``; all of them where it is ``shown``)."""

    kind: FactKind
    text: str
    state: State
    sizes: tuple[str, ...] = ()
    why: str = ""


class Fault(Struct, frozen=True):
    """A text that says other than the brief: what is wrong in it, and why."""

    text: str
    piece: str
    why: str


def trace(spec: BannerSpec, shown: Mapping[str, Collection[str]]) -> list[Fact]:
    """Every fact of the brief, in its order by kind; ``shown`` has the texts of each canvas by its size. Pure."""
    found: list[Fact] = []
    for kind, text in dict.fromkeys(_facts(read(spec.prompt, spec.brand_name))):
        sizes = tuple(size for size, texts in shown.items() if _stands(text, texts))
        state: State = "shown" if len(sizes) == len(shown) and shown else "partly" if sizes else "left out"
        found.append(Fact(kind=kind, text=text, state=state, sizes=sizes, why=_why(state)))
    return found[:_MOST]


def faults(spec: BannerSpec, texts: Collection[str]) -> list[Fault]:
    """What the texts state that the brief does not, and figures whose limits (``from``, ``up to``, ``over``) are gone."""
    said = readable(f"{spec.prompt}\n{spec.purpose}\n{spec.brand_name}")
    found = [
        Fault(text, piece, f"the brief does not say {piece!r}, or not without more")
        for text in texts
        for piece in unstated(text, said)
    ]
    for limit, amount in _limited(said):
        bare = [text for text in texts if _has(text, amount) and not limit.search(text)]
        why = f"{amount!r} stands without the limit that the brief gives it"
        found.extend(Fault(text, amount, why) for text in bare if not _is_elsewhere(amount, limit, said))
    return found


def _why(state: State) -> str:
    return {
        "shown": "",
        "partly": "no room on the other canvases",
        "left out": "other facts come first, or it fits no line whole",
    }[state]


def _facts(told: Told) -> Iterator[tuple[FactKind, str]]:
    """Every fact with its kind, in the order in which a reader needs them."""
    facts = facts_in(told)
    stated: dict[str, list[str]] = {kind: [fact.text for fact in facts if fact.kind == kind] for kind in KINDS}
    by_kind: dict[FactKind, list[str]] = {
        "headline": told.titles,
        "name": [told.brand],
        "offer": stated["offer"],
        "date": [*told.dates, *stated["date"]],
        "place": [*told.places, *stated["place"]],
        "condition": told.notes,
        "address": told.urls,
        "phone": told.phones,
        "code": told.codes,
        "button": [told.button],
    }
    for kind, texts in by_kind.items():
        for text in texts:
            if text:
                yield kind, text


def _stands(fact: str, texts: Collection[str]) -> bool:
    """Whether one text has it; a fact of several parts may stand in several."""
    return stands(fact, list(texts))


_AMOUNT = r"(?:[$€£¥₹₩₺₽₪] ?\d[\d.,]*\d|[$€£¥₹₩₺₽₪] ?\d|\d[\d.,]*(?: \d{3})* ?(?:[%€£$₽₺₪₴]|EUR\b|USD\b|kr\b|zł\b|Kč\b|lei\b|TL\b|Ft\b|грн\b|बाट|บาท|円|元|원))"
_LIMITS: tuple[tuple[str, str], ...] = (
    (
        r"from|start(?:s|ing)? (?:at|from)|begin(?:s|ning)? at|prices? from|ab|dès|à partir de|desde|a partir (?:de|da|dos)|da|vanaf|od|från|fra|från|от|від|з|alates|alkaen|de la|început de la|από|من|ابتداءً? من|از|เริ่มต้น(?:ที่)?|từ|mulai(?: dari)?",
        r"(?<!\w)(?:from|starts?|starting|begin|begins|beginning|ab|dès|à partir de|desde|a partir|da|vanaf|od|från|fra|от|від|з|alates|alkaen|de la|από|من|از|เริ่มต้น|từ|mulai)(?!\w)|เริ่มต้น",
    ),
    (
        r"up to|as much as|bis zu|jusqu['’]à|hasta(?: un)?|fino a(?:l)?|até|tot|do|upp till|op til|opptil|до|až|akár|έως|يصل إلى|حتى|تا|สูงสุด|最大|最高|최대",
        r"up to|as much as|bis zu|jusqu|hasta|fino a|até|tot|(?<!\w)do(?!\w)|upp till|op til|opptil|(?<!\w)до|až|akár|έως|يصل إلى|حتى|تا|สูงสุด|最大|最高|최대",
    ),
    (
        r"over|above|at least|more than|min(?:imum|\.)?(?: spend| order| purchase| deposit)?(?: of)?|mindestens|über|plus de|más de|oltre|superior(?:e|es)? a|mais de|acima de|boven|powyżej|över|over|od kwoty|свыше|от|понад|فوق|أكثر من|בקנייה מעל|מעל|以上|满",
        r"over|above|at least|more than|min|mindestens|über|plus de|más de|oltre|superior|mais de|acima|boven|powyżej|över|свыше|от|понад|فوق|أكثر|מעל|以上|满",
    ),
    (
        r"under|below|less than|unter|moins de|menos de|meno di|onder|poniżej|under|до",
        r"under|below|less than|unter|moins de|menos de|meno di|onder|poniżej|до",
    ),
)
"""What limits an amount that follows it, and by which words it still does."""
_LIMITED = tuple(
    (
        re.compile(rf"(?<!\w)(?:{before}) ?(?:an? |extra |un )?({_AMOUNT})", re.IGNORECASE),
        re.compile(kept, re.IGNORECASE),
    )
    for before, kept in _LIMITS
)


def _limited(said: str) -> Iterator[tuple[re.Pattern[str], str]]:
    """Every amount of the brief that a word before it limits, with what has to stay beside it."""
    for pattern, kept in _LIMITED:
        yield from ((kept, match.group(1).strip()) for match in pattern.finditer(said))


def _has(text: str, amount: str) -> bool:
    return bool(re.search(rf"(?<![\d.,]){re.escape(amount)}(?![\d%]|[.,]\d)", text))


def _is_elsewhere(amount: str, limit: re.Pattern[str], said: str) -> bool:
    """Whether the brief says the amount a second time without the limit."""
    places = list(re.finditer(rf"(?<![\d.,]){re.escape(amount)}(?![\d%]|[.,]\d)", said))
    return any(not limit.search(said[max(0, place.start() - _NEAR) : place.end()]) for place in places)


_NEAR = 24
