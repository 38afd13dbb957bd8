"""An arrangement as finished files: painted, verified, encoded. Runs in a pool child."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted, PaintedFile
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import hero_of, logo_of
from streamforge.pipelines.banner.picture.compose import Composition
from streamforge.pipelines.banner.picture.inspect import inspect
from streamforge.pipelines.banner.spec import Check
from streamforge.pipelines.banner.stopwatch import Stopwatch
from streamforge.render import paint as painter
from streamforge.render.checks import Finding
from streamforge.render.colour import Pixels
from streamforge.render.encode import FORMATS, encode
from streamforge.render.verify import check_weight
from streamforge.render.write_pdf import write_pdf
from streamforge.render.write_svg import write_svg


def paint(design: Design, arrangement: Arrangement, order: Order) -> Painted:
    """Paint, verify and encode in every format of the order.

    A check that fails is reported, not raised: the caller decides. Raises AssetRejected for logo and hero. Timings
    (ms): ``logo`` (decoding both), ``draw``, ``verify``, ``encode``.
    """
    watch = Stopwatch()
    logo, hero = logo_of(order, design), hero_of(order, design)
    watch.lap("logo")
    composition = Composition(design, arrangement, order, logo, hero)
    composition.paint()
    watch.lap("draw")
    inspection = inspect(composition, read_words=order.ocr)
    watch.lap("verify")
    files = list(_files(composition))
    watch.lap("encode")
    findings = [*inspection.findings, *_weights(files, order)]
    checks = [Check(**msgspec.structs.asdict(finding)) for finding in findings]
    return Painted(files=files, checks=checks, timings=watch.laps, metrics=inspection.metrics, notes=composition.notes)


def _files(composition: Composition) -> Iterator[PaintedFile]:
    """A file a format, in the order asked for."""
    order = composition.order
    pixels = _pixels(composition) if not set(FORMATS).isdisjoint(order.formats) else None
    for name in order.formats:
        yield _raster(pixels, name, order) if pixels is not None and name in FORMATS else _vector(composition, name)


def _pixels(composition: Composition) -> Pixels:
    """The picture at the order's scale: what was verified, or the same scene painted larger."""
    scale = composition.order.scale
    return composition.pixels if scale == 1 else painter.paint(composition.scene, composition.artworks, scale)


def _raster(pixels: Pixels, name: str, order: Order) -> PaintedFile:
    encoded = encode(pixels, name, order.max_bytes)
    height, width = pixels.shape[:2]
    suffix = "" if order.scale == 1 else f"@{order.scale}x"
    return PaintedFile(
        name=f"banner-{order.size}{suffix}.{encoded.extension}",
        media_type=encoded.media_type,
        width=width,
        height=height,
        data=encoded.data,
        quality=encoded.quality,
    )


def _vector(composition: Composition, name: str) -> PaintedFile:
    scene, artworks, size = composition.scene, composition.artworks, composition.arrangement.size
    title = next((" ".join(text.lines) for text in composition.texts if text.id == "headline"), "")
    if name == "svg":
        data, media_type = write_svg(scene, artworks, text=composition.order.svg_text, title=title), "image/svg+xml"
    else:
        data, media_type = write_pdf(scene, artworks, title=title), "application/pdf"
    return PaintedFile(f"banner-{size}.{name}", media_type, size.width, size.height, data)


def _weights(files: list[PaintedFile], order: Order) -> list[Finding]:
    """Whether each raster holds the cap; documents of shapes and text have none."""
    if not order.max_bytes:
        return []
    return [check_weight(file.name, len(file.data), order.max_bytes) for file in files if file.quality]
