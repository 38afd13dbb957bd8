"""Logos: sound ones are measured, all others are refused by name before they can do harm."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageCms

from streamforge.errors import AssetRejected
from streamforge.render import raster
from streamforge.render.logo import load_logo, logo_facts
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


def turned(orientation: int) -> bytes:
    """A JPEG whose left half is red as stored, to be shown in that EXIF orientation."""
    picture = Image.new("RGB", (64, 32), "#0000ff")
    picture.paste("#ff0000", (0, 0, 32, 32))
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(picture, "JPEG", exif=exif, quality=95)


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [(1, (64, 32), (8, 16)), (3, (64, 32), (56, 16)), (6, (32, 64), (16, 8)), (8, (32, 64), (16, 56))],
)
def test_a_turned_photograph_stands_upright(orientation: int, size: tuple[int, int], red: tuple[int, int]) -> None:
    """EXIF orientation is applied, so that a phone's picture is not shown lying."""
    logo = load_logo(data_uri(turned(orientation), "image/jpeg"))
    assert (logo.width, logo.height) == size
    assert logo.pixels[red[1], red[0], 0] > 200


def swapped_profile() -> bytes:
    """An sRGB profile under another name with its red and blue primaries exchanged: a colour space that shows."""
    profile = bytearray(srgb_profile())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    return (
        bytes(profile)
        .replace("sRGB".encode("utf-16-be"), "none".encode("utf-16-be"))
        .replace(b"sRGB built", b"none built")
    )


def srgb_profile() -> bytes:
    """The profile that Pillow calls sRGB."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


@pytest.mark.parametrize("name", ["PNG", "JPEG", "WEBP"])
def test_a_colour_profile_is_turned_into_srgb(name: str) -> None:
    """A picture in another colour space shows its own colours; alpha is untouched; an sRGB profile changes nothing."""
    red = Image.new("RGB", (40, 40), "#ff0000")
    swapped = logo_facts(data_uri(encoded(red, name, icc_profile=swapped_profile()), f"image/{name.lower()}"))
    plain = logo_facts(data_uri(encoded(red, name, icc_profile=srgb_profile()), f"image/{name.lower()}"))
    assert int(swapped.colors[0][5:7], 16) > 240
    assert int(swapped.colors[0][1:3], 16) < 30
    assert int(plain.colors[0][1:3], 16) > 240


def test_a_profile_keeps_alpha_and_a_broken_one_is_passed_over() -> None:
    """Transparency survives the change of colours; noise in place of a profile leaves the picture as it is."""
    glass = Image.new("RGBA", (40, 40), (255, 0, 0, 128))
    assert load_logo(data_uri(encoded(glass, icc_profile=swapped_profile()))).pixels[9, 9].tolist() == [0, 0, 255, 128]
    for broken in (b"noise", srgb_profile()[:200], b"\0" * 5000):
        assert load_logo(data_uri(encoded(glass, icc_profile=broken))).pixels[9, 9].tolist() == [255, 0, 0, 128]


def test_transparency_in_any_mode_stays() -> None:
    """Palettes, grey with alpha, and a colour that is named transparent leave the ground visible."""
    mask = Image.new("L", (40, 40), 0)
    mask.paste(255, (0, 0, 20, 40))
    grey = Image.merge("LA", (Image.new("L", (40, 40), 90), mask))
    palette = Image.merge("RGBA", (*Image.new("RGB", (40, 40), "#336699").split(), mask)).quantize(8)
    named = encoded(mask.convert("P"), transparency=0)
    deep = Image.fromarray(np.where(np.asarray(mask) > 0, 40_000, 7).astype(np.uint16))
    for data in (encoded(grey), encoded(palette), named, encoded(deep, transparency=7)):
        logo = load_logo(data_uri(data))
        assert (logo.width, logo.height) == (20, 40)
        assert (logo.pixels[..., 3] == 255).all()


def test_a_large_jpeg_is_not_held_in_full() -> None:
    """Where a bound on what is kept is given, the picture comes at most that large, in its shape."""
    data = encoded(Image.new("RGB", (1600, 800), "#cc0000"), "JPEG")
    pixels = raster.decode(data, "hero", most_pixels=50_000)
    assert pixels.shape[0] * pixels.shape[1] <= 50_000
    assert pixels.shape[1] / pixels.shape[0] == pytest.approx(2, abs=0.05)


def frames(name: str) -> bytes:
    """Three frames of a film."""
    pictures = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    return encoded(pictures[0], name, save_all=True, append_images=pictures[1:], duration=90)


def test_a_multi_picture_jpeg_is_its_first_picture() -> None:
    """Phones store a second view in the same file; it is no animation."""
    logo = load_logo(data_uri(frames("MPO"), "image/jpeg"))
    assert (logo.width, logo.height) == (32, 32)


def passes() -> bytes:
    """A progressive JPEG whose last pass comes a hundred thousand times."""
    data = encoded(Image.new("RGB", (3000, 3000), "#336699"), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    return data[:last] + (data[last:-2] * 100_000)[:4_000_000] + b"\xff\xd9"


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
        (data_uri(b"<!DOCTYPE html><html>not found"), "it is a web page"),
        (data_uri(b"\0\0\0\x1cftypavif...."), "it is an AVIF"),
        (data_uri(frames("WEBP"), "image/webp"), "is animated"),
        (data_uri(frames("PNG")), "is animated"),
        (data_uri(frames("GIF")), "it is a GIF"),
        (data_uri(passes(), "image/jpeg"), "countless passes"),
        (data_uri(PLAIN[: len(PLAIN) // 2]), "not a readable"),
        (data_uri(png_header(30_000, 30_000)), "says that it has over 16 megapixels"),
        (data_uri(png_header(12_000, 8_000)), "says that it has over 16 megapixels"),
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
    assert "bomb" not in str(caught.value), "the decoder's own words"


def test_refusals_are_the_same_every_time() -> None:
    """No memory address or temporary name leaks into a message that ends up in a job's record."""
    messages: set[str] = set()
    for _ in range(2):
        with pytest.raises(AssetRejected) as caught:
            logo_facts(data_uri(b"just some text"))
        messages.add(str(caught.value))
    assert len(messages) == 1
    assert "0x" not in messages.pop()
