# ruff: noqa: E501, RUF001 - long patterns read better whole; other scripts' punctuation
"""A brief cut into sentences, and a sentence into clauses, never within a fact, a quotation or brackets."""

from __future__ import annotations

import re
from bisect import bisect_left
from itertools import islice

from msgspec import Struct

from streamforge.pipelines.banner.words.atoms import atoms

Span = tuple[int, int]

_DENSE = "\u0e00-\u0e7f\u3040-\u9fff\uf900-\ufaff\uff66-\uff9d"
"""Scripts without spaces between words: there a mark alone ends a sentence."""
_SENTENCE_END = re.compile(
    rf"(?:(?<=[.!?…])|(?<=[.!?…][\"”’»')\]]))\s+(?=\S)|(?<=[。！？｡।؟۔])[」』”]?\s*(?=\S)|(?<=[{_DENSE}][!?])(?=\S)|\n+"
)
_ABBREVIATION = re.compile(
    r"(?:\b(?:am|der|den|dem|zum|vom|beim|ab|bis|den|od|do) \d{1,2}|(?<![\w'’])(?<!\d )[^\W\d]|\b(?:kl|Kl|tlf|Tlf|f\.eks|t\.ex|vs|etc|e\.g|i\.e|z\.B|u\.a|d\.h|p\.ej|ad es|np|tj|resp|Co|Ltd|Inc|Std|Stk|tägl|Min|max|min|inkl|incl|ca|Jr|Sr|rue|bd|av|pl|ul|Tel|tel|тел|ул|г|м|р|руб|т\.д|No|no|Nr|nr|St|Dr|Prof|Mr|Mrs|Ms|\w{2,20}str))\.$"
)
_STRONG = re.compile(
    rf"\s*[;:：；](?=\s)\s*|(?<=[{_DENSE})\]])[:;：；]\s*|\s+[-–—|/→·•]+\s+|\s*[—→•]\s*|(?<=\w[!?])\s+"
)
_WEAK = re.compile(rf"\s*[,،、，](?=\s)\s*|(?<=[{_DENSE}])[,、，]\s*|(?<=\w)\+ |[،、，]\s*")
_THAI_GAP = re.compile(
    r"(?<=[\u0e00-\u0e7f)]) (?=[\u0e00-\u0e7f])|(?<=\d{4}) (?=[\u0e00-\u0e7f])(?!บาท|คน|ชิ้น|วัน|นาที|ตร|กม|ชั่วโมง|%)|(?<=[\u0e00-\u0e7f])(?<!ตั้งแต่)(?<!วันที่)(?<!ถึง) (?=\d{1,2} ?[-–] ?\d{1,2} [\u0e00-\u0e7f])"
)
_PAIRS = (
    ("(", ")"),
    ("[", "]"),
    ("（", "）"),
    ("“", "”"),
    ("„", "“"),
    ("«", "»"),
    ("「", "」"),
    ("『", "』"),
    ('"', '"'),
)
_QUOTE = re.compile(r"(?<!\w)['‘](?=\S)[^'’\n]{2,90}?(?:['’](?=s\b|t\b|re\b|ll\b)[^'’\n]{0,60}?)?(?<=\S)['’](?!\w)")
_LETTERS, _MOST, _TRIED, _NEAR, _SENTENCE = 4000, 60, 4, 48, 480
"""A brief is read no further: no banner says so much. What a full stop ends is told from the letters near it."""


class Clause(Struct, frozen=True):
    """A piece of a sentence and the mark before it: ``,`` joins what may belong together, ``:`` what stands apart."""

    text: str
    mark: str = ""
    start: int = 0
    end: int = 0


def sentences(text: str) -> list[str]:
    """The sentences of a readable text, each without the full stop at its end."""
    found = _split(_SENTENCE_END, text[:_LETTERS])
    return [line for piece in _joined(text, found[:_MOST]) for part in _bounded(piece) if (line := _bare(part))]


def _bounded(piece: str) -> list[str]:
    """A sentence without end in lengths that every pattern can bear, cut at a comma or between words."""
    found: list[str] = []
    while len(piece) > _SENTENCE:
        head = piece[:_SENTENCE]
        cut = max(head.rfind(", "), head.rfind("、"), _SENTENCE // 2)
        cut = cut if cut > _SENTENCE // 2 else max(head.rfind(" "), 0) or _SENTENCE
        found.append(piece[:cut])
        piece = piece[cut:].lstrip(" ,、")
    return [*found, piece]


def clauses(sentence: str, *, thai: bool = False) -> list[Clause]:
    """The clauses of a sentence in its own order; one that has no marks is its own clause."""
    kept = protected(sentence)
    patterns = [(_STRONG, ":"), (_WEAK, ","), *([(_THAI_GAP, ",")] if thai else [])]
    marks = sorted(
        (match.start(), match.end(), mark)
        for pattern, mark in patterns
        for match in pattern.finditer(sentence)
        if not any(start < match.end() and match.start() < end and not match.start() >= end for start, end in kept)
    )
    marks = [mark for mark in marks if not _parts_prices(sentence, mark)]
    found: list[Clause] = []
    at, mark = 0, ""
    for start, end, sign in [*marks, (len(sentence), len(sentence), "")]:
        if start < at:
            continue
        if any(letter.isalnum() for letter in sentence[at:start]):
            found.append(Clause(sentence[at:start].strip(), mark, at, start))
            mark = sign
        elif sign == ":":
            mark = sign
        at = end
    return found


_PRICED = re.compile(r"[$€£¥₹] ?\d[^,;]{0,12}\Z|\d ?[€£$][^,;]{0,12}\Z")
_PRICE = re.compile(r"[$€£¥₹] ?\d|\d[\d.,]* ?[€£$]")


def _parts_prices(sentence: str, mark: tuple[int, int, str]) -> bool:
    """Whether a slash stands between two prices: ``£12 adv / £15 door``."""
    start, end, _ = mark
    is_slash = sentence[start:end].strip() == "/"
    return is_slash and bool(_PRICED.search(sentence[max(0, start - _NEAR) : start]) and _PRICE.match(sentence[end:]))


def protected(text: str) -> list[Span]:
    """Where nothing may be cut: facts, quotations and brackets."""
    spans = list(atoms(text))
    for opening, closing in _PAIRS:
        pattern = rf"{re.escape(opening)}[^{re.escape(opening + closing)}\n]{{1,160}}{re.escape(closing)}"
        spans += [match.span() for match in re.finditer(pattern, text)]
    return sorted([*spans, *(match.span() for match in _QUOTE.finditer(text))])


def _split(pattern: re.Pattern[str], text: str) -> list[Span]:
    """The pieces between the places where the pattern may cut."""
    kept = _merged(protected(text))
    starts = [start for start, _ in kept]
    free = (
        match
        for match in islice(pattern.finditer(text), _MOST * _TRIED)
        if not _is_inside(match.start(), kept, starts) and not _is_short_form(text, match)
    )
    cuts = [match.span() for match in islice(free, _MOST)]
    return list(zip([0, *(end for _, end in cuts)], [*(start for start, _ in cuts), len(text)], strict=True))


def _merged(spans: list[Span]) -> list[Span]:
    """Sorted spans, those that overlap as one."""
    found: list[Span] = []
    for start, end in spans:
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found


def _is_inside(at: int, kept: list[Span], starts: list[int]) -> bool:
    """Strictly: a cut after a fact's last letter is none within it."""
    before = bisect_left(starts, at) - 1
    return before >= 0 and at < kept[before][1]


def _is_short_form(text: str, match: re.Match[str]) -> bool:
    """The full stop of ``Co.`` or of an initial; before a line break it ends the sentence all the same."""
    before = text[max(0, match.start() - _NEAR) : match.start()]
    after = text[match.end() : match.end() + 1]
    if _ORDINAL.search(before) and after.islower() and not text.isascii():
        return True
    return "\n" not in match.group() and bool(_ABBREVIATION.search(before)) and not _STREET_END.search(before)


_ORDINAL = re.compile(r"(?<![$€£¥\d.,])\b\d{1,2}\.$")
"""``10. klasse``; English has no such numbers."""
_STREET_END = re.compile(r"\d\w? (?:[A-Z][\w'’-]+ ){1,3}(?:St|Ave|Rd|Dr)\.$")


def _joined(text: str, spans: list[Span]) -> list[str]:
    """The pieces as text; a bracket that stands alone belongs to the sentence before it."""
    found: list[str] = []
    for start, end in spans:
        piece = text[start:end]
        if found and piece.startswith("(") and piece.rstrip(" .").endswith(")"):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found


_OWN_STOP = re.compile(
    r"(?:\b[ap]\.m|(?<![\d.,$€£¥₹])\d{1,2}\. ?(?:0?[1-9]|1[0-2])|\b[A-Za-z]\.[A-Za-z]|\b(?:Co|Ltd|Inc|Jr|Sr|etc))\.\Z"
)
"""What ends in a full stop of its own: ``7.30 p.m.``, ``31. 8.``."""


def _bare(piece: str) -> str:
    text = re.sub(r"^\s*(?:(?:[-–—*·]+(?=\s)|[•▪◦►]+)|\d{1,2}[.)](?=\s))\s*", "", piece).strip()
    text = text if _OWN_STOP.search(text) or text.endswith("...") else re.sub(r"[.。।｡۔]+$", "", text).strip()
    return text if any(letter.isalnum() for letter in text) else ""
