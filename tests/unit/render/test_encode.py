"""Files hold the pixels, say what colours they mean, and keep to their weight."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageCms

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


@pytest.mark.parametrize("name", FORMATS)
def test_what_cannot_fit_says_so(name: str) -> None:
    """A cap of a few bytes is no exception: the smallest file comes back, marked."""
    made = encode(picture(), name, 50)
    assert not made.fits
    assert decoded(made.data).size == (240, 160)
    assert len(made.data) < len(encode(picture(), name).data)


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
