"""Typefaces for Skia: opened when first needed, found by family, weight and the characters of a line.

Weights of a variable font are clones of its one file.
"""

from __future__ import annotations

from functools import cache, lru_cache

import skia
from msgspec import Struct

from streamforge.errors import ConfigError
from streamforge.render import scripts
from streamforge.render.catalogue import (
    CJK_IDS,
    EMOJI_ID,
    FALLBACK_IDS,
    FONT_IDS,
    has_cjk,
    has_emoji,
    nearest_weight,
    source,
    stand_in_weight,
)
from streamforge.render.font_files import static_file, subset

__all__ = [
    "EMOJI_ID", "FALLBACK_IDS", "FONT_IDS", "Face", "FontMetrics", "alias", "collection", "covers", "faces",
    "glyph_extent", "metrics", "nearest_weight", "register_all", "registry", "static_file", "subset", "typeface",
]  # fmt: skip

_BY_SCRIPT = (
    ("noto-sans-arabic", scripts.ARABIC),
    ("heebo", scripts.HEBREW),
    ("noto-sans-thai", scripts.THAI),
)
_COMMON_IDS = ("inter", "noto-sans")
_READY_WEIGHTS = (400, 600, 700, 800)
_LARGE_IDS = frozenset([*CJK_IDS.values(), EMOJI_ID])
_MISDRAWN_IDS = frozenset(["source-sans-3", "work-sans", "noto-sans"])
"""Variable files whose letters Skia draws at mixed weights (its reader of glyph variations fails on theirs): these are
opened as static instances. A test compares every family with HarfBuzz's outlines."""
_UNITS = 256.0
"""Skia measures larger type from a size of 64, in coarse steps."""


class Face(Struct, frozen=True):
    """A family at a weight that it has."""

    family: str
    weight: int

    @property
    def name(self) -> str:
        """What Skia knows it by: ``poppins-700``."""
        return f"{self.family}-{self.weight}"


class FontMetrics(Struct, frozen=True):
    """Vertical measures as shares of the type size, all positive.

    ``cap`` of capitals, ``rise`` of the tallest plain letter, ``descent`` of g and p, ``ascent_max`` and
    ``descent_max`` of the tallest and deepest glyph of the script.
    """

    cap: float
    rise: float
    descent: float
    ascent_max: float
    descent_max: float


class _Registry:
    """What Skia needs to find typefaces by alias (``poppins-700``)."""

    def __init__(self) -> None:
        self.manager = skia.FontMgr.New_Custom_Empty()
        self.provider = skia.textlayout.TypefaceFontProvider()
        self.collection = skia.textlayout.FontCollection()
        self.collection.setDefaultFontManager(self.provider)
        self.unicode = skia.Unicodes.ICU.Make()


@cache
def registry() -> _Registry:
    """This process' fonts."""
    return _Registry()


@cache
def alias(family: str, weight: int) -> str:
    """The name under which Skia finds the family at the nearest weight it has.

    Raises InvalidInput for a family outside the catalogue, ConfigError if its package is not installed.
    """
    name = Face(family, nearest_weight(family, weight)).name
    registry().provider.registerTypeface(typeface(family, weight), name)
    return name


def collection(chain: tuple[Face, ...], line: str, *, static: bool) -> skia.textlayout.FontCollection:
    """Fonts for a paragraph that may ask for each face by its ``name``.

    Static ones a PDF can embed as they are; they are gathered anew for each line, of a large font the line's
    characters only, so that nothing piles up in a process that lives long.
    """
    if not static:
        for face in chain:
            alias(face.family, face.weight)
        return registry().collection
    provider, fonts = skia.textlayout.TypefaceFontProvider(), skia.textlayout.FontCollection()
    for face in chain:
        provider.registerTypeface(_static(face, line if face.family in _LARGE_IDS else ""), face.name)
    fonts.setDefaultFontManager(provider)
    return fonts


@lru_cache(maxsize=64)
def _static(face: Face, text: str) -> skia.Typeface:
    data = subset(face.family, face.weight, text) if text else static_file(face.family, face.weight)
    instance = registry().manager.makeFromData(skia.Data.MakeWithCopy(data))
    if instance is None:
        raise ConfigError(f"font family {face.family!r} gives no static font")
    return instance


def typeface(family: str, weight: int) -> skia.Typeface:
    """The family at the nearest weight it has."""
    return _open(family, nearest_weight(family, weight))


@lru_cache(maxsize=1024)
def faces(family: str, weight: int, text: str, language: str = "") -> tuple[Face, ...]:
    """The faces that a text needs, in the order to look in: the family, then what stands in for it, emoji last.

    Families that would add no character are left out, and never opened at that weight.
    """
    found = [family]
    lacking = {c for c in text if not (c.isascii() or scripts.is_ignorable(c) or covers(family, c))}
    for name in _stand_ins(text, language) if lacking else ():
        held = {character for character in lacking if name != family and covers(name, character)}
        found += [name] if held else []
        lacking -= held
    pictures = lacking.union(emoji[0] for emoji in scripts.EMOJI.findall(text))
    if pictures and has_emoji() and any(covers(EMOJI_ID, character) for character in pictures):
        found.append(EMOJI_ID)
    other = stand_in_weight(family, weight)
    return tuple(Face(name, nearest_weight(name, weight if name == family else other)) for name in found)


def _stand_ins(text: str, language: str) -> list[str]:
    found = [name for name, pattern in _BY_SCRIPT if pattern.search(text)] + list(_COMMON_IDS)
    if scripts.CJK.search(text) and has_cjk():
        found.append(CJK_IDS[language or scripts.language_of(text) or "zh"])
    return found


@cache
def covers(family: str, character: str) -> bool:
    """Whether the family has a glyph for the character."""
    return typeface(family, 400).unicharToGlyph(ord(character)) != 0


@cache
def metrics(family: str, weight: int) -> FontMetrics:
    """Vertical measures of a typeface, read from its file and its letters."""
    font = skia.Font(typeface(family, weight), _UNITS)
    raw = font.getMetrics()
    tallest, deepest = _bounds(font, "dlbHfT"), _bounds(font, "gpqy")
    return FontMetrics(
        cap=raw.fCapHeight / _UNITS,
        rise=-tallest.fTop / _UNITS,
        descent=deepest.fBottom / _UNITS,
        ascent_max=-raw.fAscent / _UNITS,
        descent_max=raw.fDescent / _UNITS,
    )


@cache
def glyph_extent(family: str, weight: int, character: str) -> tuple[float, float]:
    """How far a character's glyph rises over the baseline and sinks below it, at size 1."""
    bounds = _bounds(skia.Font(typeface(family, weight), _UNITS), character)
    return -bounds.fTop / _UNITS, bounds.fBottom / _UNITS


def register_all() -> None:
    """Open every design family at the usual weights: a child forked later finds them ready. Stand-ins stay closed."""
    for family in FONT_IDS:
        for weight in _READY_WEIGHTS:
            alias(family, weight)
            metrics(family, weight)


def _bounds(font: skia.Font, text: str) -> skia.Rect:
    bounds = skia.Rect()
    font.measureText(text, skia.TextEncoding.kUTF8, bounds)
    return bounds


@cache
def _open(family: str, weight: int) -> skia.Typeface:
    one = source(family, weight)
    if family in _MISDRAWN_IDS:
        base, variable = _static(Face(family, weight), ""), False
    else:
        base, variable = registry().manager.makeFromFile(str(one.path), one.index), one.is_variable
    face = _at_weight(base, weight) if base is not None and variable else base
    if face is None:
        raise ConfigError(f"font file {one.path.name} cannot be read", hint="reinstall its package")
    return face


def _at_weight(base: skia.Typeface, weight: int) -> skia.Typeface | None:
    """A variable font's instance. The arguments only point at the axes, so these must live until the clone is made."""
    axes = skia.FontArguments.VariationPosition.Coordinates()
    tag = int.from_bytes(b"wght", "big")
    axes.append(skia.FontArguments.VariationPosition.Coordinate(tag, float(weight)))
    position = skia.FontArguments.VariationPosition(axes)
    arguments = skia.FontArguments()
    arguments.setVariationDesignPosition(position)
    return base.makeClone(arguments)
