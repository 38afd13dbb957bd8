"""Files hold the pixels, say what colours they mean, and keep to their weight."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import zlib
from unittest.mock import patch

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageDraw

from streamforge.errors import InvalidInput
from streamforge.render.colour import Pixels
from streamforge.render.encode import FORMATS, encode
from streamforge.render.icc import SRGB

TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "avif": "image/avif"}


def picture(noise: int = 30, width: int = 240, height: int = 160) -> Pixels:
    """A gradient with noise, opaque: something that does not compress to nothing."""
    rng = np.random.default_rng(5)
    ramp = np.linspace(40, 200, width)[None, :, None] + rng.integers(0, noise + 1, (height, width, 3))
    return np.dstack([np.clip(ramp, 0, 255), np.full((height, width), 255)]).astype(np.uint8)


def decoded(data: bytes) -> Image.Image:
    """The file's picture."""
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_the_picture(name: str) -> None:
    """Decoded, each file is the picture again: exactly for PNG, nearly for the lossy ones."""
    pixels = picture(noise=4)
    made = encode(pixels, name)
    image = decoded(made.data)
    assert made.media_type == TYPES[name]
    assert made.fits
    assert image.size == (240, 160)
    apart = np.abs(np.asarray(image.convert("RGB")).astype(int) - pixels[..., :3])
    assert apart.mean() < (0.001 if name == "png" else 4)


def test_every_format_states_srgb() -> None:
    """PNG by its chunk, JPEG and WebP by a profile, AVIF by the numbers in its container."""
    files = {name: encode(picture(), name).data for name in FORMATS}
    assert b"sRGB\x00" in files["png"][:80]
    for name in ("jpeg", "webp"):
        assert decoded(files[name]).info["icc_profile"] == SRGB
    assert b"colrnclx\x00\x01\x00\x0d" in files["avif"]


def test_the_profile_is_srgb() -> None:
    """Colour management takes the profile for sRGB: converting between the two changes nothing."""
    source = Image.fromarray(picture(noise=120)[..., :3])
    known = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    converted = ImageCms.profileToProfile(source, ImageCms.ImageCmsProfile(io.BytesIO(SRGB)), known)
    assert converted is not None
    assert np.abs(np.asarray(converted).astype(int) - np.asarray(source)).max() <= 1


@pytest.mark.parametrize("name", ["jpeg", "webp", "avif"])
def test_quality_gives_way_to_weight_and_no_further(name: str) -> None:
    """A cap is held by the highest quality that holds it: one more would not."""
    free = encode(picture(), name)
    cap = len(free.data) * 2 // 3
    fitted = encode(picture(), name, cap)
    assert fitted.fits
    assert len(fitted.data) <= cap
    assert int(fitted.quality) < int(free.quality)
    looser = encode(picture(), name, len(free.data))
    assert looser == free
    heavier = encode(picture(), name, len(fitted.data) - 1)
    assert int(heavier.quality) < int(fitted.quality)


def test_a_png_gives_up_colours_for_weight() -> None:
    """First harder compression, still lossless; then as many colours as fit."""
    free = encode(picture(), "png")
    assert free.quality == "lossless"
    fitted = encode(picture(), "png", len(free.data) // 3)
    assert fitted.fits
    assert fitted.quality.endswith(" colours")
    assert decoded(fitted.data).mode == "P"
    smaller = encode(picture(), "png", len(fitted.data) - 1)
    assert int(smaller.quality.split()[0]) < int(fitted.quality.split()[0])
    apart = np.abs(np.asarray(decoded(fitted.data).convert("RGB")).astype(int) - picture()[..., :3])
    assert apart.mean() < 12


def test_a_drawn_png_is_not_filtered_and_a_photograph_is() -> None:
    """Each way gives the smaller file for its kind of picture, and both hold every pixel."""
    for pixels, is_drawn in ((drawn(), True), (smooth(), False)):
        file = encode(pixels, "png").data
        shown = decoded(file)
        assert np.array_equal(np.asarray(shown), pixels[..., :3])
        assert (row_filters(file) == {0}) is is_drawn
        usual = io.BytesIO()
        shown.save(usual, "PNG", compress_level=3)
        assert len(file) < usual.tell()


def drawn() -> Pixels:
    """Flat shapes and letters, as a banner has."""
    image = Image.new("RGB", (300, 200), "#fdfaf4")
    pen = ImageDraw.Draw(image)
    pen.ellipse((180, -40, 340, 90), fill="#c4d7f7")
    pen.rounded_rectangle((20, 150, 120, 180), 14, fill="#1d4ed8")
    for row in range(6):
        pen.text((20, 12 + 22 * row), "Build systems that lose nothing", fill="#1d2733", font_size=16)
    return np.dstack([np.asarray(image), np.full((200, 300), 255, np.uint8)])


def smooth() -> Pixels:
    """What changes a little at each pixel and never repeats, as a photograph does."""
    rng = np.random.default_rng(3)
    wide = Image.fromarray(rng.integers(0, 255, (14, 20, 3), np.uint8)).resize((300, 200), Image.Resampling.BICUBIC)
    grain = rng.integers(-2, 3, (200, 300, 3))
    return np.dstack([np.clip(np.asarray(wide) + grain, 0, 255), np.full((200, 300), 255)]).astype(np.uint8)


def row_filters(file: bytes) -> set[int]:
    """The filter bytes of an RGB PNG's rows."""
    width, height = struct.unpack(">2I", file[16:24])
    data, at = b"", 8
    while at < len(file):
        length, name = struct.unpack(">I4s", file[at : at + 8])
        data += file[at + 8 : at + 8 + length] if name == b"IDAT" else b""
        at += 12 + length
    return set(zlib.decompress(data)[:: 3 * width + 1][:height])


@pytest.mark.parametrize("name", FORMATS)
def test_what_cannot_fit_says_so(name: str) -> None:
    """A cap of a few bytes is no exception: the smallest file comes back, marked."""
    made = encode(picture(), name, 50)
    assert not made.fits
    assert decoded(made.data).size == (240, 160)
    assert len(made.data) < len(encode(picture(), name).data)


def test_what_cannot_fit_is_found_out_at_once() -> None:
    """A lossy format is written at its best and at its least, a PNG as it is and in the fewest colours: no more."""
    for name in FORMATS:
        with patch.object(Image.Image, "save", autospec=True, side_effect=Image.Image.save) as save:
            assert not encode(picture(), name, 50).fits
        assert save.call_count == 2


@pytest.mark.parametrize("name", ["png", "webp", "avif"])
def test_transparency_is_not_darkened(name: str) -> None:
    """The buffer is premultiplied: half-transparent red is stored as (128, 0, 0, 128) and must come out as full red."""
    pixels = np.zeros((64, 64, 4), np.uint8)
    pixels[16:48, 16:48] = (128, 0, 0, 128)
    shown = np.asarray(decoded(encode(pixels, name).data).convert("RGBA")).astype(int)
    assert np.abs(shown[32, 32] - (255, 0, 0, 128)).max() <= 6
    assert shown[4, 4, 3] <= 2


def test_an_unknown_format_names_those_there_are() -> None:
    """The refusal lists what can be asked for."""
    with pytest.raises(InvalidInput, match="bmp") as caught:
        encode(picture(), "bmp")
    assert "avif" in str(caught.value.hint)


def test_equal_pixels_give_equal_bytes_in_every_process() -> None:
    """Two processes with different hash seeds write the same files, capped or not."""
    script = (
        "import hashlib\n"
        "from tests.unit.render.test_encode import FORMATS, encode, picture\n"
        "files = [encode(picture(), name, cap).data for name in FORMATS for cap in (0, 20_000)]\n"
        "print(hashlib.sha256(b''.join(files)).hexdigest())\n"
    )
    here = [encode(picture(), name, cap).data for name in FORMATS for cap in (0, 20_000)]
    for seed in ("1", "2"):
        ran = subprocess.run(
            [sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == hashlib.sha256(b"".join(here)).hexdigest()
