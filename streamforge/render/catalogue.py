"""Which font families there are, in which files, and what to install for the ones that are absent.

The files come with packages of the ``fontpkg-*`` kind, so a banner looks alike on every machine. Chinese, Japanese
and Korean are an extra because their file weighs 32 MB; colour emoji have no package at all, so theirs is the one
font that may come from the system.
"""

from __future__ import annotations

import os
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import fontpkg
from msgspec import Struct

from streamforge.errors import ConfigError, InvalidInput

FONT_IDS = (
    "inter", "poppins", "montserrat", "oswald", "playfair-display", "roboto", "open-sans", "source-sans-3", "manrope",
    "dm-sans", "lora", "raleway", "bebas-neue", "space-grotesk", "anton", "nunito", "work-sans", "archivo",
)  # fmt: skip
"""The families a design may name."""
FALLBACK_IDS = ("inter", "noto-sans", "noto-sans-arabic", "heebo", "noto-sans-thai")
"""Where letters go that a family does not have, in this order; Noto Sans has Devanagari as well."""
CJK_IDS = {"ja": "noto-sans-cjk-jp", "ko": "noto-sans-cjk-kr", "zh": "noto-sans-cjk-sc", "zh-Hant": "noto-sans-cjk-tc"}
"""The face for ideographs by language: the same character is drawn differently in each."""
EMOJI_ID = "noto-color-emoji"
EMOJI_SETTING = "STREAMFORGE_EMOJI_FONT"
"""Environment setting: the path of a colour emoji font; empty for none."""

_CJK_PACKAGE, _CJK_FILE = "manimgx_fonts_cjk", "NotoSansCJK-VF.otf.ttc"
_CJK_ORDER = ("noto-sans-cjk-jp", "noto-sans-cjk-kr", "noto-sans-cjk-sc", "noto-sans-cjk-tc")
_EMOJI_FILE = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
_OPTICAL = {"anton": 800, "bebas-neue": 700}
"""How heavy the families of one weight look: what stands in for missing letters must not look thin beside them."""


class FontSource(Struct, frozen=True):
    """A font file, with its place in a collection and the weights it can take (equal ones: a static font)."""

    path: Path
    lightest: int = 400
    boldest: int = 400
    index: int = 0

    @property
    def is_variable(self) -> bool:
        """Whether the weight is set on the file's axis."""
        return self.lightest < self.boldest


@cache
def source(family: str, weight: int) -> FontSource:
    """The file for the family at the nearest weight it has.

    Raises InvalidInput for a family outside the catalogue, ConfigError if it is not installed.
    """
    return min(sources(family), key=lambda one: (abs(_clamped(weight, one) - weight), one.lightest))


@cache
def nearest_weight(family: str, weight: int) -> int:
    """The weight, rounded to hundreds and clamped to what the family offers: always 400 in a family of one weight."""
    rounded = round(weight / 100) * 100
    return _clamped(rounded, source(family, rounded))


def weights(family: str) -> tuple[int, ...]:
    """The hundreds a family can be set in, light to bold; ``(400,)`` for a family of a single weight."""
    return tuple(w for w in range(100, 1000, 100) if any(one.lightest <= w <= one.boldest for one in sources(family)))


def stand_in_weight(family: str, weight: int) -> int:
    """The weight for the letters that a family lacks: the text's, or as heavy as a family of one weight looks."""
    return _OPTICAL.get(family, weight)


@cache
def sources(family: str) -> tuple[FontSource, ...]:
    """The upright files of a family, light to bold; raises as ``source`` does."""
    if family in _CJK_ORDER:
        return (_cjk_source(family),)
    if family == EMOJI_ID:
        return (_emoji_source(),)
    if family not in {*FONT_IDS, *FALLBACK_IDS}:
        raise InvalidInput(
            f"font family {family!r} is not in the catalogue", field="typography", hint=f"one of {', '.join(FONT_IDS)}"
        )
    installed = fontpkg.families()
    if family not in installed:
        raise ConfigError(f"font family {family!r} is not installed", hint=f"pip install fontpkg-{family}")
    upright = [file for file in installed[family].files if file.style == "normal"]
    return tuple(sorted((_packaged(file) for file in upright), key=lambda one: one.lightest))


def has_cjk() -> bool:
    """Whether the extra for Chinese, Japanese and Korean is installed."""
    return find_spec(_CJK_PACKAGE) is not None


def has_emoji() -> bool:
    """Whether there is a colour emoji font."""
    return _emoji_path().is_file()


def _packaged(file: fontpkg.FontFile) -> FontSource:
    if file.variable:
        return FontSource(file.path, file.wght_min or 400, file.wght_max or 400)
    return FontSource(file.path, file.weight or 400, file.weight or 400)


def _cjk_source(family: str) -> FontSource:
    spec = find_spec(_CJK_PACKAGE)
    if spec is None or spec.origin is None:
        raise ConfigError("no font for Chinese, Japanese and Korean", hint="pip install 'streamforge[cjk]'")
    return FontSource(Path(spec.origin).with_name(_CJK_FILE), 100, 900, _CJK_ORDER.index(family))


def _emoji_source() -> FontSource:
    path = _emoji_path()
    if not path.is_file():
        raise ConfigError(
            f"no colour emoji font at {path}", hint=f"apt install fonts-noto-color-emoji, or set {EMOJI_SETTING}"
        )
    return FontSource(path)


def _emoji_path() -> Path:
    return Path(os.environ.get(EMOJI_SETTING, _EMOJI_FILE))


def _clamped(weight: int, one: FontSource) -> int:
    return min(max(weight, one.lightest), one.boldest)
