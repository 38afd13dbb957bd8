"""How long a banner takes: ms for measuring, solving, drawing, verifying and encoding, on one core.

    python benchmarks/banner.py [--runs 20] [--cpu] [--json FILE]

Twelve elements at 1200x628, as PNG and as JPEG, and the whole set of thirteen sizes of one brief, designed by rule. The
process is pinned to one core where the system allows it, and warmed by banners that do not count. With ``--cpu`` the
stages are what the processor spent on them: the fairer figure where others use it as well.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from itertools import pairwise
from pathlib import Path

from streamforge.pipelines.banner import stopwatch
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.child import examine_logo
from streamforge.pipelines.banner.design.graph import Design, Element, Palette, Relation, Typography
from streamforge.pipelines.banner.design.offline import design_offline
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.order import Order, order_of
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.preload import warm
from streamforge.pipelines.banner.spec import BannerSpec, FileFormat

SIZE = Size(1200, 628)
GOALS_MS = {"png": 150.0, "jpeg": 110.0, "set": 1500.0}
SOLVE_GOAL_MS = 60.0
PRESET = "bannerrequest13"
BRIEF = "Spring conference on reliable systems, 12 and 13 May, 20% off until the end of March, www.example.com"
_WARM_RUNS, _SET_EVERY = 2, 4
LOGO = (
    "data:image/svg+xml,"
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="2 2 110 36"><circle cx="20" cy="20" r="18" fill="%231d4ed8"/>'
    '<path d="M48 8h64v10H48zM48 22h44v10H48z" fill="%231d2733"/></svg>'
)
ELEMENTS = [
    Element(id="logo", role="logo", priority=2),
    Element(id="kicker", role="kicker", text="Spring conference", priority=8, max_lines=1),
    Element(id="headline", role="headline", text="Build systems that lose nothing", priority=1),
    Element(id="sub", role="sub", text="Two days of talks on queues, leases and recovery", priority=4),
    Element(id="body", role="body", text="12 and 13 May, city hall", priority=5, max_lines=2),
    Element(id="cta", role="cta", text="Book your seat", priority=2, max_lines=1),
    Element(id="contact", role="contact", text="www.example.com", priority=6, max_lines=1),
    Element(id="phone", role="contact", text="030 123 456", priority=7, max_lines=1),
    Element(id="offer", role="offer", text="20% off", priority=3, max_lines=2),
    Element(id="offer_note", role="body", text="until the end of March", priority=6, max_lines=2),
    Element(id="rule", role="deco", priority=8),
    Element(id="legal", role="legal", text="Places are limited. Prices include tax.", priority=9, max_lines=2),
]
LEFT = ("logo", "kicker", "headline", "sub", "body", "cta", "contact")
RIGHT = ("offer", "rule", "offer_note", "phone", "legal")


def design() -> Design:
    """Twelve elements in two columns, all with an order and soft alignment."""
    relations = [Relation(a=a, rel="above", b=b) for column in (LEFT, RIGHT) for a, b in pairwise(column)]
    relations += [Relation(a=a, rel="left_of", b=b) for a in LEFT for b in RIGHT]
    for column, anchor in ((LEFT, "headline"), (RIGHT, "offer")):
        edges = (name for name in column if name != anchor)
        relations += [Relation(a=name, rel="align_left", b=anchor, hard=False, weight=8) for name in edges]
    return Design(
        designer="benchmark",
        archetype="two-columns",
        background="gradient",
        palette=Palette(
            ground="#fdfaf4",
            ground_2="#e3ecfb",
            ink="#1d2733",
            muted="#5b6672",
            accent="#1d4ed8",
            on_accent="#ffffff",
            decor="#9dbdf5",
        ),
        typography=Typography(display="poppins", text="inter"),
        elements=ELEMENTS,
        relations=relations,
        seed=1,
    )


Sample = dict[str, float]


def spec_of(file_format: FileFormat) -> BannerSpec:
    """The brief behind the twelve elements; only its size, logo and format count."""
    return BannerSpec(prompt="a conference", width=SIZE.width, height=SIZE.height, logo=LOGO, formats=[file_format])


def run(plan: Design, order: Order) -> Sample:
    """One banner; ms by stage, then the ``total``, and what of it the processor spent (``cpu``)."""
    begun, spent = stopwatch.clock(), time.process_time()
    arrangement = arrange(plan, order)
    painted = paint(plan, arrangement, order)
    total = (stopwatch.clock() - begun) * 1000
    stages = {**arrangement.timings, **painted.timings}
    stages["logo"] = arrangement.timings["logo"] + painted.timings.get("logo", 0.0)
    return {**stages, "total": total, "cpu": (time.process_time() - spent) * 1000}


def run_set() -> Sample:
    """The thirteen sizes of one brief from rules to PNG; ms by stage over all of them, as ``run`` gives them."""
    spec = BannerSpec(prompt=BRIEF, sizes=[PRESET], logo=LOGO)
    begun, spent = stopwatch.clock(), time.process_time()
    facts = examine_logo(LOGO)
    samples: list[Sample] = []
    for canvas in spec.canvases:
        drawn = stopwatch.clock()
        plan = design_offline(spec, canvas.size, facts)
        designed = (stopwatch.clock() - drawn) * 1000
        samples.append({"design": designed} | run(plan, order_of(spec, canvas)))
    total = (stopwatch.clock() - begun) * 1000
    summed = {stage: sum(sample[stage] for sample in samples) for stage in samples[0]}
    return {**summed, "total": total, "cpu": (time.process_time() - spent) * 1000}


def measure(runs: int) -> dict[str, dict[str, dict[str, float]]]:
    """The median and 95th percentile (ms) of each stage and of the total, by scenario; the scenarios take turns."""
    warm()
    plan = design()
    formats: tuple[FileFormat, ...] = ("png", "jpeg")
    orders = {name: order_of(spec, spec.canvases[0]) for name in formats for spec in (spec_of(name),)}
    samples: dict[str, list[Sample]] = {name: [] for name in (*orders, "set")}
    for index in range(-_WARM_RUNS, runs):
        made = {name: run(plan, order) for name, order in orders.items()}
        if index % _SET_EVERY == 0:
            made["set"] = run_set()
        for name, sample in made.items():
            if index >= 0:
                samples[name].append(sample)
    return {
        name: {stage: _percentiles([sample[stage] for sample in found]) for stage in found[0]}
        for name, found in samples.items()
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20, method="inclusive") if len(values) > 1 else values
    return {"p50": round(statistics.median(values), 2), "p95": round(cuts[-1], 2)}


def report(figures: dict[str, dict[str, dict[str, float]]]) -> str:
    """A table a scenario, each with its goal."""
    lines: list[str] = []
    for name, stages in figures.items():
        title = f"{PRESET}, 13 sizes, png" if name == "set" else f"{len(ELEMENTS)} elements, {SIZE}, {name}"
        lines.append(f"{title:<34}{'p50 ms':>10}{'p95 ms':>10}")
        lines += [f"  {stage:<32}{figure['p50']:>10.1f}{figure['p95']:>10.1f}" for stage, figure in stages.items()]
        total = stages["total"]["p50"]
        lines.append(f"  {'within' if total <= GOALS_MS[name] else 'over'} the goal of {GOALS_MS[name]:.0f} ms\n")
    png = figures["png"]
    solved = png["measure"]["p50"] + png["solve"]["p50"]
    lines.append(f"measuring and solving 12 elements: {solved:.1f} ms, the goal is {SOLVE_GOAL_MS:.0f} ms")
    return "\n".join(lines)


def main() -> None:
    """Print a table, and write the figures as JSON if asked to."""
    parser = argparse.ArgumentParser(description="Time a 12-element banner at 1200x628, and a set of 13 sizes.")
    parser.add_argument("--runs", type=int, default=20, help="counted runs, at least 20 (default: 20)")
    parser.add_argument("--cpu", action="store_true", help="count the processor's time, not the clock's")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as JSON")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if options.cpu:
        stopwatch.clock = time.process_time
    runs = max(20, options.runs)
    load = os.getloadavg()[0]
    figures = measure(runs)
    print(report(figures))
    print(f"{runs} runs, one core; load average before: {load:.1f}")
    if options.json:
        made = {"runs": runs, "size": str(SIZE), "load": load, "ms": figures}
        options.json.write_text(json.dumps(made, indent=2) + "\n")


if __name__ == "__main__":
    main()
