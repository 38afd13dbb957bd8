"""``python -m chaos``: see the package."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from types import FrameType

from chaos import figures, report, rounds, scenarios
from chaos.checks import violations
from chaos.driver import World, world
from chaos.evidence import Evidence
from chaos.faults import FAULTS
from chaos.report import say

LEASE_S = 3.0
"""In the random round: short, so that much happens."""
PATIENT = {
    "worker__max_attempts": 15,
    "worker__max_crashes": 12,
    "worker__retry_base_s": 0.05,
    "worker__retry_cap_s": 1.0,
    "worker__grace_s": 4,
}
"""A round kills the same job's workers and children far more often than life does."""


def main() -> int:
    """Exit code: 0 every promise kept, 1 not, 2 wrong usage, 130 interrupted."""
    args = _parser().parse_args()
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return _scenario(args, seed) if args.only else _round(args, seed)
    except KeyboardInterrupt:
        say("interrupted; every process is ended")
        return 130


def _round(args: argparse.Namespace, seed: int) -> int:
    say(f"chaos: {args.seconds:g} s, {args.daemons or 3} daemons, seed {seed}")
    lease_s = args.lease or LEASE_S
    with world(lease_s=lease_s, renew_s=lease_s / 3, **PATIENT) as made:
        made.start_fleet(args.daemons or 3)
        _play(made, lambda: rounds.play(made, seed, args.seconds, args.without))
        return _tell(args, seed, made, rounds.gather(made), {})


def _scenario(args: argparse.Namespace, seed: int) -> int:
    scenario = scenarios.SCENARIOS[args.only]
    times, lease_s = args.rounds or scenario.rounds, args.lease or scenario.lease_s
    say(f"chaos: {args.only}, {times} times, lease {lease_s:g} s, seed {seed}")
    with world(lease_s=lease_s, renew_s=lease_s / 3, **scenario.settings) as made:
        made.start_fleet(args.daemons or scenario.daemons)
        _play(made, lambda: scenario.play(made, Random(seed), times))  # noqa: S311 - a seed is the point
        evidence = rounds.gather(made)
        return _tell(args, seed, made, evidence, scenario.judge(made, evidence))


def _play(made: World, play: Callable[[], None]) -> None:
    """Play to the end, then let everything settle; what never came is a trouble."""
    try:
        play()
    except TimeoutError as error:
        made.trouble(str(error), "stuck")
    made.is_over = True
    rounds.settle(made)


def _tell(args: argparse.Namespace, seed: int, made: World, evidence: Evidence, more: Mapping[str, float]) -> int:
    found = sorted({*violations(evidence), *made.troubles})
    told = {**figures.of(evidence, made.counts, rounds.logged(made)), **more}
    say(f"\n{report.table(told)}")
    report.write_json(args.json, seed, told, found)
    if found:
        report.tell_violations(found, evidence.views, evidence.notes, report.replay_command(sys.argv[1:], seed))
        report.keep(made.home, args.json.with_name(f"{args.json.stem}-{seed}"))
        return 1
    say(f"\nOK: every promise kept (seed {seed}); figures in {args.json}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chaos", description="Break real daemons; check what they promise.")
    parser.add_argument("--seconds", type=float, default=180.0, help="how long the random round breaks things")
    parser.add_argument("--seed", type=int, help="the same seed plans the same round (default: any)")
    parser.add_argument("--without", action="append", default=[], choices=sorted(FAULTS), help="leave a fault out")
    parser.add_argument("--daemons", type=int, help="how many (default: 3, or the scenario's own)")
    parser.add_argument("--only", choices=sorted(scenarios.SCENARIOS), help="one scenario in place of the random round")
    parser.add_argument("--rounds", type=int, help="how often (default: the scenario's own)")
    parser.add_argument("--lease", type=float, help="worker.lease_s (default: 3, or the scenario's own)")
    parser.add_argument("--json", type=Path, default=Path("out/chaos.json"), help="where the figures go")
    return parser


def _interrupt(signum: int, frame: FrameType | None) -> None:
    del signum, frame
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
