# ruff: noqa: RUF001 - punctuation of other scripts is meant
"""Where a text may be broken into lines, what each break costs, and the best breaks for a count of lines.

Scripts with spaces break at them, and only there: words stay whole. Thai has its dictionary (ICU's, inside Skia),
Japanese and Chinese break between phrases where they can and never against the kinsoku rules. What belongs together
(a number and its unit, an initial and its name, a phone number) is never torn apart.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import pairwise

import budoux
import skia
from msgspec import Struct

from streamforge.render import fonts, scripts
from streamforge.render.binding import NBSP, dangles, kept_together

_DANGLING_COST, _LONE_COST, _PAUSE_GAIN, _SEPARATOR_GAIN = 0.3, 0.06, 0.04, 0.25
_COUNTING_COST = 1.0
_HYPHEN_COST, _SOFT_COST, _SLASH_COST, _ADDRESS_COST = 1.4, 0.1, 0.06, 0.5
_INSIDE_PHRASE_COST, _INSIDE_KATAKANA_COST, _INSIDE_CLAUSE_COST = 0.1, 0.3, 0.12
_WIDE_PAUSE_GAIN = 0.12
_SHORTEST_SPLIT_ADDRESS = 18
_MANY_PIECES, _REACH = 24, 0.8
_PAUSES = (",", ".", ":", ";", "!", "?", "–", "—", "،", "؛", "؟", "।")
_SEPARATORS = ("·", "|", "•")
_WIDE_PAUSES = frozenset("、。，；：！？")
_HANGING = " ·|•"
"""Separators bind to the word before them, and vanish at a line's end."""
_COUNT = re.compile(r"\d+[,.]?$")
"""A bare figure belongs to the word before it as well: ``Buy 1, get 1``."""
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*\Z")
"""A figure belongs still more to what it counts: ``30 days``."""

_SPACES = re.compile("[ \t\u1680\u2000-\u2006\u2008-\u200a\u205f\u3000]+")
_PLAIN_WORD = re.compile(r"[^\W\d_]+[.,:;!?]*\Z")
_COMPOUND = re.compile("(?<=[^\\W\\d_]{2}[-\u2010])(?=[^\\W\\d_]{2})|(?<=[^\\W\\d_]{3}[\u2013\u2014])(?=[^\\W\\d_]{3})")
_SLASHED = re.compile(r"(?<=[^\W\d_]{3}/)(?=[^\W\d_]{3})")
_ADDRESS_JOINT = re.compile(r"(?<=[^/:]/)(?=[^/])|(?<=.)(?=[?&#@])")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?:/\S*)?")

_NEVER_FIRST = frozenset(
    "、。，．・：；？！）］｝」』】〕〉》〗”’ー〜～…‥％℃々〻ゝゞヽヾ"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶ,.!?:;)]}%°"
)
_NEVER_LAST = frozenset("（［｛「『【〔〈《〖“‘￥＄£€$#([{")
_KATAKANA = re.compile("[\u30a1-\u30ff]")
_MODELS: dict[str, Callable[[], budoux.Parser]] = {
    "ja": budoux.load_default_japanese_parser,
    "zh": budoux.load_default_simplified_chinese_parser,
    "zh-Hant": budoux.load_default_traditional_chinese_parser,
}


class Piece(Struct, frozen=True):
    """What is never broken, and what follows it if the line goes on.

    ``joint`` is a space, nothing, a hyphen (drawn only at a line's end) or a newline (the line must end); ``cost`` is
    what it costs to end a line here, in units of squared relative slack.
    """

    text: str
    joint: str = " "
    cost: float = 0.0


class Breaks(Struct, frozen=True):
    """Lines, and what was paid for breaks inside words and phrases, and between a word and the one it leans on."""

    lines: tuple[str, ...]
    cost: float


@lru_cache(maxsize=1024)
def pieces(text: str, language: str) -> tuple[Piece, ...]:
    """Everything of a cleaned text that stays whole, in order."""
    found: list[Piece] = []
    for paragraph in text.split("\n"):
        parts = [part for word in _SPACES.split(kept_together(paragraph)) if word for part in _parts(word, language)]
        found += parts[:-1]
        found += [Piece(part.text, "\n") for part in parts[-1:]]
    return tuple(found)


def fewest_lines(parts: Sequence[Piece]) -> int:
    """How many lines the text's own line ends ask for."""
    return sum(part.joint == "\n" for part in parts)


def best_breaks(parts: Sequence[Piece], width: Callable[[str], float], space: float, count: int) -> Breaks | None:
    """Lines with the least raggedness and the fewest faults over all ways to break; O(count · pieces²).

    Of a text of many pieces only lines near their share are tried, unless none of those works out. None if the text
    cannot be broken into that many lines.
    """
    starts = [0.0]
    for part in parts:
        starts.append(starts[-1] + width(part.text) + (space if part.joint == " " else 0.0))
    rater = _Rater(parts, starts, starts[-1] / count or 1.0)
    cuts = _best_cuts(rater, count, _REACH if len(parts) > _MANY_PIECES else math.inf)
    cuts = cuts or _best_cuts(rater, count, math.inf)
    if not cuts:
        return None
    lines = [_line(parts[a:b]) for a, b in pairwise(cuts)]
    paid = sum(max(0.0, rater.ending(cut)) for cut in cuts[1:-1])
    return Breaks((*(line.rstrip(_HANGING) for line in lines[:-1]), lines[-1]), paid)


def _best_cuts(rater: _Rater, count: int, reach: float) -> list[int]:
    """Where lines begin, and the end; empty if there is no way. Each line ends within ``reach`` lines of its share."""
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for line in range(1, count + 1):
        row: dict[int, tuple[float, int]] = {}
        for end in rater.ends(line, reach):
            first = rater.first_begin(end)
            begins = ((begin, cost) for begin, (cost, _) in best[-1].items() if first <= begin < end)
            options = [(cost + rater.cost(begin, end), begin) for begin, cost in begins]
            if options:
                row[end] = min(options)
        best.append(row)
    if rater.count not in best[-1]:
        return []
    cuts = [rater.count]
    for row in reversed(best[1:]):
        cuts.append(row[cuts[-1]][1])
    return cuts[::-1]


class _Rater:
    """What a line from one piece to another costs."""

    def __init__(self, parts: Sequence[Piece], starts: list[float], target: float) -> None:
        self._starts, self._target = starts, target
        self._ends = [self._ending(parts, index) for index in range(len(parts))]
        self._must_begin = [0]
        for index, part in enumerate(parts):
            self._must_begin.append(self._must_begin[-1] if part.joint != "\n" else index + 1)
        self.count = len(parts)

    def cost(self, begin: int, end: int) -> float:
        """Squared slack relative to the mean line, and the fault of ending there; a lone last word costs."""
        slack = (self._starts[end] - self._starts[begin]) / self._target - 1.0
        lone = _LONE_COST if end == self.count and end - begin == 1 and begin > 0 else 0.0
        return slack * slack + self._ends[end - 1] + lone

    def ending(self, end: int) -> float:
        """What it costs to end a line before that piece."""
        return self._ends[end - 1]

    def ends(self, line: int, reach: float) -> range:
        """The pieces that a line of that number may end before."""
        if math.isinf(reach):
            return range(line, self.count + 1)
        low, high = (line - reach) * self._target, (line + reach) * self._target
        return range(max(line, bisect_left(self._starts, low)), bisect_right(self._starts, high))

    def first_begin(self, end: int) -> int:
        """The earliest piece the line that ends there may begin with: none before a newline."""
        return self._must_begin[end - 1]

    @staticmethod
    def _ending(parts: Sequence[Piece], index: int) -> float:
        part = parts[index]
        if part.joint == "\n":
            return 0.0
        start = next(at for at in range(index, -1, -1) if at == 0 or parts[at - 1].joint)
        last = "".join(each.text for each in parts[start : index + 1]).rsplit(" ", 1)[-1]
        if part.joint == " " and _FIGURE.match(last) and parts[index + 1].text[:1].isalpha():
            return part.cost + _COUNTING_COST
        if part.joint == " " and (dangles(last) or _COUNT.match(parts[index + 1].text)):
            return part.cost + _DANGLING_COST
        if last.endswith(_SEPARATORS):
            return part.cost - _SEPARATOR_GAIN
        return part.cost - (_PAUSE_GAIN if last.endswith(_PAUSES) else 0.0)


def _line(parts: Sequence[Piece]) -> str:
    joined = "".join(part.text + (" " if part.joint == " " else "") for part in parts)
    return joined.strip() + ("-" if parts[-1].joint == "-" else "")


def _parts(word: str, language: str) -> list[Piece]:
    """The pieces of what stands between two spaces; hard spaces are plain ones from here on."""
    if _PLAIN_WORD.match(word) and word.isascii():
        return [Piece(word)]
    found: list[Piece] = []
    for chunk, joint, cost in _chunks(word):
        inner = _unspaced(chunk, language)
        found += inner[:-1]
        found.append(Piece(inner[-1].text, joint, cost))
    return found


def _chunks(word: str) -> list[tuple[str, str, float]]:
    """The parts between soft hyphens, zero-width spaces, hyphens and slashes, or of a long address."""
    word = word.replace(NBSP, " ").replace(scripts.WORD_JOINER, "")
    if _ADDRESS.fullmatch(word.rstrip(".,;:!?")):
        long = len(word) >= _SHORTEST_SPLIT_ADDRESS
        return _closed(_ADDRESS_JOINT.split(word) if long else [word], "", _ADDRESS_COST)
    found: list[tuple[str, str, float]] = []
    for open_part in word.split(scripts.ZWSP):
        for soft in _closed(open_part.split(scripts.SHY), "-", _SOFT_COST):
            compounds = _closed(_COMPOUND.split(soft[0]), "", _HYPHEN_COST)
            for compound in [*compounds[:-1], (compounds[-1][0], *soft[1:])]:
                found += _closed(_SLASHED.split(compound[0]), "", _SLASH_COST)
                found[-1] = (found[-1][0], *compound[1:])
        found[-1] = (found[-1][0], "", 0.0)
    kept = [part for part in found if part[0]] or [(word, "", 0.0)]
    return [*kept[:-1], (kept[-1][0], " ", 0.0)]


def _closed(parts: Sequence[str | None], joint: str, cost: float) -> list[tuple[str, str, float]]:
    found = [(part, joint, cost) for part in parts if part]
    return [*found[:-1], (found[-1][0], " ", 0.0)] if found else [("", " ", 0.0)]


def _unspaced(chunk: str, language: str) -> list[Piece]:
    """Pieces of a chunk in a script without spaces; the chunk itself in any other."""
    if scripts.UNSPACED.search(chunk):
        return [Piece(word, "") for word in _dictionary_words(chunk)]
    if scripts.WIDE.search(chunk):
        return _phrases(chunk, language)
    return [Piece(chunk)]


def _phrases(chunk: str, language: str) -> list[Piece]:
    """Every cluster of Japanese or Chinese, those bound by kinsoku joined; a break inside a phrase costs."""
    model = _phrase_model(language if language in _MODELS else "zh")
    ends: set[int] = set()
    for phrase in model.parse(chunk):
        ends.add(max(ends, default=0) + len(phrase))
    found: list[Piece] = []
    held, at = "", 0
    units = scripts.clusters(chunk)
    for unit, after in zip(units, [*units[1:], ""], strict=True):
        held, at = held + unit, at + len(unit)
        if not after or _may_part(unit, after):
            found.append(Piece(held, "", _break_cost(unit, after, language, ends_phrase=at in ends)))
            held = ""
    return found


def _may_part(before: str, after: str) -> bool:
    """Whether a line may end between two clusters: kinsoku, and Latin words and numbers with their counters hold."""
    if after[0] in _NEVER_FIRST or before[-1] in _NEVER_LAST:
        return False
    if before[-1].isdigit():
        return False
    return scripts.CJK.match(before) is not None or scripts.CJK.match(after) is not None


def _break_cost(before: str, after: str, language: str, *, ends_phrase: bool) -> float:
    """Free or better where a clause ends; Japanese phrases are apart by their particles, Chinese words are not."""
    if before in _WIDE_PAUSES:
        return -_WIDE_PAUSE_GAIN
    if ends_phrase:
        return 0.0 if language == "ja" else _INSIDE_CLAUSE_COST
    if _KATAKANA.match(before) and _KATAKANA.match(after):
        return _INSIDE_KATAKANA_COST
    return _INSIDE_PHRASE_COST + (0.0 if language == "ja" else _INSIDE_CLAUSE_COST)


@cache
def _phrase_model(language: str) -> budoux.Parser:
    return _MODELS[language]()


@lru_cache(maxsize=512)
def _dictionary_words(chunk: str) -> tuple[str, ...]:
    """The chunk cut where ICU's dictionary allows a line to end."""
    units = scripts.clusters(chunk)
    words: list[str] = []
    for index, unit in enumerate(units):
        if index and not _line_may_end(units, index):
            words[-1] += unit
        else:
            words.append(unit)
    return tuple(words)


def _line_may_end(units: list[str], index: int) -> bool:
    """Ask Skia, which breaks lines by ICU but does not tell where.

    The two clusters around the place are set a thousand times larger than the rest, so the widest thing that cannot
    be broken is one of them, or, if no line may end between them, both.
    """
    large, small = _probe_style(1000.0), _probe_style(1.0)
    registry = fonts.registry()
    builder = skia.textlayout.ParagraphBuilder.make(
        skia.textlayout.ParagraphStyle(), registry.collection, registry.unicode
    )
    around = ("".join(units[: index - 1]), units[index - 1], units[index], "".join(units[index + 1 :]))
    for run, style in zip(around, (small, large, large, small), strict=True):
        builder.pushStyle(style)
        builder.addText(run)
        builder.pop()
    paragraph = builder.Build()
    paragraph.layout(1e7)
    return paragraph.MinIntrinsicWidth < paragraph.MaxIntrinsicWidth - 100.0 - len(units)


@cache
def _probe_style(px: float) -> skia.textlayout.TextStyle:
    style = skia.textlayout.TextStyle()
    style.setFontFamilies([fonts.alias(family, 400) for family in ("noto-sans-thai", "noto-sans")])
    style.setFontSize(px)
    return style
