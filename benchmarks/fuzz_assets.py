"""Thousands of hostile pictures against a child with a pool child's limits: each is decoded or refused, none kills it.

    python benchmarks/fuzz_assets.py --cases 5000 --seed 1

Ends with 1 where a child died, an error escaped that is no refusal, or a case took more than 5 s of processor time.
"""

from __future__ import annotations

import argparse
import base64
import multiprocessing
import os
import resource
import sys
import time
from collections import Counter
from multiprocessing.connection import Connection
from typing import Any

import hostile_assets

MEMORY_BYTES = 768 * 1024 * 1024
LIMIT_S = 5.0
_PATIENCE_S = 60.0
"""Until a child that does not answer is killed; other work may slow it down, so its own time is what counts."""
DRAWN, REFUSED, ESCAPED, SLOW, DIED = "decoded", "refused", "ESCAPED", "SLOW", "DIED"


def serve(pipe: Connection) -> None:
    """The child: examine each file that arrives, as a logo and as a hero picture."""
    os.environ["STREAMFORGE_POOL_CHILD"] = "1"
    from streamforge.pipelines.banner import preload  # noqa: PLC0415 - in the child, before the limit, as the pool does

    preload.warm()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        media_type, data = pipe.recv()
        uri = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
        begun = time.process_time()
        outcome = examine(uri)
        pipe.send((*outcome, time.process_time() - begun))


def examine(uri: str) -> tuple[str, str]:
    """What became of a file, and the words of a refusal or the name of an error."""
    from streamforge.errors import AssetRejected  # noqa: PLC0415 - as above
    from streamforge.pipelines.banner.picture.artwork import hero_facts, logo_facts  # noqa: PLC0415
    from streamforge.render.logo import load_logo  # noqa: PLC0415
    from streamforge.render.photo import load_photo  # noqa: PLC0415

    ends: list[str] = []
    said = ""
    for look in (
        lambda: (logo_facts(uri), load_logo(uri).rasterise(1200, 600)),
        lambda: (hero_facts(uri), (photo := load_photo(uri)).rasterise(1200, 628, photo.crop_for(1.91))),
    ):
        try:
            look()
            ends.append(DRAWN)
        except AssetRejected as error:
            ends.append(REFUSED)
            said = said or error.message
            if not (error.field and error.hint and error.message):
                return ESCAPED, "a refusal without field, hint or message"
        except BaseException as error:  # noqa: BLE001 - whatever else comes out is what this looks for
            return ESCAPED, f"{type(error).__name__}: {error}"[:200]
    return (DRAWN if DRAWN in ends else REFUSED), said


class Child:
    """A process to send files to, replaced when it dies."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=serve, args=(theirs,), daemon=True)
        self._process.start()
        theirs.close()

    def look_at(self, media_type: str, data: bytes) -> tuple[str, str, float]:
        """Outcome, words and processor time; ``DIED`` where no answer came."""
        self._pipe.send((media_type, data))
        try:
            if not self._pipe.poll(_PATIENCE_S):
                self.end()
                return DIED, f"no answer in {_PATIENCE_S:g} s", _PATIENCE_S
            return self._pipe.recv()
        except EOFError:
            self._process.join()
            return DIED, f"exit code {self._process.exitcode}", 0.0

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.join()

    @property
    def peak_kb(self) -> int:
        """The most memory it has held so far."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as status:  # noqa: PTH123 - not a file on disk
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def run(first: int, cases: int) -> list[str]:
    """Examine the cases and print the table; returns what must not be."""
    child = Child()
    table: Counter[tuple[str, str]] = Counter()
    worst: dict[str, float] = {}
    faults: list[str] = []
    for seed in range(first, first + cases):
        kind, data = hostile_assets.case(seed)
        media_type = "image/svg+xml" if data.lstrip()[:1] == b"<" else "image/png"
        outcome, said, took_s = child.look_at(media_type, data)
        if outcome == DIED:
            child = Child()
        elif took_s > LIMIT_S:
            outcome = SLOW
        table[kind, outcome] += 1
        if (seed - first) % 250 == 249:
            print(f"{seed - first + 1} of {cases}", file=sys.stderr)
        worst[kind] = max(worst.get(kind, 0.0), took_s)
        if outcome in {ESCAPED, SLOW, DIED}:
            faults.append(f"seed {seed}: {kind}: {outcome} after {took_s:.1f} s: {said}")
            print(faults[-1], file=sys.stderr)
    report(table, worst, child.peak_kb)
    child.end()
    return faults


def report(table: Counter[tuple[str, str]], worst: dict[str, float], peak_kb: int) -> None:
    """One line a kind."""
    print(f"{'kind':<14} {'cases':>6} {'decoded':>8} {'refused':>8} {'faults':>7} {'worst':>8}")
    for kind, _, _ in hostile_assets.KINDS:
        counts = {outcome: table[kind, outcome] for outcome in (DRAWN, REFUSED, ESCAPED, SLOW, DIED)}
        bad = counts[ESCAPED] + counts[SLOW] + counts[DIED]
        total = sum(counts.values())
        print(f"{kind:<14} {total:>6} {counts[DRAWN]:>8} {counts[REFUSED]:>8} {bad:>7} {worst.get(kind, 0):>7.2f}s")
    print(f"{sum(table.values())} cases; peak memory of the last child {peak_kb // 1024} MB")


def main(arguments: list[str] | None = None) -> int:
    """Run as the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1, help="number of the first case")
    chosen: Any = parser.parse_args(arguments)
    faults = run(chosen.seed, chosen.cases)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
