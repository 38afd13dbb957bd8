"""The catalogue is what the designer may name, every weight is drawn as its maker meant, and absent fonts are named."""

from __future__ import annotations

import string
import struct
import subprocess
import sys
import zlib
from typing import get_args

import pytest
import skia
import uharfbuzz as hb

from streamforge.errors import ConfigError, InvalidInput
from streamforge.pipelines.banner.design.strategy import FontId
from streamforge.render import catalogue, fonts
from streamforge.render.catalogue import EMOJI_ID, EMOJI_SETTING, FALLBACK_IDS, FONT_IDS
from streamforge.render.font_files import static_file, subset
from tests.unit.render.typefaces import forget_fonts

FAMILIES = tuple(dict.fromkeys(FONT_IDS + FALLBACK_IDS))


def test_the_catalogue_is_what_a_strategy_may_name() -> None:
    """Every family of the strategy's schema is in the catalogue, and no other."""
    assert set(FONT_IDS) == set(get_args(FontId))
    assert len(set(FONT_IDS)) == len(FONT_IDS)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_installed(family: str) -> None:
    """Each family opens at each of its weights, and says which those are."""
    weights = catalogue.weights(family)
    assert weights
    for weight in weights:
        assert fonts.nearest_weight(family, weight) == weight
        assert fonts.typeface(family, weight).unicharToGlyph(ord("1" if family != "noto-sans-thai" else "ก"))


def test_families_of_one_weight_say_so() -> None:
    """Display faces have a single weight, whichever is asked for; what stands in for their letters is as heavy."""
    for family in ("anton", "bebas-neue"):
        assert catalogue.weights(family) == (400,)
        assert fonts.nearest_weight(family, 900) == 400
        assert catalogue.stand_in_weight(family, 400) >= 700


@pytest.mark.parametrize("family", FAMILIES)
def test_letters_are_drawn_at_their_weight(family: str) -> None:
    """Skia draws each letter of each weight as large as HarfBuzz's outline of it, within 1 % of the type size.

    Skia misreads some variable fonts and then mixes weights within a word; those are opened as static instances.
    """
    for weight in catalogue.weights(family):
        other = skia.FontMgr.New_Custom_Empty().makeFromData(skia.Data.MakeWithCopy(static_file(family, weight)))
        assert other is not None
        for letter in string.ascii_letters + string.digits + "&€äÉßЖдΩאجกक":
            if fonts.covers(family, letter):
                assert _box(fonts.typeface(family, weight), letter) == pytest.approx(_box(other, letter), abs=2.5), (
                    letter
                )


def _box(face: skia.Typeface, letter: str) -> tuple[float, ...]:
    bounds = skia.Rect()
    width = skia.Font(face, 256.0).measureText(letter, skia.TextEncoding.kUTF8, bounds)
    return width, bounds.fLeft, bounds.fTop, bounds.fRight, bounds.fBottom


def test_only_needed_families_are_opened() -> None:
    """A Latin line takes its own family; each other script adds the family that has it, at the text's weight."""
    assert fonts.faces("poppins", 700, "Plain") == (fonts.Face("poppins", 700),)
    assert fonts.faces("lora", 700, "سلام") == (fonts.Face("lora", 700), fonts.Face("noto-sans-arabic", 700))
    assert fonts.faces("lora", 500, "שלום")[1] == fonts.Face("heebo", 500)
    assert fonts.faces("lora", 600, "สวัสดี")[1] == fonts.Face("noto-sans-thai", 600)
    assert fonts.faces("lora", 300, "नमस्ते")[1] == fonts.Face("noto-sans", 300)
    assert fonts.faces("anton", 400, "नमस्ते")[1] == fonts.Face("noto-sans", 800)
    assert fonts.faces("poppins", 600, "नमस्ते") == (fonts.Face("poppins", 600),)


def test_ideographs_follow_the_language() -> None:
    """Japanese, Korean and both kinds of Chinese have faces of their own."""
    found = {text: fonts.faces("inter", 700, text)[-1].family for text in ("かな漢字", "한국어", "优惠", "優惠")}
    assert list(found.values()) == [f"noto-sans-cjk-{face}" for face in ("jp", "kr", "sc", "tc")]
    assert fonts.faces("inter", 700, "漢字", "ja")[-1] == fonts.Face("noto-sans-cjk-jp", 700)


def test_an_absent_family_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unknown families are refused with the list of known ones; known but absent ones with the command to run."""
    with pytest.raises(InvalidInput, match="comic-sans") as unknown:
        catalogue.sources("comic-sans")
    assert "playfair-display" in str(unknown.value)
    monkeypatch.setattr(catalogue, "find_spec", _nothing)
    monkeypatch.setattr("fontpkg.families", dict)
    monkeypatch.setenv(EMOJI_SETTING, "/nowhere.ttf")
    forget_fonts()
    try:
        for family, command in (
            ("lora", "pip install fontpkg-lora"),
            ("noto-sans-cjk-jp", "pip install 'streamforge[cjk]'"),
            (EMOJI_ID, "apt install fonts-noto-color-emoji"),
        ):
            with pytest.raises(ConfigError) as absent:
                catalogue.sources(family)
            assert command in str(absent.value)
    finally:
        forget_fonts()


def _nothing(_: str) -> None:
    """No module of that name."""


def test_a_static_file_is_the_whole_family_at_the_weight() -> None:
    """The instance has no variations left, keeps the alphabet and its kerning, and differs by weight."""
    bold, light = static_file("inter", 700), static_file("inter", 300)
    tables = _tables(bold)
    assert {"glyf", "cmap", "GPOS", "GSUB"} <= set(tables)
    assert not {"fvar", "gvar", "avar"} & set(tables)
    font = hb.Font(hb.Face(bold))
    assert all(font.get_nominal_glyph(ord(c)) for c in string.ascii_letters + "ßЖλ")
    assert bold != light


def test_a_subset_has_the_text_and_little_else() -> None:
    """The letters asked for are in, with the forms they take when joined; others are not; it is small."""
    cut = subset("noto-sans-arabic", 600, "سلام")
    font = hb.Font(hb.Face(cut))
    assert all(font.get_nominal_glyph(ord(c)) for c in "سلام")
    assert not font.get_nominal_glyph(ord("ظ"))
    assert len(cut) < len(static_file("noto-sans-arabic", 600)) / 20
    assert _advances(cut, "سلام") == _advances(static_file("noto-sans-arabic", 600), "سلام")


def _advances(font: bytes, text: str) -> list[int]:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(hb.Font(hb.Face(font)), buffer)
    return [position.x_advance for position in buffer.glyph_positions]


def test_a_subset_packs_as_woff() -> None:
    """The WOFF holds every table of the plain file, unpacked byte for byte, and is smaller."""
    plain, packed = subset("lora", 700, "Lorem ipsum"), subset("lora", 700, "Lorem ipsum", "woff")
    assert len(packed) < len(plain)
    magic, _, length, count, _, size = struct.unpack_from(">4s4sIHHI", packed)
    assert (magic, length, size) == (b"wOFF", len(packed), len(plain))
    found: dict[str, bytes] = {}
    for index in range(count):
        tag, offset, deflated, whole, _ = struct.unpack_from(">4sIIII", packed, 44 + 20 * index)
        data = packed[offset : offset + deflated]
        found[tag.decode()] = zlib.decompress(data) if deflated < whole else data
    assert found == _tables(plain)


def test_font_files_are_equal_over_processes() -> None:
    """Neither time nor hash order shows in a font file."""
    code = (
        "import hashlib; from streamforge.render.font_files import *; "
        "print(hashlib.sha256(static_file('roboto', 500) + subset('inter', 700, 'Banner', 'woff')).hexdigest())"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(runs) == 1


def _tables(font: bytes) -> dict[str, bytes]:
    (count,) = struct.unpack_from(">H", font, 4)
    entries = (struct.unpack_from(">4sIII", font, 12 + 16 * index) for index in range(count))
    return {tag.decode(): font[start : start + length] for tag, _, start, length in entries}
