"""What a round ends with: a table, a JSON file, and after a failure everything that is needed to look into it."""
# ruff: noqa: T201 - printing is what this module is for

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from chaos.checks import notes_by_job
from chaos.evidence import Violation
from chaos.ledger import Note
from chaos.witness import View

JOBS_SHOWN = 8
"""Of those with a violation, so many are shown with all that happened to them."""


def say(text: str) -> None:
    """A line now, also where standard output is a file."""
    print(text, flush=True)


def table(figures: Mapping[str, float]) -> str:
    """Name and figure, a line each."""
    width = max(map(len, figures), default=0)
    return "\n".join(f"  {name:<{width}}  {value:>12,.10g}" for name, value in figures.items())


def write_json(path: Path, seed: int, figures: Mapping[str, float], found: Sequence[Violation]) -> None:
    """The same for machines."""
    told = {
        "seed": seed,
        "figures": dict(figures),
        "violations": [{"rule": one.rule, "job": one.job, "text": one.text} for one in found],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def keep(home: Path, target: Path) -> None:
    """Keep a failed round's ledger and logs."""
    target.mkdir(parents=True, exist_ok=True)
    for path in (*home.glob("*.log"), *home.glob("redis/*.log"), *home.glob("ledger/*.jsonl")):
        shutil.copy(path, target)
    say(f"\nIts ledger and the daemons' logs are in {target}")


def tell_violations(found: Sequence[Violation], views: Mapping[str, View], notes: Sequence[Note], replay: str) -> None:
    """Each broken promise; of the first jobs concerned all that happened to them; and how to do it again."""
    say(f"\nFAILED: {len(found)} violations")
    for one in found:
        say(f"  [{one.rule}] {one.job or '-'}: {one.text}")
    by_job = notes_by_job(notes)
    for job in list(dict.fromkeys(one.job for one in found if one.job in views))[:JOBS_SHOWN]:
        say(f"\n{job}:")
        for line in history(views[job], by_job.get(job, [])):
            say(f"  {line}")
    say(f"\nReplay: {replay}")


def history(view: View, notes: Sequence[Note]) -> list[str]:
    """A job's events and its notes in the ledger, in one order."""
    lines = [(event.at_ms, f"event  {event.type} attempt={event.attempt} {event.data}") for event in view.events]
    lines += [
        (note.at_ms, f"ledger {note.what} {note.step} run={note.run} worker={note.worker} pid={note.pid}")
        for note in notes
    ]
    return [f"{_clock(at_ms)} {text}" for at_ms, text in sorted(lines)]


def replay_command(arguments: Sequence[str], seed: int) -> str:
    """The exact command that plans the same round."""
    kept = [word for word in arguments if not word.startswith("--seed=")]
    if "--seed" in kept:
        place = kept.index("--seed")
        del kept[place : place + 2]
    return " ".join([sys.executable, "-m", "chaos", *kept, "--seed", str(seed)])


def _clock(at_ms: float) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
