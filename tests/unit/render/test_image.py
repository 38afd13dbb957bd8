"""Logos: sound ones are measured, all others are refused by name before they can do harm."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from streamforge.errors import AssetRejected
from streamforge.render.image import load_logo, logo_facts
from tests.unit.render.pictures import data_uri, encoded, logo_png, png_header, svg_uri

PLAIN = encoded(Image.new("RGB", (64, 32), "#cc0000"))


def test_transparent_borders_are_trimmed_and_colours_counted() -> None:
    """Size and colours are those of the visible part, and its transparency outside is not counted as inside."""
    facts = logo_facts(logo_png("#2c3e50"))
    assert (facts.width, facts.height) == (100, 40)
    assert facts.colors == ["#2c3e50"]
    assert facts.luminance == pytest.approx(0.045, abs=0.002)
    assert not facts.transparent


def test_colours_come_by_falling_share() -> None:
    """The colour that covers most comes first."""
    picture = Image.new("RGB", (100, 50), "#ffffff")
    picture.paste(Image.new("RGB", (30, 50), "#ff0000"), (0, 0))
    assert logo_facts(data_uri(encoded(picture))).colors == ["#ffffff", "#ff0000"]


def test_holes_count_as_transparent() -> None:
    """A logo through which the ground shows says so."""
    picture = Image.new("RGBA", (100, 100), "#00aa00")
    picture.paste((0, 0, 0, 0), (30, 30, 70, 70))
    assert logo_facts(data_uri(encoded(picture))).transparent


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_raster_formats_are_read(name: str) -> None:
    """PNG, JPEG and WebP all decode to the same red."""
    data = encoded(Image.new("RGB", (64, 32), "#cc0000"), name)
    facts = logo_facts(data_uri(data, f"image/{name.lower()}"))
    assert (facts.width, facts.height) == (64, 32)
    red = int(facts.colors[0][1:3], 16)
    assert abs(red - 0xCC) <= 4


def test_sixteen_bit_grey_and_cmyk_are_converted() -> None:
    """Unusual colour modes become RGBA rather than an error or black."""
    deep = Image.fromarray(np.full((40, 40), 40_000, np.uint16))
    assert logo_facts(data_uri(encoded(deep))).colors == ["#9c9c9c"]
    cmyk = Image.new("CMYK", (40, 40), (0, 255, 255, 0))
    facts = logo_facts(data_uri(encoded(cmyk, "JPEG"), "image/jpeg"))
    assert facts.colors[0].startswith(("#f", "#e"))


def test_logos_are_drawn_at_the_size_asked_for() -> None:
    """Raster and vector logos both give straight-alpha pixels of exactly that size."""
    for uri in (logo_png(), svg_uri('<rect x="10" y="10" width="60" height="20" fill="#ff0000" opacity="0.5"/>')):
        pixels = load_logo(uri).rasterise(90, 30)
        assert pixels.shape == (30, 90, 4)
    middle = pixels[15, 45]
    assert middle[0] > 250, "translucent red is stored straight, not premultiplied"
    assert abs(int(middle[3]) - 128) <= 2


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("http://example.com/logo.png", "not a data URI"),
        ("data:image/gif;base64,R0lGODlh", "not a supported picture"),
        ("data:image/png;base64,@@@@", "not valid base64"),
        ("data:image/png;base64,", "0 bytes"),
        (data_uri(b"just some text"), "no PNG, JPEG or WebP"),
        (data_uri(PLAIN[: len(PLAIN) // 2]), "not a readable"),
        (data_uri(png_header(30_000, 30_000)), "exceeds limit"),
        (data_uri(png_header(12_000, 8_000)), "exceeds limit"),
        (data_uri(png_header(5_000, 5_000)), "5000x5000"),
        (data_uri(png_header(9_000, 100)), "9000x100"),
        (data_uri(encoded(Image.new("RGB", (2, 2)))), "2x2"),
        (data_uri(encoded(Image.new("RGB", (800, 8)))), "800x8"),
        (data_uri(encoded(Image.new("RGBA", (50, 50)))), "no visible pixel"),
        (data_uri(b"\0" * 5_000_001), "5000001 bytes"),
    ],
)
def test_bad_files_are_refused_with_the_reason(uri: str, said: str) -> None:
    """Whatever is wrong with the file: one error type, the field's name, the reason and what to do."""
    with pytest.raises(AssetRejected, match=said) as caught:
        logo_facts(uri)
    assert caught.value.field == "logo"
    assert caught.value.hint


def test_refusals_are_the_same_every_time() -> None:
    """No memory address or temporary name leaks into a message that ends up in a job's record."""
    messages: set[str] = set()
    for _ in range(2):
        with pytest.raises(AssetRejected) as caught:
            logo_facts(data_uri(b"just some text"))
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert "0x" not in messages.pop()
