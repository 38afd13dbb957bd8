"""Job queues side by side: the same work on the same server in one run, alternating; Redis itself beside them.

    python -m benchmarks.peers [SECTION ...] [--quick] [--only arq,saq] [--json FILE] [--write]

Sections: queues (throughput, handing in, latency, memory), processes, payloads, backlog, memory, recovery, steps;
all of them unless named. How each is set up stands in ``contestants/``; what we do besides (durable state, events,
fencing) is switched on. ``--write`` puts what was measured into docs/benchmarks.md with its plots; sections that were
not measured keep what stands there.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Final

import msgspec

from benchmarks.peers import report
from benchmarks.peers.environments import DBOS, OURS, available, command
from benchmarks.peers.sections import SECTIONS, Plan, Row
from benchmarks.peers.steps import steps

ALL: Final = {**SECTIONS, "steps": steps}
QUICK: Final = ("queues", "processes")
QUICK_PEERS: Final = ("arq", "saq", "dramatiq")


def main() -> None:
    """Measure, print, and write where asked."""
    args = _arguments()
    unknown = set(args.sections) - set(ALL)
    if unknown:
        raise SystemExit(f"no section {', '.join(sorted(unknown))}: there are {', '.join(ALL)}")
    plan = _plan(args)
    names = args.sections or (QUICK if args.quick else tuple(ALL))
    for name in (*plan.names, *([DBOS] if "steps" in names else [])):
        command(name)  # installed before anything is timed
    results: dict[str, report.Section] = {}
    for name in names:
        results[name] = _measured(name, plan)
        print(f"\n## {name}\n\n{report.table(name, results[name].rows)}", flush=True)
        if args.json:
            args.json.write_bytes(msgspec.json.format(msgspec.json.encode(results)))
        if args.write:
            report.write(results)


def _measured(name: str, plan: Plan) -> report.Section:
    began, load = time.monotonic(), os.getloadavg()[0]
    rows: list[Row] = ALL[name](plan)
    sys.stderr.write(f"{name}: {time.monotonic() - began:.0f} s, load before {load:.1f}\n")
    return report.section(rows, load)


def _plan(args: argparse.Namespace) -> Plan:
    only = args.only.split(",") if args.only else QUICK_PEERS if args.quick else available()
    names = tuple(name for name in available() if name == OURS or name in only)
    rounds = args.rounds or (1 if args.quick else 3)
    return Plan(
        names=names, rounds=rounds, jobs=args.jobs, seconds=args.seconds, idle=args.idle, longest_s=args.longest
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    parser.add_argument("--quick", action="store_true", help="the fastest peers, one round")
    parser.add_argument("--only", default="", help="peers, with commas; ours is always there")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--jobs", type=int, default=20_000, help="handed in for a throughput")
    parser.add_argument("--seconds", type=float, default=4.0, help="a slow peer is watched no longer")
    parser.add_argument("--idle", type=int, default=100, help="jobs for the pick-up latency")
    parser.add_argument("--longest", type=float, default=100.0, help="seconds that a recovery is waited for")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    return parser.parse_args()


if __name__ == "__main__":
    main()
