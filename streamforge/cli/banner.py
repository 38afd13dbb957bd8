"""Banners without a daemon: render a graph that somebody wrote, and what one needs to write it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from streamforge.cli.briefs import PICTURES, data_uri, known_size
from streamforge.cli.demo import table
from streamforge.cli.main import FAILED, OK
from streamforge.cli.session import why_not_writable, why_unreadable
from streamforge.cli.text import print_json, print_line
from streamforge.errors import InvalidInput, LayoutInfeasible
from streamforge.jobs.kinds import BROKEN_JSON
from streamforge.pipelines.banner import child, preload
from streamforge.pipelines.banner.canvas import PRESETS, Canvas
from streamforge.pipelines.banner.design.adapt import adapt
from streamforge.pipelines.banner.design.brief import Brief
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.design.locks import require_known
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.layout.arrangement import Arrangement
from streamforge.pipelines.banner.order import order_for
from streamforge.pipelines.banner.pipeline import require_sound
from streamforge.pipelines.banner.spec import BannerSpec, Check


def render(args: argparse.Namespace) -> int:
    """Lay out and paint a graph in this process: no Redis, no designer. Files are written even where a check fails."""
    spec = read_spec(args)
    out = Path(args.out)
    if why := why_not_writable(out):
        raise InvalidInput(f"cannot write into {out}: {why}", field="--out", hint="name another directory")
    preload.stub_pandas()
    brief = _examined(spec)
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for canvas in spec.canvases:
        made = _made(brief, canvas, out)
        failed += made.failed
        print_json(made) if args.json else _tell(made, is_verbose=args.checks)
    if not args.json:
        print_line(f"{len(spec.canvases)} canvases, {failed} checks failed")
    return FAILED if failed else OK


class Made(Struct, frozen=True, kw_only=True):
    """What came of a canvas; one without a layout has an error, which counts as a check that failed."""

    canvas: str
    files: list[dict[str, Any]] = []
    remarks: list[str] = []
    checks: list[Check] = []
    error: str = ""

    @property
    def failed(self) -> int:
        """How many checks failed."""
        return 1 if self.error else sum(not check.passed for check in self.checks)


def _made(brief: Brief, canvas: Canvas, out: Path) -> Made:
    """Make one canvas, its files in ``out``."""
    design, order = adapt(_design_of(brief.spec), brief, canvas), order_for(brief, canvas)
    try:
        arrangement = child.arrange(design, order)
    except LayoutInfeasible as error:
        return Made(canvas=str(canvas.size), error=str(error))
    painted = child.paint(design, arrangement, order)
    for file in painted.files:
        (out / file.name).write_bytes(file.data)
    files = [
        {"path": str(out / file.name), "media_type": file.media_type, "size": len(file.data)} for file in painted.files
    ]
    remarks = [*_remarks(design, arrangement), *painted.notes]
    return Made(canvas=str(canvas.size), files=files, remarks=remarks, checks=list(painted.checks))


def _tell(made: Made, *, is_verbose: bool) -> None:
    if made.error:
        print_line(f"{made.canvas}  no layout: {made.error}")
    for file in made.files:
        print_line(f"{file['path']}  ({file['media_type']}, {file['size'] / 1000:.0f} kB)")
    for line in made.remarks:
        print_line(f"  {line}")
    shown = [check for check in made.checks if is_verbose or not check.passed]
    for line in table(shown) if shown else []:
        print_line(f"  {line}")


def _remarks(design: Design, arrangement: Arrangement) -> list[str]:
    """What is not as the graph has it: elements left out, relations that do not hold, a stack for a layout."""
    shown = {placement.id for placement in arrangement.placements}
    absent = {element.id: "there is nothing to show" for element in design.elements if element.id not in shown}
    reasons = absent | {name: arrangement.reasons.get(name, "no room") for name in arrangement.dropped}
    lines = [f"left out: {name} ({why})" for name, why in reasons.items()]
    if arrangement.relaxed:
        lines.append(f"does not hold: {', '.join(arrangement.relaxed)}")
    if arrangement.solver == "stack":
        lines.append("no layout was found in time: a plain stack")
    return [*lines, *arrangement.notes]


def schema(args: argparse.Namespace) -> int:
    """The JSON Schema of a graph, for editors and validators."""
    text = msgspec.json.encode(msgspec.json.schema(Design))
    print_line((text if args.json else msgspec.json.format(text, indent=2)).decode())
    return OK


def sizes(args: argparse.Namespace) -> int:
    """The presets with their sizes."""
    if args.json:
        print_json({name: [_size(canvas) for canvas in canvases] for name, canvases in PRESETS.items()})
    for name, canvases in () if args.json else PRESETS.items():
        print_line(name)
        for canvas in canvases:
            limit = f"at most {canvas.max_bytes // 1000} kB" if canvas.max_bytes else ""
            print_line(f"  {canvas.size!s:<12}{limit}".rstrip())
    return OK


def _size(canvas: Canvas) -> dict[str, Any]:
    return {"size": str(canvas.size), "max_bytes": canvas.max_bytes or None}


def read_spec(args: argparse.Namespace) -> BannerSpec:
    """What the options ask for. Raises InvalidInput naming the file or the option, and the field within."""
    given: dict[str, Any] = {
        "design": _read_json(args.graph, "GRAPH"),
        "formats": args.format or ["png"],
        "scale": args.scale,
    }
    given |= {"max_kb": args.max_kb, "svg_text": "paths" if args.outlines else "embedded"}
    given["sizes"] = [known_size(name, "--size") for name in args.size or ["1200x628"]]
    for field in PICTURES:
        if path := getattr(args, field):
            given[field] = data_uri(Path(path), field)
    if args.locks:
        given["locks"] = _read_json(args.locks, "--locks")
    try:
        spec = msgspec.convert(given, BannerSpec)
    except msgspec.ValidationError as error:
        raise InvalidInput(f"{args.graph}: {error}", field="GRAPH", hint="see `streamforge banner schema`") from error
    require_known(require_sound(_design_of(spec)), spec.locks)
    return spec


def _design_of(spec: BannerSpec) -> Design:
    assert spec.design is not None  # noqa: S101 - read_spec gives one
    return spec.design


def _examined(spec: BannerSpec) -> Brief:
    logo = child.examine_logo(spec.logo) if spec.logo else None
    hero = child.examine_hero(spec.hero) if spec.hero else None
    return Brief(spec=spec, size=spec.size, kit=BrandKit(), logo=logo, hero=hero)


def _read_json(name: str, field: str) -> Any:  # noqa: ANN401
    try:
        return msgspec.json.decode(Path(name).read_bytes())
    except OSError as error:
        raise InvalidInput(f"cannot read {name!r}: {why_unreadable(error)}", field=field) from error
    except BROKEN_JSON as error:
        raise InvalidInput(f"{name} is not valid JSON: {error}", field=field) from error
