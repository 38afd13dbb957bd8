"""What the pictures of a scene show: pixels of any size for rasters, a sound file for SVG and PDF."""

from __future__ import annotations

import io
from typing import Protocol

import numpy as np
from msgspec import Struct
from PIL import Image

from streamforge.render.colour import Pixels
from streamforge.render.logo import Logo
from streamforge.render.photo import Photo
from streamforge.render.scene import WHOLE, Crop

SVG = "image/svg+xml"
_PLAIN = frozenset(["JPEG", "PNG"])
_HIDDEN = frozenset(["exif", "icc_profile", "xmp", "comment"])
_JPEG_QUALITY = 92


class File(Struct, frozen=True):
    """A picture as it is embedded; ``box`` is the part of it that the artwork shows as a whole."""

    media_type: str
    data: bytes
    box: Crop = WHOLE

    def part(self, crop: Crop) -> Crop:
        """A crop of the artwork as a crop of the file."""
        left, top, right, bottom = self.box
        width, height = right - left, bottom - top
        return left + crop[0] * width, top + crop[1] * height, left + crop[2] * width, top + crop[3] * height


class Artwork(Protocol):
    """A picture that a scene names by an id."""

    def pixels(self, width: int, height: int, crop: Crop) -> Pixels:
        """The crop as straight-alpha RGBA of exactly that size."""
        ...

    @property
    def file(self) -> File:
        """The whole picture in its best form: vectors where there are any, the bytes it came in, or a PNG."""
        ...


class LogoArt:
    """A logo, which is always shown whole. The size it was last drawn at is kept: a banner asks for it twice."""

    def __init__(self, logo: Logo) -> None:
        self._logo = logo
        self._file: File | None = None
        self._last: tuple[tuple[int, int], Pixels] | None = None

    def pixels(self, width: int, height: int, crop: Crop = WHOLE) -> Pixels:  # noqa: ARG002 - it has no other part
        """The logo as straight-alpha RGBA of exactly that size."""
        if self._last is None or self._last[0] != (width, height):
            self._last = ((width, height), self._logo.rasterise(width, height))
        return self._last[1]

    @property
    def file(self) -> File:
        """The clean SVG, or the visible part as a PNG: lossless, and without what else was in the file."""
        if self._file is None:
            self._file = self._embedded()
        return self._file

    def _embedded(self) -> File:
        if self._logo.document is not None:
            return File(SVG, self._logo.document, self._logo.box)
        return png_of(self._logo.pixels)


class PhotoArt:
    """A photograph, of which a banner shows a part. ``data`` is the file that it came in."""

    def __init__(self, photo: Photo, data: bytes) -> None:
        self._photo = photo
        self._file: File | None = None
        self._data = data

    def pixels(self, width: int, height: int, crop: Crop = WHOLE) -> Pixels:
        """The crop as straight-alpha RGBA of exactly that size."""
        return self._photo.rasterise(width, height, crop)

    @property
    def file(self) -> File:
        """The bytes it came in, if they hold a plain picture; or else the picture alone, anew.

        Orientation and colour profile would be read differently by each viewer; and where a photograph was taken is
        nobody's business.
        """
        if self._file is None:
            self._file = self._embedded()
        return self._file

    def _embedded(self) -> File:
        with Image.open(io.BytesIO(self._data)) as picture:
            plain = picture.format in _PLAIN and _HIDDEN.isdisjoint(picture.info) and not picture.getexif()
            media_type = picture.get_format_mimetype() or ""
        if plain:
            return File(media_type, self._data)
        opaque = bool((self._photo.pixels[..., 3] == 255).all())  # noqa: PLR2004
        return _jpeg_of(self._photo.pixels) if opaque else png_of(self._photo.pixels)


def _jpeg_of(pixels: Pixels) -> File:
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert("RGB").save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return File("image/jpeg", buffer.getvalue())


def png_of(pixels: Pixels) -> File:
    """Straight-alpha RGBA as a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return File("image/png", buffer.getvalue())
