"""Text as measurable blocks: break a text into lines, and table the sizes it may take.

A line's advance width is proportional to the type size (fonts are unhinted horizontally), so a text is broken once
per line count, at a reference size, and every type size follows by multiplication. Lines are trimmed to the letters:
a block is as high as from the top of its first line's letters to the bottom of its last line's, without the leading
above and below, so that distances between blocks are the distances one sees.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import skia
from msgspec import Struct

from streamforge.render import fonts

_REFERENCE_PX = 100.0
_BINDERS = frozenset(
    "a an the of to in on at by for and or & with from your our my is - der die das und für mit".split()  # noqa: SIM905
)
_DANGLING_COST, _LONE_COST, _PAUSE_GAIN = 0.12, 0.06, 0.04
_PAUSES = (",", ".", ":", ";", "!", "?", "–")  # noqa: RUF001 - the dash is meant
_SEPARATORS = frozenset("·|•/")
_HANGING = " ·|•"
"""Separators bind to the word before them, and vanish at a line's end."""
_RLI, _PDI = "\u2067", "\u2069"
_LATIN_END = 0x250
_COUNT = re.compile(r"\d+[,.]?\s*$")
"""A bare figure belongs to the word before it as well: ``Buy 1, get 1``."""
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")


class TextStyle(Struct, frozen=True):
    """How a text is set.

    ``leading`` (distance of baselines) and ``tracking`` (letter spacing) are shares of the type size; ``upper`` sets
    capitals.
    """

    family: str
    weight: int
    leading: float = 1.2
    tracking: float = 0.0
    upper: bool = False


class Block(Struct, frozen=True):
    """A text broken into lines at the size 1: multiply by the type size for px.

    ``width`` is the longest line's, ``height`` from the letters' top to their bottom, ``rise`` from the top to the
    first baseline; ``evenness`` (0..1) is the shortest line's share of the longest, ``penalty`` what is wrong with
    the breaks (0 is best).
    """

    lines: tuple[str, ...]
    width: float
    height: float
    rise: float
    evenness: float = 1.0
    penalty: float = 0.0


class TextSize(Struct, frozen=True):
    """One way to set a text: a block at a type size, with its box in px."""

    block: Block
    px: int
    width: int
    height: int


def clean(text: str, style: TextStyle) -> tuple[str, int]:
    """The text as it can be set, and how many characters had to go.

    Control characters, lone surrogates and characters no font of the catalogue has (colour emoji) are left out;
    white space collapses.
    """
    wanted = text.upper() if style.upper else text
    kept = "".join(c for c in wanted if c.isspace() or _settable(c, style))
    visible = sum(1 for c in wanted if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf", "Mn"})
    shown = sum(1 for c in kept if not c.isspace() and unicodedata.category(c) not in {"Cc", "Cf", "Mn"})
    return " ".join(kept.split()), visible - shown


def _settable(character: str, style: TextStyle) -> bool:
    category = unicodedata.category(character)
    if category in {"Cs", "Cc", "Co", "Cn"}:
        return False
    return category in {"Cf", "Mn"} or fonts.has_glyph(style.family, style.weight, character)


@lru_cache(maxsize=4096)
def line_width(line: str, style: TextStyle) -> float:
    """The advance width of a line at size 1."""
    paragraph = shape(line, style, _REFERENCE_PX, 0)
    return paragraph.MaxIntrinsicWidth / _REFERENCE_PX - style.tracking


def shape(line: str, style: TextStyle, px: float, colour: int) -> skia.textlayout.Paragraph:
    """One line, shaped and laid out without wrapping; paint it with its baseline at ``AlphabeticBaseline``."""
    run = skia.textlayout.TextStyle()
    run.setFontFamilies([fonts.alias(style.family, style.weight), *fonts.fallbacks(style.weight)])
    run.setFontSize(px)
    run.setLetterSpacing(style.tracking * px)
    run.setColor(colour)
    registry = fonts.registry()
    builder = skia.textlayout.ParagraphBuilder.make(
        skia.textlayout.ParagraphStyle(), registry.collection, registry.unicode
    )
    builder.pushStyle(run)
    builder.addText(_directed(line))
    builder.pop()
    paragraph = builder.Build()
    paragraph.layout(1e6)
    return paragraph


def is_rtl(text: str) -> bool:
    """Whether the first strong character runs right to left."""
    strong = (unicodedata.bidirectional(c) for c in text)
    return next((kind in {"R", "AL"} for kind in strong if kind in {"L", "R", "AL"}), False)


def _directed(line: str) -> str:
    return f"{_RLI}{line}{_PDI}" if is_rtl(line) else line


def blocks(text: str, style: TextStyle, max_lines: int) -> list[Block]:
    """The best way to break a (cleaned) text into 1, 2, … ``max_lines`` lines; words are never broken."""
    words = _words(text)
    if not words:
        return []
    found: list[Block] = []
    for count in range(1, min(max_lines, len(words)) + 1):
        block = block_of(_broken(words, style, count), style)
        if not found or block.width < found[-1].width * 0.97:
            found.append(block)
    return found


def _words(text: str) -> list[str]:
    """Unbreakable pieces, each with the space that follows it; ideographs break anywhere."""
    pieces: list[str] = []
    for word in text.split():
        if pieces and word in _SEPARATORS:
            pieces[-1] += word + " "
        elif _WIDE.search(word):
            pieces.extend(word[:-1])
            pieces.append(word[-1] + " ")
        else:
            pieces.append(word + " ")
    return pieces


def _broken(words: list[str], style: TextStyle, count: int) -> tuple[str, ...]:
    """Lines with the least raggedness (sum of squared slack) over all ways to break; O(count · words²)."""
    widths = [line_width(word.strip(), style) for word in words]
    space = line_width("n n", style) - line_width("nn", style)
    starts = [0.0]
    for word, width in zip(words, widths, strict=True):
        starts.append(starts[-1] + width + (space if word.endswith(" ") else 0.0))
    target = starts[-1] / count
    best: list[dict[int, tuple[float, int]]] = [{0: (0.0, 0)}]
    for line in range(1, count + 1):
        row: dict[int, tuple[float, int]] = {}
        for end in range(line, len(words) + 1):
            options = [
                (cost + _line_cost(words, starts, begin, end, target), begin)
                for begin, (cost, _) in best[-1].items()
                if begin < end
            ]
            if options:
                row[end] = min(options)
        best.append(row)
    cuts = [len(words)]
    for row in reversed(best[1:]):
        cuts.append(row[cuts[-1]][1])
    cuts.reverse()
    lines = ["".join(words[a:b]).strip() for a, b in pairwise(cuts)]
    return tuple([line.rstrip(_HANGING) for line in lines[:-1]] + lines[-1:])


def _line_cost(words: list[str], starts: list[float], begin: int, end: int, target: float) -> float:
    """Squared slack relative to the mean line; dangling words and a lone last word cost, a break at a comma pays."""
    slack = (starts[end] - starts[begin] - target) / target
    cost = slack * slack
    last = words[end - 1].strip()
    if end == len(words):
        return cost + (_LONE_COST if end - begin == 1 and begin > 0 else 0.0)
    if _dangles(last) or _COUNT.match(words[end]):
        return cost + _DANGLING_COST
    return cost - (_PAUSE_GAIN if last.endswith(_PAUSES) else 0.0)


def _dangles(word: str) -> bool:
    """Whether a word belongs to the one after it: articles, prepositions, figures."""
    return word.isdigit() or word.lower() in _BINDERS


def block_of(lines: tuple[str, ...], style: TextStyle) -> Block:
    """The measures of given lines."""
    widths = [line_width(line, style) for line in lines]
    metric = fonts.metrics(style.family, style.weight)
    plain = all(ord(c) < _LATIN_END for line in lines for c in line)
    rise = (metric.cap if style.upper else metric.rise) if plain else metric.ascent_max
    if plain and any(unicodedata.decomposition(c) for c in lines[0] if c.isupper()):
        rise = max(rise, metric.cap + 0.2)
    last = lines[-1]
    dips = any(c in "gjpqyQ,;()/" for c in last)
    descent = (metric.descent if dips else 0.02) if plain else metric.descent_max
    longest = max(widths)
    return Block(
        lines=lines,
        width=longest,
        height=rise + descent + style.leading * (len(lines) - 1),
        rise=rise,
        evenness=min(widths) / longest if longest else 1.0,
        penalty=_penalty(lines, widths),
    )


def _penalty(lines: tuple[str, ...], widths: list[float]) -> float:
    """0 for good breaks, up to 1: a very short last line (widow), a line that ends in a binder."""
    if len(lines) == 1:
        return 0.0
    longest = max(widths)
    widow = max(0.0, 0.45 - widths[-1] / longest)
    dangling = sum(_dangles(line.rsplit(" ", 1)[-1]) for line in lines[:-1])
    return min(1.0, widow + 0.15 * dangling)


def sizes(options: list[Block], type_px: list[int], max_width: float, max_height: float) -> list[TextSize]:
    """Every block at every type size that fits, dominated ones (no larger type, no smaller box) left out."""
    found = [
        TextSize(block, px, -int(-block.width * px // 1), -int(-block.height * px // 1))
        for px in type_px
        for block in options
        if block.width * px <= max_width and block.height * px <= max_height
    ]
    return [size for size in found if not any(_dominates(other, size) for other in found)]


def _dominates(other: TextSize, size: TextSize) -> bool:
    if other is size or other.px < size.px or other.block.penalty > size.block.penalty:
        return False
    smaller = other.width <= size.width and other.height <= size.height
    return smaller and (other.px > size.px or other.width < size.width or other.height < size.height)


def baselines(block: Block, px: float, leading: float) -> Iterator[tuple[str, float]]:
    """Each line with its baseline's distance from the block's top, in px."""
    for index, line in enumerate(block.lines):
        yield line, (block.rise + leading * index) * px
