"""Lays out random constraint graphs, hostile ones among them, and counts how each ended.

    python benchmarks/fuzz_graphs.py [--count 20000] [--seed 1] [--jobs 2] [--json FILE]

Every graph must be laid out, or refused with an error of the project that says why, within five seconds of the
processor (so that a busy machine is not mistaken for a hang). Anything else is printed with the graph's number, which
alone reproduces it (``--only N``), and the exit code is 1.
"""

from __future__ import annotations

import argparse
import base64
import io
import itertools
import json
import multiprocessing
import random
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from msgspec import Struct
from PIL import Image

from streamforge.errors import StreamForgeError
from streamforge.pipelines.banner.canvas import MAX_PIXELS, Canvas, SafeZone, Size
from streamforge.pipelines.banner.design.graph import (
    Anchor,
    Design,
    Element,
    ElementRole,
    Palette,
    Region,
    Relation,
    RelationKind,
    Typography,
)
from streamforge.pipelines.banner.design.strategy import BackgroundStyle, FontId
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.layout.arrangement import Arrangement
from streamforge.pipelines.banner.order import Order

LIMIT_S = 5.0
_LOGO = (
    "data:image/svg+xml,"
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}">'
    '<rect width="{w}" height="{h}" fill="%231d4ed8"/></svg>'
)
_PALETTE = Palette(
    ground="#ffffff", ground_2="#eeeeee", ink="#111111", muted="#555555", accent="#1d4ed8", on_accent="#ffffff",
    decor="#9dbdf5",
)  # fmt: skip
_WORDS = [
    *"sale summer free now bread coffee 20% 49€ www.example.com Rindfleischetikettierungsüberwachung a I".split(),  # noqa: SIM905 - reads better
    "خصم", "على", "العطور", "מבצע", "קיץ", "夏のセール", "新品上市", "할인", "लस्सी", "ลดราคา", "Скидка", "Ελλάδα",
    "😀", "👩‍👩‍👧", "\u202eevil\u202c", "z̷̢̛a̶l̴g̵o̷", "\u0000", "\ud800", "·", "-", "…", "\n", "é", "ǅ", "0" * 40, "W" * 60,
]  # fmt: skip
_SIZES = [(300, 250), (728, 90), (160, 600), (300, 50), (1200, 628), (1080, 1920), (120, 60), (180, 150), (970, 250)]
_ENDS = (16, 17, 31, 64, 401, 1999, 4000, 8192)


def _photo() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (160, 90), (90, 120, 150)).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


_HERO = _photo()


class Ending(Struct, frozen=True):
    """How a graph ended: ``outcome`` is what it counts as, ``fault`` what is wrong with it (empty: nothing).

    ``seconds`` are the processor's.
    """

    number: int
    outcome: str
    seconds: float
    fault: str = ""


def design_of(rng: random.Random) -> Design:
    """A graph that the schema would take, and that no designer in his right mind would write."""
    count = rng.choice((1, 2, 3, 5, 6, 8, 12, 18, 24))
    wild = rng.choice((0.0, 0.1, 1.0))
    names = [f"e{index}" for index in range(count)]
    elements = [_element(name, rng, wild) for name in names]
    if rng.random() < 0.02 * wild:
        elements.append(_element(rng.choice(names), rng, wild))
    regions = [
        Region(id=name, anchor=rng.choice(get_args(Anchor)), share=rng.choice((10, 25, 34, 50, 66, 90, 100)))
        for name in rng.sample(["panel", "picture", "bar", "r3"], rng.choice((0, 0, 1, 2, 4)))
    ]
    targets = [*names, *(region.id for region in regions), "", "", *(["ghost"] if rng.random() < 0.1 * wild else [])]
    relations = [*_chains(names, rng, wild), *_random_relations(names, targets, rng, wild)]
    return Design(
        background=rng.choice(get_args(BackgroundStyle)),
        palette=_PALETTE,
        typography=Typography(display=rng.choice(get_args(FontId)), text=rng.choice(get_args(FontId))),
        elements=elements,
        relations=relations[:80],
        regions=regions,
        align=rng.choice(("left", "center")),
        archetype=rng.choice(("", "badge", "footer-bar")),
        seed=rng.choice((0, 1, 7, 2**31 - 1, 2**40, -1)),
    )


def _element(name: str, rng: random.Random, wild: float) -> Element:
    """An element; the wilder, the longer its words, the stranger its bounds, the likelier it is locked somewhere."""
    is_pinned, is_bound = rng.random() < 0.1 * wild + 0.01, rng.random() < wild
    longest = 40 if is_bound else 6
    return Element(
        id=name,
        role=rng.choice(get_args(ElementRole)),
        text=" ".join(rng.choice(_WORDS) for _ in range(rng.randint(0, longest)))[:300],
        priority=rng.randint(1, 9),
        min_px=rng.choice((0, 0, 8, 40, 400)) if is_bound else 0,
        max_px=rng.choice((0, 0, 1, 30, 600)) if is_bound else 0,
        max_lines=rng.randint(1, 8),
        aspect=rng.choice((0, 0, 1, 100, 178, 1000)),
        x=_place(rng) if is_pinned else None,
        y=_place(rng) if is_pinned and rng.random() < 0.95 else None,
    )


def _place(rng: random.Random) -> int:
    return rng.choice((0, 1, 7, 20, 101, 300, 900, 8192))


def _chains(names: list[str], rng: random.Random, wild: float) -> Iterator[Relation]:
    """Orders as designers write them: columns, perhaps beside each other, now and then closed to a circle."""
    shuffled = rng.sample(names, len(names))
    cut = rng.randint(0, len(names))
    for column in (shuffled[:cut], shuffled[cut:]):
        hard = rng.random() < 0.8
        yield from (Relation(a=a, rel="above", b=b, hard=hard) for a, b in itertools.pairwise(column))
        if len(column) > 1 and rng.random() < 0.2 * wild:
            yield Relation(a=column[-1], rel=rng.choice(("above", "left_of")), b=column[0])
    if rng.random() < 0.4:
        yield from (Relation(a=a, rel="left_of", b=b) for a in shuffled[:cut][:3] for b in shuffled[cut:][:3])


def _random_relations(names: list[str], targets: list[str], rng: random.Random, wild: float) -> Iterator[Relation]:
    hardness = rng.choice((0.0, 0.1, 0.5)) * wild
    for _ in range(rng.choice((0, 0, 2, 6, 20, 60))):
        a = rng.choice(names)
        others = [name for name in targets if name != a or rng.random() < 0.01 * wild]
        yield Relation(
            a=a,
            rel=rng.choice(get_args(RelationKind)),
            b=rng.choice(others),
            hard=rng.random() < hardness,
            weight=rng.randint(1, 10),
        )


def order_of(rng: random.Random) -> Order:
    """A canvas from 16 px to 8192 px a side, with or without safe zone and pictures."""
    size = Size(*rng.choice(_SIZES)) if rng.random() < 0.7 else Size(rng.choice(_ENDS), rng.choice(_ENDS))
    if size.width * size.height > MAX_PIXELS:
        size = Size(size.width, 64)
    safe = SafeZone(*(rng.choice((0.0, 0.1, 0.35, 0.6)) for _ in range(4))) if rng.random() < 0.2 else SafeZone()
    width, height = rng.choice(((120, 40), (10, 10), (60, 15), (1000, 3)))
    return Order(
        canvas=Canvas(size=size, safe=safe),
        logo=_LOGO.format(w=width, h=height) if rng.random() < 0.6 else None,
        hero=_HERO if rng.random() < 0.4 else None,
        clear_space=rng.choice((0.0, 0.2, 0.5, 2.0)),
    )


def lay_out(number: int, seed: int) -> Ending:
    """One graph, by its number."""
    rng = random.Random(f"{seed}:{number}")  # noqa: S311 - a choice of graphs, not a secret
    design, order = design_of(rng), order_of(rng)
    begun = time.process_time()
    try:
        arrangement = arrange(design, order)
    except StreamForgeError as error:
        seconds = time.process_time() - begun
        return Ending(number, type(error).__name__, seconds, _fault_of(error) or _slow(seconds))
    except Exception:  # noqa: BLE001 - whatever else comes out is what is looked for
        return Ending(number, "crash", time.process_time() - begun, traceback.format_exc(limit=-4))
    seconds = time.process_time() - begun
    return Ending(number, arrangement.solver, seconds, fault_in(arrangement, design) or _slow(seconds))


def _slow(seconds: float) -> str:
    return f"took {seconds:.1f} s" if seconds > LIMIT_S else ""


def _fault_of(error: StreamForgeError) -> str:
    """A refusal has a sentence and says what to do."""
    hint = getattr(error, "hint", None)
    return "" if len(str(error)) > 10 and hint else f"unclear error: {error!r}, hint {hint!r}"


def fault_in(arrangement: Arrangement, design: Design) -> str:
    """What must hold of any layout: all on the canvas, nothing on anything else, each element placed or reported."""
    size = arrangement.size
    for p in arrangement.placements:
        if p.x < 0 or p.y < 0 or p.x + p.width > size.width or p.y + p.height > size.height:
            return f"{p.id} lies off the canvas: {p}"
    if set(arrangement.dropped) != set(arrangement.reasons):
        return f"dropped without a reason: {arrangement.dropped}, {arrangement.reasons}"
    vital = {e.id for e in design.elements if e.role == "headline" and e.text} & set(arrangement.dropped)
    if vital:
        return f"a headline was dropped: {vital}"
    solid = [p for p in arrangement.placements if p.role != "hero"]
    for a, b in itertools.combinations(solid, 2):
        apart = a.x + a.width <= b.x or b.x + b.width <= a.x or a.y + a.height <= b.y or b.y + b.height <= a.y
        if not apart:
            return f"{a.id} lies on {b.id}: {a} {b}"
    return ""


def _batch(job: tuple[range, int]) -> list[Ending]:
    numbers, seed = job
    return [lay_out(number, seed) for number in numbers]


def run(count: int, seed: int, jobs: int, start: int = 0) -> Iterator[Ending]:
    """Every graph's ending, in no certain order; each job is a process of its own."""
    step = 50
    work = [(range(at, min(at + step, start + count)), seed) for at in range(start, start + count, step)]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for endings in pool.imap_unordered(_batch, work):
            yield from endings


def main() -> int:
    """Print the outcomes and every fault; 1 if there was any."""
    parser = argparse.ArgumentParser(description="Lay out random constraint graphs.")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--start", type=int, default=0, help="the first graph's number (default: 0)")
    parser.add_argument("--only", type=int, metavar="N", help="lay out graph N alone, in this process")
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()
    if options.only is not None:
        ending = lay_out(options.only, options.seed)
        print(ending.outcome, f"{ending.seconds:.2f} s", ending.fault, sep="\n")
        return bool(ending.fault)
    outcomes: Counter[str] = Counter()
    faults: list[Ending] = []
    times: list[float] = []
    for ending in run(options.count, options.seed, options.jobs, options.start):
        outcomes[ending.outcome] += 1
        times.append(ending.seconds)
        if ending.fault:
            faults.append(ending)
            print(f"graph {ending.number}: {ending.outcome}: {ending.fault}", file=sys.stderr)
    times.sort()
    figures = {
        "graphs": len(times),
        "outcomes": dict(outcomes.most_common()),
        "faults": len(faults),
        "seconds": {"p50": times[len(times) // 2], "p99": times[int(len(times) * 0.99)], "worst": times[-1]},
    }
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n")
    return bool(faults)


if __name__ == "__main__":
    raise SystemExit(main())
