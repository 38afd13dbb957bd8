"""Peers side by side: no-op throughput, hand-in rates, pick-up latency on an idle queue; one server, alternating runs.

    python -m benchmarks.peers [--only arq,saq] [--rounds 3] [--seconds 6] [--json FILE]

Each round takes every contestant once, in an order that rotates, on an emptied server. What is told is the median over
the rounds with its spread, and the ratio to the fastest Python peer of the same run. How each is set up stands in
``contestants/``; what we do besides (durable state, events, fencing) is switched on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import median

from benchmarks.peers.environments import BULLMQ, OURS, available
from benchmarks.peers.race import Figures, Race


def main() -> None:
    """Run and print."""
    args = _arguments()
    names = [name for name in available() if not args.only or name in (OURS, *args.only.split(","))]
    found: dict[str, list[Figures]] = {name: [] for name in names}
    with Race(args.jobs, args.seconds, args.idle) as race:
        for number in range(args.rounds):
            turn = number % len(names)
            for name in names[turn:] + names[:turn]:
                found[name].append(race.run(name))
    print(table(found))
    if args.json:
        told = {name: [figures._asdict() for figures in rounds] for name, rounds in found.items()}
        args.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


def table(found: dict[str, list[Figures]]) -> str:
    """Markdown: medians, the spread of the throughput, and its ratio to the fastest Python peer; pick-up latency."""
    rate = {name: median(figures.rate for figures in rounds) for name, rounds in found.items()}
    peers = [value for name, value in rate.items() if name not in (OURS, BULLMQ)]
    best = max(peers, default=rate[OURS])
    heads = (
        "queue",
        "no-op jobs/s",
        "spread",
        "of the best peer",
        "in singly/s",
        "in batches/s",
        "p50 ms",
        "p99 ms",
        "MB",
    )
    lines = [_row(*heads), _row("---", *["---:"] * (len(heads) - 1))]
    lines += [_line(name, found[name], rate[name] / best) for name in sorted(rate, key=lambda name: -rate[name])]
    return "\n".join(lines)


def _line(name: str, rounds: list[Figures], ratio: float) -> str:
    """One contestant's."""
    rate, single, batch, p50_ms, p99_ms, memory_mb = (median(values) for values in zip(*rounds, strict=True))
    rates = [figures.rate for figures in rounds]
    spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
    many = (f"{value:,.0f}" for value in (single, batch))
    return _row(
        name, f"{rate:,.0f}", spread, f"{ratio:.2f}", *many, f"{p50_ms:.1f}", f"{p99_ms:.1f}", f"{memory_mb:.0f}"
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="peers, with commas; ours is always there")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=20_000, help="handed in for the throughput")
    parser.add_argument("--seconds", type=float, default=6.0, help="a slow peer is watched no longer")
    parser.add_argument("--idle", type=int, default=100, help="jobs for the pick-up latency")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
