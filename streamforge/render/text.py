"""Text as measurable blocks: break a text into lines, and table the sizes it may take.

A line's advance width is proportional to the type size (fonts are unhinted horizontally), so a text is broken once
per line count, at a reference size, and every type size follows by multiplication. Lines are trimmed to the letters:
a block is as high as from the top of its first line's letters to the bottom of its last line's, without the leading
above and below, so that distances between blocks are the distances one sees. In scripts that stack marks, the ink
itself is measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

import numpy as np
import skia
from msgspec import Struct
from msgspec.structs import replace

from streamforge.render import fonts, linebreak, scripts
from streamforge.render.binding import dangles
from streamforge.render.catalogue import EMOJI_ID, stand_in_weight
from streamforge.render.cleaning import Missing, clean, missing
from streamforge.render.scripts import is_rtl
from streamforge.render.style import TextStyle

__all__ = [
    "Block", "Missing", "TextSize", "TextStyle", "baselines", "block_of", "blocks", "clean", "faces", "is_rtl",
    "line_width", "missing", "settled", "shape", "sizes",
]  # fmt: skip

_REFERENCE_PX = 100.0
_NO_COST = 0.0
_WORST = 4.0
"""The most that a block's breaks can be wrong: a torn compound is worse than any type size is good."""
_DEEP, _NEAR = 0.05, 0.03
"""Glyphs that sink less than this sit on the baseline; ones this near to the usual height count as usual."""
_BARE_DESCENT = 0.02
_LINE_GAP = 0.06
"""Air between the ink of two lines in scripts that stack marks."""
_LEAST_CJK_LEADING = 1.25
_COVERING = ("inter", "noto-sans")
_PLAIN = re.compile(
    "[\u0020-\u02ff\u0370-\u0482\u048a-\u052f\u1e00-\u1fff\u2010-\u2027\u2030-\u205e\u20a0-\u20bf\u2116\u2122]*"
)
_INK_PX = 48
_INK_ABOVE, _INK_BELOW = 3.0, 2.0


class Block(Struct, frozen=True):
    """A text broken into lines at the size 1: multiply by the type size for px.

    ``style`` is the style as these lines need it (see ``settled``): paint with it. ``width`` is the longest line's,
    ``height`` from the letters' top to their bottom, ``rise`` from the top to the first baseline; ``evenness`` (0..1)
    is the shortest line's share of the longest, ``penalty`` what is wrong with the breaks (0 is best).
    """

    lines: tuple[str, ...]
    style: TextStyle
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


@lru_cache(maxsize=4096)
def settled(text: str, style: TextStyle) -> TextStyle:
    """The style as a text can have it; settling twice changes nothing.

    A family that lacks some of the text's letters gives way as a whole, so that no word mixes two designs; letters
    that connect or stack are never spaced out, nor ideographs squeezed; the language is told by the text.
    """
    if text.isascii():
        return style
    changed = style
    if scripts.JOINED.search(text):
        changed = replace(changed, tracking=0.0)
    elif scripts.CJK.search(text):
        changed = replace(changed, tracking=max(style.tracking, 0.0))
    if not style.language and (language := scripts.language_of(text)):
        changed = replace(changed, language=language)
    family = _family_for(text, style)
    if family != style.family:
        changed = replace(changed, family=family, weight=stand_in_weight(style.family, style.weight))
    return changed


def _family_for(text: str, style: TextStyle) -> str:
    """The style's family, or the one that takes the whole text: if a Latin letter lacks, or most letters do."""
    latin, other = scripts.latin_letters(text), scripts.other_letters(text)
    if not latin and scripts.CJK.search(text) and fonts.has_cjk():
        return fonts.CJK_IDS[style.language or scripts.language_of(text) or "zh"]  # figures belong to their letters
    lacking = [letter for letter in latin + other if not fonts.covers(style.family, letter)]
    if len(lacking) * 2 <= len(latin + other) and not any(letter in lacking for letter in latin):
        return style.family
    return next((f for f in _COVERING if all(fonts.covers(f, c) for c in latin + other)), style.family)


def faces(line: str, style: TextStyle) -> tuple[fonts.Face, ...]:
    """The faces a line may be set in, the most wanted first: what a document must embed."""
    style = settled(line, style)
    return fonts.faces(style.family, style.weight, line, style.language)


@lru_cache(maxsize=8192)
def line_width(line: str, style: TextStyle) -> float:
    """The advance width of a line at size 1."""
    paragraph = shape(line, style, _REFERENCE_PX, 0)
    return paragraph.MaxIntrinsicWidth / _REFERENCE_PX - settled(line, style).tracking


def shape(line: str, style: TextStyle, px: float, colour: int, *, static: bool = False) -> skia.textlayout.Paragraph:
    """One line, shaped and laid out without wrapping; paint it with its baseline at ``AlphabeticBaseline``.

    With ``static``, from static font instances: a PDF embeds those as they are.
    """
    style = settled(line, style)
    chain = fonts.faces(style.family, style.weight, line, style.language)
    builder = skia.textlayout.ParagraphBuilder.make(
        skia.textlayout.ParagraphStyle(), fonts.collection(chain, line, static=static), fonts.registry().unicode
    )
    for lead, run in _runs(line, chain):
        look = skia.textlayout.TextStyle()
        look.setFontFamilies([lead.name, *(face.name for face in chain if face != lead)])
        look.setFontSize(px)
        look.setLetterSpacing(style.tracking * px)
        look.setColor(colour)
        builder.pushStyle(look)
        builder.addText(run)
        builder.pop()
    paragraph = builder.Build()
    paragraph.layout(1e6)
    return paragraph


def _runs(line: str, chain: tuple[fonts.Face, ...]) -> list[tuple[fonts.Face, str]]:
    """The line in runs, each with the face to look in first.

    Skia looks letter by letter: a symbol asked for in colour would be drawn by the first font that has it in black,
    and a Greek word by two, as Latin fonts have a few of its letters.
    """
    directed = scripts.directed(line)
    if len(chain) == 1:
        return [(chain[0], directed)]
    found: list[tuple[fonts.Face, str]] = []
    for is_emoji, run in scripts.emoji_runs(directed):
        if is_emoji and chain[-1].family == EMOJI_ID:
            found.append((chain[-1], run))
        else:
            found += [(_lead(part, chain), part) for part in scripts.alphabet_runs(run)]
    return found


def _lead(part: str, chain: tuple[fonts.Face, ...]) -> fonts.Face:
    letters = scripts.other_letters(part)
    return next((face for face in chain if all(fonts.covers(face.family, c) for c in letters)), chain[0])


def blocks(text: str, style: TextStyle, max_lines: int) -> list[Block]:
    """The best way to break a (cleaned) text into 1, 2, … ``max_lines`` lines.

    A text's own line ends are kept if there are enough lines for them, and are spaces otherwise.
    """
    style = settled(text, style)
    parts = linebreak.pieces(text, style.language)
    if linebreak.fewest_lines(parts) > max_lines:
        parts = linebreak.pieces(text.replace("\n", " "), style.language)
    if not parts:
        return []
    space = line_width("n n", style) - line_width("nn", style)
    found: list[Block] = []
    for count in range(linebreak.fewest_lines(parts), min(max_lines, len(parts)) + 1):
        breaks = linebreak.best_breaks(parts, lambda piece: line_width(piece, style), space, count)
        if breaks is None:
            continue
        block = _block(_with_direction(breaks.lines, text), style, breaks.cost)
        if not found or block.width < found[-1].width * 0.97:
            found.append(block)
    return found


def _with_direction(lines: tuple[str, ...], text: str) -> tuple[str, ...]:
    """A line of an Arabic text that holds a Latin name alone still runs from the right."""
    if not scripts.RTL.search(text):
        return lines
    rtl = is_rtl(text)
    return tuple(scripts.marked(line, rtl=rtl) for line in lines)


def block_of(lines: tuple[str, ...], style: TextStyle) -> Block:
    """The measures of given lines."""
    return _block(lines, settled(" ".join(lines), style), _NO_COST)


def _block(lines: tuple[str, ...], style: TextStyle, cost: float) -> Block:
    widths = [line_width(line, style) for line in lines]
    extents = [_extent(line, style) for line in lines]
    style = replace(style, leading=_leading(lines, extents, style))
    (rise, _), (_, descent) = extents[0], extents[-1]
    longest = max(widths)
    return Block(
        lines=lines,
        style=style,
        width=longest,
        height=rise + descent + style.leading * (len(lines) - 1),
        rise=rise,
        evenness=min(widths) / longest if longest else 1.0,
        penalty=min(_WORST, _penalty(lines, widths) + cost),
    )


def _leading(lines: tuple[str, ...], extents: list[tuple[float, float]], style: TextStyle) -> float:
    """The style's distance of baselines, more where the ink of two lines would touch or ideographs would crowd."""
    needed = [style.leading]
    for (upper, lower), ((_, below), (above, _)) in zip(pairwise(lines), pairwise(extents), strict=True):
        plain = _PLAIN.fullmatch(upper) and _PLAIN.fullmatch(lower)
        needed.append(below + above + (0.0 if plain else _LINE_GAP))
        if scripts.CJK.search(upper) or scripts.CJK.search(lower):
            needed.append(_LEAST_CJK_LEADING)
    return max(needed)


@lru_cache(maxsize=4096)
def _extent(line: str, style: TextStyle) -> tuple[float, float]:
    """How far a line rises over its baseline and sinks below it, at size 1.

    Usual letters count as high as the family's tallest and as deep as its deepest, so that blocks of equal type stand
    alike; what goes beyond, and every script with stacked marks, is measured by its glyphs or its ink.
    """
    if not _PLAIN.fullmatch(line):
        return _ink(line, style)
    metric = fonts.metrics(style.family, style.weight)
    tops, bottoms = (
        zip(*(_glyph_extent(c, style) for c in set(line) if c != " "), strict=True)
        if line.strip()
        else ((0.0,), (0.0,))
    )
    usual = metric.cap if style.upper else metric.rise
    rise = usual if max(tops) <= usual + _NEAR else max(tops)
    if max(bottoms) <= _DEEP:
        return rise, _BARE_DESCENT
    return rise, metric.descent if max(bottoms) <= metric.descent + _NEAR else max(bottoms)


def _glyph_extent(character: str, style: TextStyle) -> tuple[float, float]:
    family = next((f for f in (style.family, *_COVERING) if fonts.covers(f, character)), style.family)
    return fonts.glyph_extent(family, style.weight, character)


def _ink(line: str, style: TextStyle) -> tuple[float, float]:
    """The extent of a line's ink, found by painting it."""
    width = int(line_width(line, style) * _INK_PX) + 2 * _INK_PX
    pixels = np.zeros((int((_INK_ABOVE + _INK_BELOW) * _INK_PX), min(width, 16384), 4), np.uint8)
    surface = skia.Surface(pixels, skia.ColorType.kRGBA_8888_ColorType, skia.AlphaType.kPremul_AlphaType)
    paragraph = shape(line, style, _INK_PX, skia.ColorSetARGB(255, 0, 0, 0))
    baseline = _INK_ABOVE * _INK_PX
    paragraph.paint(surface.getCanvas(), float(_INK_PX), baseline - paragraph.AlphabeticBaseline)
    rows = np.flatnonzero(pixels[..., 3].max(axis=1) > 0)
    if not rows.size:
        return 0.0, 0.0
    return (baseline - float(rows[0])) / _INK_PX, max(0.0, (float(rows[-1]) + 1 - baseline) / _INK_PX)


def _penalty(lines: tuple[str, ...], widths: list[float]) -> float:
    """0 for good breaks, up to 1: a very short last line (widow), a line that ends in a binder."""
    if len(lines) == 1:
        return 0.0
    longest = max(widths)
    widow = max(0.0, 0.45 - widths[-1] / longest) if longest else 0.0
    dangling = sum(dangles(line.rsplit(" ", 1)[-1]) for line in lines[:-1])
    return min(1.0, widow + 0.15 * dangling)


def sizes(options: list[Block], type_px: list[int], max_width: float, max_height: float) -> list[TextSize]:
    """Every block at every type size that fits, dominated ones (no larger type, no smaller box) left out."""
    found = [
        TextSize(block, px, -int(-block.width * px // 1), -int(-block.height * px // 1))
        for px in type_px
        for block in options
        if block.width * px <= max_width and block.height * px <= max_height
    ]
    best: list[TextSize] = []
    for size in sorted(found, key=lambda one: (-one.px, one.width, one.height)):
        if not any(_dominates(other, size) for other in best):
            best.append(size)
    kept = {id(size) for size in best}
    return [size for size in found if id(size) in kept]


def _dominates(other: TextSize, size: TextSize) -> bool:
    """Whether one of no smaller type takes no more room, and differs: whoever is dominated is so by one that is not."""
    if other.width > size.width or other.height > size.height or other.block.penalty > size.block.penalty:
        return False
    return other.px > size.px or other.width < size.width or other.height < size.height


def baselines(block: Block, px: float) -> Iterator[tuple[str, float]]:
    """Each line with its baseline's distance from the block's top, in px."""
    for index, line in enumerate(block.lines):
        yield line, (block.rise + block.style.leading * index) * px
