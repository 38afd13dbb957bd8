"""An arrangement as finished files: painted, verified, encoded. Runs in a pool child."""

from __future__ import annotations

import msgspec

from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.layout.arrangement import Arrangement, Painted, PaintedFile
from streamforge.pipelines.banner.picture.compose import Composition
from streamforge.pipelines.banner.picture.inspect import inspect
from streamforge.pipelines.banner.spec import BannerSpec, Check
from streamforge.pipelines.banner.stopwatch import Stopwatch
from streamforge.render.encode import encode
from streamforge.render.image import load_logo


def paint(design: Design, arrangement: Arrangement, spec: BannerSpec) -> Painted:
    """Paint, verify and encode in every format of the brief.

    A check that fails is reported, not raised: the caller decides. Raises AssetRejected for the logo. Timings (ms):
    ``draw``, ``verify``, ``encode``.
    """
    watch = Stopwatch()
    logo = load_logo(spec.logo) if spec.logo and any(p.role == "logo" for p in arrangement.placements) else None
    watch.lap("logo")
    composition = Composition(design, arrangement, logo)
    pixels = composition.paint()
    watch.lap("draw")
    findings = inspect(composition)
    watch.lap("verify")
    size = arrangement.size
    encoded = [encode(pixels, name) for name in spec.formats]
    files = [
        PaintedFile(f"banner-{size}.{file.extension}", file.media_type, size.width, size.height, file.data)
        for file in encoded
    ]
    watch.lap("encode")
    checks = [Check(**msgspec.structs.asdict(finding)) for finding in findings]
    return Painted(files=files, checks=checks, timings=watch.laps)
