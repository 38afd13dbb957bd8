"""The font catalogue: families by id, registered once a process, one typeface per family and weight.

The files come with the ``fontpkg-*`` packages; no system font is ever used, so a banner looks alike on every
machine. Weights of a variable font are clones of its one file.
"""

from __future__ import annotations

from functools import cache

import fontpkg
import skia
from msgspec import Struct

from streamforge.errors import ConfigError, InvalidInput

FONT_IDS = ("inter", "poppins", "montserrat", "oswald", "playfair-display")
"""The families a design may name."""
FALLBACK_IDS = ("inter", "noto-sans", "noto-sans-arabic", "noto-sans-devanagari", "noto-sans-thai")
"""Where characters go that a family does not have, in this order; absent ones are passed over."""
WEIGHTS = (300, 400, 500, 600, 700, 800, 900)
_UNITS = 1000.0


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
    if family not in FONT_IDS and family not in FALLBACK_IDS:
        raise InvalidInput(
            f"font family {family!r} is not in the catalogue", field="typography", hint=f"one of {', '.join(FONT_IDS)}"
        )
    name = f"{family}-{nearest_weight(family, weight)}"
    registry().provider.registerTypeface(typeface(family, weight), name)
    return name


@cache
def typeface(family: str, weight: int) -> skia.Typeface:
    """The family at the nearest weight it has."""
    return _open(family, nearest_weight(family, weight))


@cache
def nearest_weight(family: str, weight: int) -> int:
    """The weight, rounded to hundreds and clamped to what the family offers."""
    low, high = _weight_range(family)
    return min(max(round(weight / 100) * 100, low), high)


@cache
def fallbacks(weight: int) -> tuple[str, ...]:
    """Aliases of the installed fallback families."""
    installed = fontpkg.families()
    return tuple(alias(family, weight) for family in FALLBACK_IDS if family in installed)


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


def has_glyph(family: str, weight: int, character: str) -> bool:
    """Whether the family or a fallback can show the character."""
    families = (family, *(name for name in FALLBACK_IDS if name in fontpkg.families()))
    return any(typeface(name, weight).unicharToGlyph(ord(character)) for name in families)


def register_all() -> None:
    """Open every family at every weight: a child forked later finds them ready."""
    for family in FONT_IDS:
        for weight in WEIGHTS:
            alias(family, weight)
        metrics(family, 400)
    for weight in WEIGHTS:
        fallbacks(weight)


def _bounds(font: skia.Font, text: str) -> skia.Rect:
    bounds = skia.Rect()
    font.measureText(text, skia.TextEncoding.kUTF8, bounds)
    return bounds


def _files(family: str) -> list[fontpkg.FontFile]:
    installed = fontpkg.families()
    if family not in installed:
        raise ConfigError(f"font family {family!r} is not installed", hint=f"pip install fontpkg-{family}")
    return [file for file in installed[family].files if file.style == "normal"]


def _weight_range(family: str) -> tuple[int, int]:
    files = _files(family)
    if files[0].variable:
        return files[0].wght_min or 400, files[0].wght_max or 400
    weights = [file.weight or 400 for file in files]
    return min(weights), max(weights)


def _open(family: str, weight: int) -> skia.Typeface:
    files = _files(family)
    file = files[0] if files[0].variable else next(file for file in files if file.weight == weight)
    base = registry().manager.makeFromFile(str(file.path))
    face = _at_weight(base, weight) if base is not None and file.variable else base
    if face is None:
        raise ConfigError(f"font file {file.path.name} cannot be read", hint=f"reinstall fontpkg-{family}")
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
