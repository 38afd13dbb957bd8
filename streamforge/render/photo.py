"""Hero pictures: a photograph decoded once, cropped where the eye goes, measured for a designer."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from msgspec import Struct
from PIL import Image

from streamforge.render import crop, sniff
from streamforge.render.colour import Pixels, luminance
from streamforge.render.raster import bytes_of, decode, reject
from streamforge.render.saliency import saliency
from streamforge.render.scene import WHOLE
from streamforge.render.scene import Crop as Box
from streamforge.render.subject import skin_of, subject_of
from streamforge.render.swatches import dominant

MAX_KEPT_PIXELS = 8_000_000
"""A larger photograph is scaled down to this: more would not show, and costs memory in every child."""
MAX_ASPECT = 8
_MAP_PX = 256


class PhotoFacts(Struct, frozen=True, kw_only=True):
    """What a designer may know of a hero picture.

    ``width``/``height`` in px, up to six hex ``colors`` by falling share, mean relative ``luminance``, and the side
    that is ``calm`` enough for text. ``subject`` is the box of what must not be cut, the whole where
    nothing stands out.
    """

    width: int
    height: int
    colors: list[str]
    luminance: float
    calm: crop.Side
    subject: Box = WHOLE


class Photo:
    """A decoded photograph. ``pixels`` is (height, width, 4) straight RGBA."""

    def __init__(self, pixels: Pixels) -> None:
        self.pixels = pixels

    @property
    def width(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """Pixels."""
        return int(self.pixels.shape[0])

    @cached_property
    def interest(self) -> crop.Interest:
        """What draws the eye, on a map of at most 256 cells a side."""
        scale = min(1.0, _MAP_PX / max(self.width, self.height))
        small = self.rasterise(max(8, round(self.width * scale)), max(8, round(self.height * scale)))
        return interest_of(small)

    @cached_property
    def subject(self) -> Box:
        """The box of what must not be cut, in shares."""
        return subject_of(self.pixels)

    def crop_for(self, aspect: float, covered: Box | None = None) -> Box:
        """The part to keep for a frame of ``aspect`` (width over height): shares (left, top, right, bottom).

        ``covered`` is the part of the frame, in shares of that, where something will lie over it.
        """
        return crop.crop_for(self.interest, (self.width, self.height), aspect, self.subject, covered)

    def rasterise(self, width: int, height: int, box: Box = WHOLE) -> Pixels:
        """The part in ``box`` as straight-alpha RGBA of exactly ``width`` x ``height`` px."""
        left, top, right, bottom = box
        window = (left * self.width, top * self.height, right * self.width, bottom * self.height)
        source = Image.fromarray(self.pixels)
        if bool((self.pixels[..., 3] == 255).all()):  # noqa: PLR2004 - opaque: no need to weigh colours by alpha
            source = source.convert("RGB")
        drawn = source.resize((width, height), Image.Resampling.LANCZOS, box=window, reducing_gap=3.0)
        return np.asarray(drawn.convert("RGBA"))


def load_photo(data_uri: str, field: str = "hero") -> Photo:
    """Decode a data URI of a PNG, JPEG or WebP. Raises AssetRejected naming ``field`` for all but a sound one."""
    data = bytes_of(data_uri, field)
    if sniff.media_type_of(data) == sniff.SVG:
        reject(field, "a hero picture cannot be an SVG", "give a photograph as JPEG, PNG or WebP")
    photo = Photo(decode(data, field, most_pixels=MAX_KEPT_PIXELS))
    if not 1 / MAX_ASPECT <= photo.width / photo.height <= MAX_ASPECT:
        reject(field, f"the picture is {photo.width}x{photo.height}", "give one that is less of a strip")
    if not photo.pixels[..., 3].any():
        reject(field, "the picture has no visible pixel", "give one that is not fully transparent")
    return photo


def photo_facts(photo: Photo) -> PhotoFacts:
    """Measure a decoded photograph."""
    stride = max(1, max(photo.width, photo.height) // _MAP_PX)
    pixels = photo.pixels[::stride, ::stride]
    shown = pixels[pixels[..., 3] > 0][:, :3]
    if not shown.size:
        shown = photo.pixels[photo.pixels[..., 3] > 0][:_MAP_PX, :3]
    return PhotoFacts(
        width=photo.width,
        height=photo.height,
        colors=dominant(shown),
        luminance=round(float(luminance(shown).mean()), 4),
        calm=crop.calm_side(photo.interest),
        subject=photo.subject,
    )


def interest_of(pixels: Pixels) -> crop.Interest:
    """What draws the eye: half what is unexpected (``saliency``), half edges and colours apart from the mean.

    The second half finds what fills a picture too evenly to be unexpected (Achanta et al., CVPR 2009).
    """
    rgb: crop.Interest = pixels[..., :3].astype(np.float32) / np.float32(255)
    light = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    rows, columns = np.gradient(light)
    unexpected = saliency(light.astype(np.float64)).astype(np.float32)
    height, width = light.shape
    spread: crop.Interest = np.asarray(Image.fromarray(unexpected).resize((width, height), Image.Resampling.BILINEAR))
    apart = np.linalg.norm(rgb - rgb.mean(axis=(0, 1)), axis=2)
    skin = skin_of(rgb)
    shown = pixels[..., 3].astype(np.float32) / 255 * _where_subjects_are(width, height)
    drawn = _of_one(spread) + (_of_one(np.hypot(rows, columns)) + _of_one(apart)) / 2 + 2 * _of_one(skin, least=0.06)
    return (drawn * shown).astype(np.float32)


def _where_subjects_are(width: int, height: int) -> crop.Interest:
    """1 where photographers put what matters (the middle, a little above it: heads are there), .4 in the corners."""
    x, y = np.linspace(-0.5, 0.5, width) / 0.32, (np.linspace(0, 1, height) - 0.38) / 0.3
    return (0.4 + 0.6 * np.exp(-(x[None, :] ** 2 + y[:, None] ** 2) / 2)).astype(np.float32)


def _of_one(values: crop.Interest, least: float = 1e-6) -> crop.Interest:
    """Scaled so that the mean is 1, or less where it is below ``least``."""
    return values / max(float(values.mean()), least)
