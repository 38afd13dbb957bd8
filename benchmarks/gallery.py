"""Every brief on every canvas, drawn with the offline designer, to be looked at: banners, contact sheets, a summary.

    python benchmarks/gallery.py --out DIR [--briefs DIR|FILE] [--sizes bannerrequest13] [--limit N] [--jobs 2]

Runs the pipeline's own stages without the daemon: examine, strategise, draw, adapt, arrange, paint. ``--briefs`` is a
JSON-lines file (or a directory with ``requests.jsonl``) of objects with ``prompt`` and optionally ``id``, ``audience``,
``purpose``, ``brand_name``, ``brand_colors``, ``logo`` and ``hero`` (a path without its ending, SVG text, or a data
URI). Without it, the invented briefs of ``benchmarks/briefs.jsonl`` are drawn.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import multiprocessing
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from PIL import Image

from streamforge.errors import StreamForgeError
from streamforge.pipelines.banner import child
from streamforge.pipelines.banner.canvas import Canvas, canvases_of
from streamforge.pipelines.banner.design.adapt import adapt
from streamforge.pipelines.banner.design.brief import Brief
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.offline import OfflineDesigner
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.order import order_for
from streamforge.pipelines.banner.spec import BannerSpec

BRIEFS = Path(__file__).with_name("briefs.jsonl")
_CAP_BYTES = 150_000
_SHEET_PX = 1560
_GAP_PX = 10
_GREY = (120, 120, 120)
_ROWS_PX = 1800
"""A contact sheet's height; a longer one goes on in another file."""


class Request(Struct, kw_only=True):
    """A line of a briefs file; see the module."""

    prompt: str
    id: int | str = ""
    audience: str = ""
    purpose: str = ""
    brand_name: str = ""
    brand_colors: list[str] = msgspec.field(default_factory=list[str])
    brand_kit: BrandKit | None = None
    logo: str = ""
    hero: str = ""


class Drawn(Struct, kw_only=True):
    """One banner, or why there is none. ``look`` is archetype, background and type."""

    brief: str
    size: str
    file: str = ""
    bytes: int = 0
    look: str = ""
    solver: str = ""
    checks: int = 0
    failed: list[str] = msgspec.field(default_factory=list[str])
    dropped: list[str] = msgspec.field(default_factory=list[str])
    lost: list[str] = msgspec.field(default_factory=list[str])
    copy: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    error: str = ""


def requests_of(path: Path) -> list[tuple[str, BannerSpec]]:
    """The briefs of a file or directory, by id."""
    file = path / "requests.jsonl" if path.is_dir() else path
    lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]
    found: list[tuple[str, BannerSpec]] = []
    for number, line in enumerate(lines):
        request = msgspec.json.decode(line, type=Request)
        name = str(request.id) if request.id != "" else f"{number:02d}"
        found.append((name, _spec(request, file.parent, number)))
    return found


def _spec(request: Request, folder: Path, number: int) -> BannerSpec:
    fields: dict[str, Any] = {
        name: value
        for name, value in msgspec.structs.asdict(request).items()
        if name not in {"id", "logo", "hero"} and value is not None
    }
    logo, hero = _picture(request.logo, folder, number), _picture(request.hero, folder, number)
    return BannerSpec(**fields, logo=logo, hero=hero)


def _picture(source: str, folder: Path, number: int) -> str | None:
    """A data URI; of a logo that is there as SVG and as PNG, the one or the other by turns."""
    if not source or source.startswith("data:"):
        return source or None
    if source.startswith("<svg"):
        return _data_uri("image/svg+xml", source.encode())
    endings = ("svg", "png") if number % 2 else ("png", "svg")
    for ending in endings:
        path = folder / f"{source}.{ending}"
        if path.exists():
            return _data_uri("image/svg+xml" if ending == "svg" else "image/png", path.read_bytes())
    raise SystemExit(f"there is no picture {source} in {folder}")


def _data_uri(media_type: str, data: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def draw_set(work: tuple[str, BannerSpec, list[Canvas], Path]) -> list[Drawn]:
    """All sizes of one brief, their files written; a refusal is recorded, anything else is a fault and stops."""
    name, spec, canvases, out = work
    try:
        brief, design = asyncio.run(_designed(spec, canvases[0]))
    except StreamForgeError as error:
        return [Drawn(brief=name, size=str(canvas.size), error=str(error)) for canvas in canvases]
    return [_draw(name, brief, design, canvas, out) for canvas in canvases]


async def _designed(spec: BannerSpec, canvas: Canvas) -> tuple[Brief, Design]:
    kit = spec.brand_kit if isinstance(spec.brand_kit, BrandKit) else BrandKit()
    logo = child.examine_logo(spec.logo) if spec.logo else None
    hero = child.examine_hero(spec.hero) if spec.hero else None
    brief = Brief(spec=spec, size=canvas.size, kit=kit, logo=logo, hero=hero)
    designer = OfflineDesigner()
    strategy = await designer.strategise(brief)
    return brief, (await designer.draw(brief, strategy.value)).value


def _draw(name: str, brief: Brief, design: Design, canvas: Canvas, out: Path) -> Drawn:
    drawn = Drawn(brief=name, size=str(canvas.size))
    order = order_for(brief, canvas)
    try:
        adapted = adapt(design, brief, canvas)
        arranged = child.arrange(adapted, order)
        painted = child.paint(adapted, arranged, order)
    except StreamForgeError as error:
        drawn.error = f"{type(error).__name__}: {error}"
        return drawn
    file = painted.files[0]
    path = out / "banners" / f"{name}-{canvas.size}.png"
    path.write_bytes(file.data)
    shown = {placement.id for placement in arranged.placements}
    drawn.file, drawn.bytes, drawn.solver = path.name, len(file.data), arranged.solver
    drawn.look = f"{design.archetype} {design.background} {design.typography.display}"
    drawn.checks = len(painted.checks)
    drawn.failed = [
        f"{check.check}({check.element}) {check.measured:g}/{check.limit:g}"
        for check in painted.checks
        if not check.passed
    ]
    drawn.dropped, drawn.lost = arranged.dropped, sorted(arranged.lost)
    drawn.copy = {element.id: element.text for element in adapted.elements if element.text and element.id in shown}
    return drawn


def summary(drawn: list[Drawn]) -> dict[str, Any]:
    """The counts that matter, as JSON."""
    done = [one for one in drawn if not one.error]
    failed = Counter(line.partition("(")[0] for one in done for line in one.failed)
    heavy = [f"{one.brief}-{one.size}" for one in done if one.bytes > _CAP_BYTES]
    looks = list({one.brief: one.look for one in done}.values())
    repeats = sum(a == b for a, b in pairwise(looks))
    return {
        "asked": len(drawn),
        "rendered": len(done),
        "all_checks_passed": sum(not one.failed for one in done),
        "failed_checks": dict(sorted(failed.items())),
        "errors": [f"{one.brief}-{one.size}: {one.error}" for one in drawn if one.error],
        "failures": [f"{one.brief}-{one.size}: {', '.join(one.failed)}" for one in done if one.failed],
        "solver": dict(Counter(one.solver for one in done)),
        "dropped": dict(Counter(name for one in done for name in one.dropped)),
        "with_lost_characters": sum(bool(one.lost) for one in done),
        "looks": len(set(looks)),
        "repeats_of_neighbours": round(repeats / max(len(looks) - 1, 1), 3),
        "archetypes": dict(Counter(look.split()[0] for look in looks)),
        "backgrounds": dict(Counter(look.split()[1] for look in looks)),
        "over_150_kb": heavy,
        "heaviest_kb": round(max((one.bytes for one in done), default=0) / 1000, 1),
    }


def write_sheets(drawn: list[Drawn], out: Path) -> None:
    """Contact sheets: every brief at one size, and every size of one brief."""
    for key in ("size", "brief"):
        groups: dict[str, list[Path]] = {}
        for one in drawn:
            if one.file:
                groups.setdefault(getattr(one, key), []).append(out / "banners" / one.file)
        for name, files in groups.items():
            for number, sheet in enumerate(_sheets([_opened(file) for file in files])):
                sheet.save(out / "sheets" / f"{key}-{name}-{number}.png")


def _opened(file: Path) -> Image.Image:
    with Image.open(file) as picture:
        return picture.convert("RGB")


def _sheets(pictures: list[Image.Image]) -> Iterator[Image.Image]:
    """Rows of pictures at their own size (large ones halved), as many sheets as they need."""
    x, y, row, placed = _GAP_PX, _GAP_PX, 0, list[tuple[Image.Image, int, int]]()
    for original in pictures:
        picture = original
        while picture.width > _SHEET_PX // 2 or picture.height > _ROWS_PX // 2:
            if picture.width <= _SHEET_PX - 2 * _GAP_PX and picture.height <= _ROWS_PX // 4:
                break
            picture = picture.resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
        if x + picture.width > _SHEET_PX - _GAP_PX:
            x, y, row = _GAP_PX, y + row + _GAP_PX, 0
        if placed and y + picture.height > _ROWS_PX:
            yield _sheet(placed)
            x, y, row, placed = _GAP_PX, _GAP_PX, 0, []
        placed.append((picture, x, y))
        x, row = x + picture.width + _GAP_PX, max(row, picture.height)
    if placed:
        yield _sheet(placed)


def _sheet(placed: list[tuple[Image.Image, int, int]]) -> Image.Image:
    right = max(x + picture.width for picture, x, _ in placed) + _GAP_PX
    bottom = max(y + picture.height for picture, _, y in placed) + _GAP_PX
    sheet = Image.new("RGB", (right, bottom), _GREY)
    for picture, x, y in placed:
        sheet.paste(picture, (x, y))
    return sheet


def main(arguments: list[str] | None = None) -> int:
    """Draw the gallery; 1 where a banner is missing, else 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--briefs", type=Path, default=BRIEFS)
    parser.add_argument("--sizes", default="bannerrequest13", help="sizes and presets, separated by commas")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args(arguments)
    for folder in ("banners", "sheets"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    canvases = canvases_of(options.sizes.split(","))
    briefs = requests_of(options.briefs)[: options.limit or None]
    started = time.monotonic()
    os.environ["STREAMFORGE_POOL_CHILD"] = "1"
    with multiprocessing.get_context("spawn").Pool(options.jobs) as pool:
        work = [(name, spec, canvases, options.out) for name, spec in briefs]
        drawn = [one for each in pool.imap(draw_set, work) for one in each]
    write_sheets(drawn, options.out)
    report = {**summary(drawn), "seconds": round(time.monotonic() - started, 1)}
    (options.out / "banners.json").write_bytes(msgspec.json.encode(drawn))
    (options.out / "summary.json").write_text(json.dumps(report, indent=1, ensure_ascii=False))
    sys.stdout.write(json.dumps(report, indent=1, ensure_ascii=False) + "\n")
    return 0 if report["rendered"] == report["asked"] else 1


if __name__ == "__main__":
    sys.exit(main())
