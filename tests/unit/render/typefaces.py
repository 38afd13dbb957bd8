"""What tests of type share: HarfBuzz as a second opinion, and a small colour emoji font that they make themselves."""

from __future__ import annotations

import re
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import skia
import uharfbuzz as hb
from fontTools.fontBuilder import FontBuilder  # pyright: ignore[reportMissingTypeStubs]
from fontTools.pens.ttGlyphPen import TTGlyphPen  # pyright: ignore[reportMissingTypeStubs]

from streamforge.render import catalogue, cleaning, font_files, fonts, linebreak, text
from streamforge.render.text import TextStyle

_MODULES = (catalogue, cleaning, font_files, fonts, linebreak, text)
_EM = 1000
_EMOJI = {
    "party": 0x1F389, "heart": 0x2764, "woman": 0x1F469, "laptop": 0x1F4BB, "thumb": 0x1F44D, "skin": 0x1F3FD,
    "flag_d": 0x1F1E9, "flag_e": 0x1F1EA, "zwj": 0x200D, "vs16": 0xFE0F, "space": 0x20,
}  # fmt: skip
_LIGATURES = {
    "coder": "woman zwj laptop",
    "thumb_tan": "thumb skin",
    "germany": "flag_d flag_e",
}
_NO_LOOK = ("zwj", "vs16", "space")


class Shaped:
    """A text shaped by HarfBuzz with a catalogue family at a weight: its glyphs, and its advance at size 1."""

    def __init__(self, family: str, weight: int, text: str) -> None:
        font = font_files.static_file(family, weight)
        shaped = glyphs_of(font, text)
        self.glyphs = [glyph for glyph, _ in shaped]
        self.advance = sum(step for _, step in shaped) / hb.Face(font).upem


def glyphs_of(font: bytes, text: str) -> list[tuple[int, int]]:
    """The glyphs that HarfBuzz sets a text in, each with its advance in the font's units; 0 is the empty box."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    hb.shape(hb.Font(hb.Face(font)), buffer)
    steps = (position.x_advance for position in buffer.glyph_positions)
    return [(info.codepoint, step) for info, step in zip(buffer.glyph_infos, steps, strict=True)]


def drawn_glyphs(line: str, style: TextStyle) -> list[int]:
    """The glyphs that Skia draws for a line, by their numbers in their fonts: 0 is the empty box.

    Read from the text operators of a PDF, which holds glyph numbers as they are; emoji are pictures there.
    """
    stream = skia.DynamicMemoryWStream()
    document = skia.PDF.MakeDocument(stream, skia.PDF.Metadata())
    shaped = text.shape(line, style, 40, skia.ColorSetARGB(255, 0, 0, 0), static=True)
    shaped.paint(document.beginPage(2000, 200), 10, 10)
    document.endPage()
    document.close()
    streams = re.findall(rb"stream\n(.*?)\nendstream", bytes(stream.detachAsData()), re.DOTALL)
    pages = [page for page in map(_inflated, streams) if b" Tf" in page]
    codes = [code for page in pages for code in re.findall(rb"<([0-9A-Fa-f]+)>", page)]
    return [int(code[at : at + 4], 16) for code in codes for at in range(0, len(code), 4)]


def _inflated(stream: bytes) -> bytes:
    try:
        return zlib.decompress(stream)
    except zlib.error:
        return stream


def forget_fonts() -> None:
    """Empty every cache of the type modules, as after a change of the emoji font's setting."""
    for module in _MODULES:
        for value in list(vars(module).values()):
            clear = getattr(value, "cache_clear", None)
            if callable(clear):
                clear()


def write_emoji_font(path: Path) -> None:
    """A font of red squares: party, heart, thumb, a woman with a laptop and a flag, the last ones as one glyph each."""
    builder: Any = FontBuilder(_EM, isTTF=True)
    shown = [name for name in (*_EMOJI, *_LIGATURES) if name not in _NO_LOOK]
    builder.setupGlyphOrder([".notdef", *_EMOJI, *_LIGATURES])
    builder.setupCharacterMap({code: name for name, code in _EMOJI.items()})
    builder.setupGlyf(
        {name: _square() if name in shown else TTGlyphPen(None).glyph() for name in builder.font.getGlyphOrder()}
    )
    builder.setupHorizontalMetrics({name: (0 if name in _NO_LOOK else _EM, 0) for name in builder.font.getGlyphOrder()})
    builder.setupHorizontalHeader(ascent=950, descent=-250)
    builder.setupNameTable({"familyName": "Test Emoji", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    rules = "".join(f"sub {parts} by {name};" for name, parts in _LIGATURES.items())
    builder.addOpenTypeFeatures(f"feature ccmp {{ {rules} }} ccmp;")
    builder.setupCOLR({name: [(name, 0)] for name in shown})
    builder.setupCPAL([[(1.0, 0.0, 0.0, 1.0)]])
    out = BytesIO()
    builder.save(out)
    path.write_bytes(out.getvalue())


def _square() -> object:
    pen: Any = TTGlyphPen(None)
    pen.moveTo((100, 0))
    for point in ((100, 800), (900, 800), (900, 0)):
        pen.lineTo(point)
    pen.closePath()
    return pen.glyph()
