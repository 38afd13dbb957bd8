"""How long a banner takes: ms for measuring, solving, drawing and encoding 12 elements at 1200x628, on one core.

    python benchmarks/banner.py [--runs 20] [--json FILE]

The process is pinned to one core where the system allows it, and warmed by two banners that do not count.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from itertools import pairwise
from pathlib import Path

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.graph import Design, Element, Palette, Relation, Typography
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.order import order_of
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.preload import warm
from streamforge.pipelines.banner.spec import BannerSpec

SIZE = Size(1200, 628)
STAGES = ("logo", "measure", "solve", "draw", "verify", "encode")
GOAL_MS = 150.0
LOGO = (
    "data:image/svg+xml,"
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><circle cx="20" cy="20" r="18" fill="%231d4ed8"/>'
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


def run(plan: Design, spec: BannerSpec) -> dict[str, float]:
    """One banner; ms by stage."""
    order = order_of(spec, spec.canvases[0])
    arrangement = arrange(plan, order)
    painted = paint(plan, arrangement, order)
    reading = arrangement.timings["logo"] + painted.timings["logo"]
    return {**arrangement.timings, **painted.timings, "logo": reading}


def measure(runs: int) -> dict[str, dict[str, float]]:
    """The median and 95th percentile (ms) of each stage and of the total."""
    warm()
    plan = design()
    spec = BannerSpec(prompt="a conference", width=SIZE.width, height=SIZE.height, logo=LOGO)
    for _ in range(2):
        run(plan, spec)
    samples = [run(plan, spec) for _ in range(runs)]
    columns = {stage: [sample[stage] for sample in samples] for stage in STAGES}
    columns["total"] = [sum(sample.values()) for sample in samples]
    return {name: _percentiles(values) for name, values in columns.items()}


def _percentiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20, method="inclusive")
    return {"p50": round(statistics.median(values), 2), "p95": round(cuts[-1], 2)}


def main() -> None:
    """Print a table, and write the figures as JSON if asked to."""
    parser = argparse.ArgumentParser(description="Time a 12-element banner at 1200x628.")
    parser.add_argument("--runs", type=int, default=20, help="counted runs, at least 20 (default: 20)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there as JSON")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    runs = max(20, options.runs)
    figures = measure(runs)
    print(f"{'stage':<10}{'p50 ms':>10}{'p95 ms':>10}")
    for stage, figure in figures.items():
        print(f"{stage:<10}{figure['p50']:>10.1f}{figure['p95']:>10.1f}")
    verdict = "within" if figures["total"]["p50"] <= GOAL_MS else "over"
    print(f"\n{runs} runs, {len(ELEMENTS)} elements, {SIZE}, one core; p50 is {verdict} the goal of {GOAL_MS:.0f} ms")
    if options.json:
        options.json.write_text(json.dumps({"runs": runs, "size": str(SIZE), "ms": figures}, indent=2) + "\n")


if __name__ == "__main__":
    main()
