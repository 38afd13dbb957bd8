"""An arrangement as finished files: painted, verified, encoded. Runs in a pool child."""

from __future__ import annotations

import msgspec

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted, PaintedFile
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import logo_of
from streamforge.pipelines.banner.picture.compose import Composition
from streamforge.pipelines.banner.picture.inspect import inspect
from streamforge.pipelines.banner.spec import Check
from streamforge.pipelines.banner.stopwatch import Stopwatch
from streamforge.render.encode import encode


def paint(design: Design, arrangement: Arrangement, order: Order) -> Painted:
    """Paint, verify and encode in every format of the order.

    A check that fails is reported, not raised: the caller decides. Raises AssetRejected for the logo. Timings (ms):
    ``draw``, ``verify``, ``encode``.
    """
    watch = Stopwatch()
    logo = logo_of(order, design)
    watch.lap("logo")
    composition = Composition(design, arrangement, logo)
    pixels = composition.paint()
    watch.lap("draw")
    findings = inspect(composition)
    watch.lap("verify")
    size = arrangement.size
    encoded = [encode(pixels, name) for name in order.formats]
    files = [
        PaintedFile(f"banner-{size}.{file.extension}", file.media_type, size.width, size.height, file.data)
        for file in encoded
    ]
    watch.lap("encode")
    checks = [Check(**msgspec.structs.asdict(finding)) for finding in findings]
    return Painted(files=files, checks=checks, timings=watch.laps)
