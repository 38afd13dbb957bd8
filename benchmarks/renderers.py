"""The same banner through other renderers, in the same run: a warm Chromium, satori with resvg, Pillow.

    python -m benchmarks.renderers --tools DIR [--chromium PATH] [--runs 15] [--json FILE] [--keep DIR]

``DIR`` is where ``npm install satori @resvg/resvg-js playwright-core`` was run; a renderer that is not installed is
named and left out. The twelve elements of ``benchmarks/banner.py`` are laid out once, and what our painter draws is
handed to the others as the same boxes, gradients, shadows, letters and font files. Timed is:

* ours, "drawn": the same as the others do, the finished display list drawn and encoded. "solved": texts measured, the
  layout solved, colours chosen on the pixels, drawn and encoded. "verified": all that and every check, as in a job.
* Chromium: ``setContent`` and ``screenshot`` of a warm page that has the fonts. satori + resvg: the tree to SVG to PNG.
  Pillow: the same shapes, with the smooth edges and blurs that it needs several steps for; it leaves letter-spacing
  out, and so does a little less. Each stands on layout that is given.

JPEG is at quality 90: ours with full colour resolution, the others' with half. Renderers take turns, all on one core
(``--cores`` for more), and each keeps its process, page and fonts from run to run. ``cpu`` is what the processor spent
on a picture, in all the processes of a renderer: on a busy machine it is the fairer figure.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import Struct
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from benchmarks.banner import ELEMENTS, SIZE, design, spec_of
from benchmarks.boxes import FontFiles, Node, html_of, tree_of
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.order import Order, order_of
from streamforge.pipelines.banner.picture.artwork import logo_of
from streamforge.pipelines.banner.picture.compose import Composition
from streamforge.pipelines.banner.picture.inspect import inspect
from streamforge.pipelines.banner.preload import warm
from streamforge.pipelines.banner.spec import FileFormat
from streamforge.render import fonts
from streamforge.render.encode import encode
from streamforge.render.paint import paint
from streamforge.render.scene import Circle, Frame, Gradient, Rect, Scene, Shadow, Text
from streamforge.render.scene import Picture as Placed

_INSTALL = "npm install satori @resvg/resvg-js playwright-core"
STAGES = ("drawn", "solved", "verified")
FORMATS: tuple[FileFormat, ...] = ("png", "jpeg")
_WARM_RUNS = 2
_FINER = 4
_SCRIPT = Path(__file__).with_suffix(".mjs")


class Renderer(Struct):
    """A way to draw the banner: ``draw`` gives ms and bytes of one file, ``pids`` the other processes it keeps."""

    name: str
    draw: Callable[[], tuple[float, int]]
    pids: Callable[[], list[int]] = list

    @property
    def spent_ms(self) -> float:
        """What the processor has spent so far on its processes, or on this one."""
        pids = self.pids()
        return cpu_ms(pids) if pids else time.process_time() * 1000


class Material(Struct):
    """What the others are given: our scene, the logo as SVG and as pixels, and the font files by family and weight."""

    scene: Scene
    logo: str
    pixels: np.ndarray[Any, np.dtype[np.uint8]]
    files: FontFiles


def composed(order: Order) -> Composition:
    """The banner as we paint it, from measuring to the last letter."""
    plan = design()
    composition = Composition(plan, arrange(plan, order), order, logo_of(order, plan))
    composition.paint()
    return composition


def material(folder: Path) -> Material:
    """The scene of the twelve elements, its fonts written as static files."""
    spec = spec_of("png")
    order = order_of(spec, spec.canvases[0])
    scene = composed(order).scene
    files: FontFiles = {}
    for text in texts_of(scene):
        face = (text.style.family, fonts.nearest_weight(text.style.family, text.style.weight))
        files[face] = folder / f"{face[0]}-{face[1]}.ttf"
        files[face].write_bytes(fonts.static_file(*face))
    logo = logo_of(order, design())
    box = next(item.frame for group in scene.groups for item in group.items if isinstance(item, Placed))
    if logo is None or order.logo is None:
        raise RuntimeError("the benchmark's design has no logo")
    return Material(scene, order.logo, logo.rasterise(round(box.width), round(box.height)), files)


def texts_of(scene: Scene) -> Iterator[Text]:
    """Every text of a scene, in painting order."""
    for group in scene.groups:
        yield from (item for item in group.items if isinstance(item, Text))


def ours(file_format: FileFormat, stage: str) -> Renderer:
    """Our own way: from the display list (``drawn``), from the design (``solved``), with all checks (``verified``)."""
    spec = spec_of(file_format)
    order = order_of(spec, spec.canvases[0])
    ready = composed(order)

    def make() -> bytes:
        if stage == "drawn":
            return encode(paint(ready.scene, ready.artworks), file_format).data
        composition = composed(order)
        if stage == "verified":
            inspect(composition)
        return encode(composition.pixels, file_format).data

    return Renderer(f"ours, {stage}, {file_format}", timed(make))


def timed(make: Callable[[], bytes], keep: Path | None = None) -> Callable[[], tuple[float, int]]:
    """The ms and bytes of one call; its file is written to ``keep`` after the clock is read."""

    def draw() -> tuple[float, int]:
        begun = time.perf_counter()
        data = make()
        ms = (time.perf_counter() - begun) * 1000
        if keep:
            keep.write_bytes(data)
        return ms, len(data)

    return draw


def pillow(file_format: FileFormat, stuff: Material, keep: Path | None) -> Renderer:
    """Pillow with the same boxes, blurs and letters, wrapped and placed already."""
    loaded = {
        (face, px): ImageFont.truetype(str(stuff.files[face]), px)
        for face, px in {(_face(text), text.px) for text in texts_of(stuff.scene)}
    }
    logo = Image.fromarray(stuff.pixels, "RGBA")
    options = {"compress_level": 3} if file_format == "png" else {"quality": 90}

    def make() -> bytes:
        image = Image.new("RGB", (SIZE.width, SIZE.height), stuff.scene.ground)
        for item in stuff.scene.items():
            image = _drawn(image, item, loaded, logo)
        buffer = io.BytesIO()
        image.save(buffer, file_format.upper(), **options)
        return buffer.getvalue()

    return Renderer(f"Pillow, {file_format}", timed(make, keep and keep / f"pillow.{file_format}"))


def _face(text: Text) -> tuple[str, int]:
    return text.style.family, fonts.nearest_weight(text.style.family, text.style.weight)


def _drawn(image: Image.Image, item: object, loaded: dict[Any, Any], logo: Image.Image) -> Image.Image:
    match item:
        case Gradient():
            first, last = (Image.new("RGB", image.size, colour) for colour in item.colours)
            return Image.composite(last, first, _shares(item, image.size))
        case Rect():
            image.paste(item.colour, _place(item.frame), _smooth(item.frame, item.radius, item.opacity))
        case Circle():
            frame = Frame(item.x - item.radius, item.y - item.radius, 2 * item.radius, 2 * item.radius)
            image.paste(item.colour, _place(frame), _smooth(frame, item.radius, item.opacity))
        case Shadow():
            around = item.frame.grown(3 * item.sigma)
            mask = Image.new("L", (round(around.width), round(around.height)))
            mask.paste(_smooth(item.frame, item.radius, item.opacity), (round(3 * item.sigma), round(3 * item.sigma)))
            shade = mask.filter(ImageFilter.GaussianBlur(item.sigma))
            image.paste(item.colour, (round(around.x), round(around.y + item.drop)), shade)
        case Placed():
            image.paste(logo, (round(item.frame.x), round(item.frame.y)), logo)
        case Text():
            pen, font = ImageDraw.Draw(image), loaded[_face(item), item.px]
            for index, line in enumerate(item.lines):
                baseline = item.frame.y + (item.rise + item.style.leading * index) * item.px
                shown = line.upper() if item.style.upper else line
                pen.text((item.frame.x, baseline), shown, item.colour, font=font, anchor="ls")
        case _:
            raise TypeError(f"Pillow draws no {type(item).__name__}")
    return image


def _shares(item: Gradient, size: tuple[int, int]) -> Image.Image:
    """How much of a gradient's second colour each pixel has, 0..255."""
    along, down = item.end[0] - item.start[0], item.end[1] - item.start[1]
    scale = 255 / (along**2 + down**2)
    columns = ((np.arange(size[0]) + 0.5 - item.start[0]) * along * scale).astype(np.float32)
    rows = ((np.arange(size[1]) + 0.5 - item.start[1]) * down * scale).astype(np.float32)
    return Image.fromarray(np.clip(columns + rows[:, None] + 0.5, 0, 255).astype(np.uint8))


def _place(frame: Frame) -> tuple[int, int]:
    return round(frame.x), round(frame.y)


def _smooth(frame: Frame, radius: float, opacity: float) -> Image.Image:
    """A rounded rectangle's mask, drawn four times as large: Pillow's own edges are jagged."""
    width, height = round(frame.width), round(frame.height)
    mask = Image.new("L", (width * _FINER, height * _FINER))
    corners = (0, 0, width * _FINER - 1, height * _FINER - 1)
    ImageDraw.Draw(mask).rounded_rectangle(corners, radius * _FINER, round(255 * opacity))
    return mask.reduce(_FINER)


class Piped:
    """A renderer in a Node process of its own, fed by lines."""

    def __init__(self, *arguments: str) -> None:
        command = ["node", str(_SCRIPT), *arguments]
        self.process = subprocess.Popen(  # noqa: S603 - our own script
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        if self._answer() != "ready":
            raise RuntimeError(f"{arguments[0]} did not start")

    def ask(self, job: Node) -> tuple[float, int]:
        """The ms and bytes of one rendering."""
        if self.process.stdin is None:
            raise RuntimeError("no pipe to the renderer")
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        answer = json.loads(self._answer())
        return answer["ms"], answer["bytes"]

    def pids(self) -> list[int]:
        """The process and all below it."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += [int(child) for child in task.read_text().split()]
        return found

    def close(self) -> None:
        """End it and what it started."""
        if self.process.stdin:
            self.process.stdin.close()
        self.process.wait(timeout=20)

    def _answer(self) -> str:
        line = self.process.stdout.readline() if self.process.stdout else ""
        if not line:
            raise RuntimeError("the renderer ended; see its message above")
        return line.strip()


def piped(mode: str, options: argparse.Namespace, stuff: Material, folder: Path) -> tuple[list[Renderer], Piped | None]:
    """Chromium's or satori's renderers; none, with a line that says what to install, where it is missing."""
    package = "playwright-core" if mode == "chromium" else "satori"
    browser = options.chromium or shutil.which("chromium") or ""
    lacking = [
        *([] if shutil.which("node") else ["node (apt install nodejs npm)"]),
        *([] if options.tools and (options.tools / "node_modules" / package).is_dir() else [f"{package} ({_INSTALL})"]),
        *([] if mode != "chromium" or browser else ["chromium (apt install chromium)"]),
    ]
    if lacking:
        print(f"{mode}: left out, not installed: {', '.join(lacking)}")
        return [], None
    listed = folder / "fonts.json"
    listed.write_text(json.dumps([{"name": f, "weight": w, "path": str(p)} for (f, w), p in stuff.files.items()]))
    pipe = Piped(mode, str(options.tools), str(listed), browser)
    tree = tree_of(stuff.scene, stuff.logo)
    job = {"width": SIZE.width, "height": SIZE.height}
    if mode == "satori":
        job |= {"tree": tree, **({"save": str(options.keep / "satori.png")} if options.keep else {})}
        return [Renderer("satori + resvg, png", lambda: pipe.ask(job), pipe.pids)], pipe
    page = html_of(tree, stuff.files)
    if options.keep:
        (options.keep / "banner.html").write_text(page)
    jobs = {
        name: {**job, "html": page, "format": name}
        | ({"save": str(options.keep / f"chromium.{name}")} if options.keep else {})
        for name in FORMATS
    }
    return [Renderer(f"Chromium, {name}", lambda name=name: pipe.ask(jobs[name]), pipe.pids) for name in jobs], pipe


def memory_mb(pids: list[int]) -> float:
    """The proportional set size of processes: what they take that no other has."""
    total = 0
    for pid in pids:
        rollup = Path(f"/proc/{pid}/smaps_rollup")
        lines = rollup.read_text().splitlines() if rollup.exists() else []
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1024


def cpu_ms(pids: list[int]) -> float:
    """What the processor has spent on processes so far."""
    spent = 0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        fields = stat.read_text().rpartition(")")[2].split() if stat.exists() else []
        spent += sum(int(field) for field in fields[11:13])
    return spent * 1000 / os.sysconf("SC_CLK_TCK")


def compare(renderers: list[Renderer], runs: int) -> dict[str, dict[str, float]]:
    """Medians, 95th percentiles, bytes and memory by renderer; they take turns."""
    times: dict[str, list[float]] = {renderer.name: [] for renderer in renderers}
    spent = dict.fromkeys(times, 0.0)
    sizes: dict[str, int] = {}
    for index in range(-_WARM_RUNS, runs):
        for renderer in renderers:
            before = renderer.spent_ms
            ms, sizes[renderer.name] = renderer.draw()
            if index >= 0:
                times[renderer.name].append(ms)
                spent[renderer.name] += renderer.spent_ms - before
    return {
        renderer.name: {
            "p50": statistics.median(times[renderer.name]),
            "p95": statistics.quantiles(times[renderer.name], n=20, method="inclusive")[-1],
            "cpu": spent[renderer.name] / runs,
            "kb": sizes[renderer.name] / 1000,
            "mb": memory_mb(renderer.pids() or [os.getpid()]),
        }
        for renderer in renderers
    }


def report(figures: dict[str, dict[str, float]]) -> str:
    """A table; what each spends is also given as a multiple of what ours does in the same format, by stage."""
    columns = ("p50 ms", "p95 ms", "cpu ms", "kB", "MB", *(f"x {stage}" for stage in STAGES))
    lines = [f"{'renderer':<22}" + "".join(f"{column:>11}" for column in columns)]
    for name, figure in figures.items():
        form = name.rpartition(" ")[2]
        bases = (figures[f"ours, {stage}, {form}"] for stage in STAGES)
        ratios = [f"{figure['p50'] / base['p50']:.1f}/{figure['cpu'] / base['cpu']:.1f}" for base in bases]
        cells = [*(f"{figure[key]:.1f}" for key in ("p50", "p95", "cpu")), f"{figure['kb']:.0f}", f"{figure['mb']:.0f}"]
        lines.append(f"{name:<22}" + "".join(f"{cell:>11}" for cell in (*cells, *ratios)))
    return "\n".join(lines) + "\nx: times what ours takes to get so far, by the clock / by the processor"


def main() -> None:
    """Print the table, and write the figures as JSON if asked to."""
    parser = argparse.ArgumentParser(description="Compare renderers on one banner.")
    parser.add_argument("--tools", type=Path, metavar="DIR", help=f"where `{_INSTALL}` was run")
    parser.add_argument("--chromium", metavar="PATH", help="the browser (default: chromium on the PATH)")
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--cores", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="write each renderer's picture there")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[: options.cores]))
    load = os.getloadavg()[0]
    warm()
    pipes: list[Piped] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stuff = material(folder)
        renderers = [ours(form, stage) for form in FORMATS for stage in STAGES]
        renderers += [pillow(form, stuff, options.keep) for form in FORMATS]
        for mode in ("satori", "chromium"):
            found, pipe = piped(mode, options, stuff, folder)
            renderers += found
            pipes += [pipe] if pipe else []
        try:
            figures = compare(renderers, max(5, options.runs))
        finally:
            for pipe in pipes:
                pipe.close()
    print(report(figures))
    print(f"{options.runs} runs, {len(ELEMENTS)} elements, {SIZE}, {options.cores} core(s); load before: {load:.1f}")
    if options.keep:
        spec = spec_of("png")
        made = encode(composed(order_of(spec, spec.canvases[0])).pixels, "png")
        (options.keep / "ours.png").write_bytes(made.data)
    if options.json:
        options.json.write_text(json.dumps({"load": load, "runs": options.runs, "figures": figures}, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
