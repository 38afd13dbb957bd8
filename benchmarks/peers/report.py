"""What was measured, as Markdown and as plots, put between its marks in docs/benchmarks.md."""

from __future__ import annotations

import math
import platform
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from benchmarks.peers.environments import BARE, LEAN, OURS, ROOT, versions
from benchmarks.peers.ground import cores, redis_version
from benchmarks.peers.plot import Bar, bars
from benchmarks.peers.sections import Row

PAGE: Final = ROOT / "docs" / "benchmarks.md"
IMAGES: Final = ROOT / "docs" / "images"
RESULTS: Final = ROOT / "docs" / "benchmarks.json"
TITLES: Final[dict[str, str]] = {
    BARE[0]: "Redis alone, stream",
    BARE[1]: "Redis alone, state",
    OURS: "**StreamForge**",
    LEAN: "StreamForge, no archive",
}

Column = tuple[str, str, str]
"""Heading, field, format; a format of ``""`` is text."""

COLUMNS: Final[Mapping[str, Sequence[Column]]] = {
    "queues": (
        ("", "queue", ""),
        ("no-op jobs/s", "rate", ",.0f"),
        ("least to most", "spread", ""),
        ("ours to it", "ratio", ".1f"),
        ("Redis, core", "redis_share", ".0%"),
        ("in singly/s", "single", ",.0f"),
        ("in batches/s", "batch", ",.0f"),
        ("pick-up p50, ms", "p50_ms", ".1f"),
        ("p99", "p99_ms", ".1f"),
        ("worker, MB", "memory_mb", ",.0f"),
        ("queued job, bytes", "queued_bytes", ",.0f"),
    ),
    "processes": (
        ("", "queue", ""),
        ("processes", "processes", "d"),
        ("no-op jobs/s", "rate", ",.0f"),
        ("least to most", "spread", ""),
        ("Redis, core", "redis_share", ".0%"),
    ),
    "payloads": (
        ("", "queue", ""),
        ("bytes", "bytes", ",d"),
        ("in singly/s", "single", ",.0f"),
        ("in batches/s", "batch", ",.0f"),
        ("worked off/s", "rate", ",.0f"),
    ),
    "backlog": (
        ("", "queue", ""),
        ("jobs waiting", "jobs", ",d"),
        ("worked off/s", "rate", ",.0f"),
        ("least to most", "spread", ""),
    ),
    "memory": (
        ("", "queue", ""),
        ("worker idle, MB", "idle_mb", ",.0f"),
        ("running job, KB", "job_kb", ",.1f"),
        ("jobs begun", "started", ",d"),
        ("all begun after, s", "started_s", ".2f"),
    ),
    "recovery": (
        ("", "queue", ""),
        ("by default", "default", ""),
        ("measured, s", "default_s", ".1f"),
        ("set for it", "best", ""),
        ("measured, s", "best_s", ".1f"),
    ),
    "steps": (
        ("", "queue", ""),
        ("no step, ms", "alone_0_ms", ".1f"),
        ("1 step", "alone_1_ms", ".1f"),
        ("3 steps", "alone_3_ms", ".1f"),
        ("a step costs, ms", "step_ms", ".2f"),
        ("3-step jobs/s", "rate", ",.0f"),
    ),
}


class Section(msgspec.Struct, frozen=True):
    """Rows, and under what they were measured."""

    rows: list[Row]
    facts: str


def section(rows: list[Row], load: float) -> Section:
    """With the machine, versions and the date."""
    told = ", ".join(f"{name} {version}" for name, version in versions().items())
    where = f"{cores()}, {platform.system()}, Python {platform.python_version()}, Redis {redis_version()}"
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Section(rows, f"{at}; {where}; load before: {load:.1f}; {told}")


def table(name: str, rows: Sequence[Row]) -> str:
    """Markdown, the fastest first where there is a rate; ratios are of our rate to each."""
    ours = next((row.get("rate") for row in rows if row["queue"] == OURS), None)
    columns = COLUMNS[name]
    lines = [_line([title for title, _, _ in columns]), _line(["---"] + ["---:"] * (len(columns) - 1))]
    ordered = sorted(rows, key=lambda row: -row["rate"]) if name == "queues" else rows
    lines += [_line([_cell(_more(row, ours), *column[1:]) for column in columns]) for row in ordered]
    return "\n".join(lines)


def _more(row: Row, ours: float | None) -> Row:
    more = dict(row)
    if "rate_min" in row:
        more["spread"] = f"{row['rate_min']:,.0f} to {row['rate_max']:,.0f}"
    if ours and row.get("rate"):
        more["ratio"] = ours / row["rate"]
    return more


def _cell(row: Row, field: str, form: str) -> str:
    value: Any = row.get(field)
    if field == "queue":
        return TITLES.get(str(value), str(value))
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "-"
    if isinstance(value, float) and math.isinf(value):
        return "not within the time"
    return format(value, form) if form else str(value)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write(results: Mapping[str, Section]) -> None:
    """Into the page, its plots and its JSON; what was not measured now stays as it stands."""
    kept = msgspec.json.decode(RESULTS.read_bytes(), type=dict[str, Section]) if RESULTS.exists() else {}
    kept.update(results)
    RESULTS.write_bytes(msgspec.json.format(msgspec.json.encode(kept)) + b"\n")
    page = PAGE.read_text(encoding="utf-8")
    for name, each in results.items():
        told = f"{table(name, each.rows)}\n\n{each.facts}."
        page = _between(page, name, told)
        for file, picture in _plots(name, each.rows).items():
            (IMAGES / file).write_text(picture, encoding="utf-8")
    PAGE.write_text(page, encoding="utf-8")


def _between(page: str, name: str, text: str) -> str:
    """The page with this text between the marks of that name; raises SystemExit where there are none."""
    marks = re.compile(rf"(<!-- {name} -->\n).*?(\n<!-- end of {name} -->)", re.DOTALL)
    if not marks.search(page):
        raise SystemExit(f"{PAGE} has no marks <!-- {name} --> and <!-- end of {name} -->")
    return marks.sub(lambda found: f"{found[1]}{text}{found[2]}", page)


def _plots(name: str, rows: Sequence[Row]) -> dict[str, str]:
    if name != "queues":
        return {}
    rate = [Bar(_name(row), row["rate"], row["rate_min"], row["rate_max"], _kind(row)) for row in rows]
    wait = [Bar(_name(row), row["p50_ms"], row["p50_ms"], row["p99_ms"], _kind(row)) for row in rows]
    return {
        "benchmark-throughput.svg": bars("No-op jobs per second, one process (least to most)", rate, ",.0f"),
        "benchmark-latency.svg": bars(
            "Pick-up on an idle queue, ms: p50, and the line to p99", wait, ".1f", is_least_best=True
        ),
    }


def _name(row: Row) -> str:
    queue = str(row["queue"])
    return TITLES.get(queue, queue).strip("*")


def _kind(row: Row) -> str:
    return "ours" if row["queue"] in (OURS, LEAN) else "bare" if row["queue"] in BARE else "peer"
