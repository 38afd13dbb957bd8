"""Horizontal bars as SVG, for light and dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import isnan
from typing import Final, NamedTuple

WIDTH: Final = 760
LEFT: Final = 170
RIGHT: Final = 90
ROW: Final = 30
TOP: Final = 46
STYLE: Final = (
    "text{font:13px system-ui,sans-serif;fill:#24292f}.title{font-weight:600;font-size:14px}"
    ".ours{fill:#1a7f64}.peer{fill:#8c959f}.bare{fill:#c9d1d9}line{stroke:#24292f;stroke-width:1.5}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.ours{fill:#3fb68b}.peer{fill:#6e7681}.bare{fill:#30363d}"
    "line{stroke:#e6edf3}}"
)


class Bar(NamedTuple):
    """A value with its span, and whose it is: ``ours``, ``peer`` or ``bare``."""

    name: str
    value: float
    low: float
    high: float
    kind: str


def bars(title: str, rows: Sequence[Bar], form: str, *, is_least_best: bool = False) -> str:
    """The picture, the best on top; a row that is not a number is left out."""
    shown = sorted((row for row in rows if not isnan(row.value)), key=lambda row: row.value, reverse=not is_least_best)
    scale = (WIDTH - LEFT - RIGHT) / max((row.high for row in shown), default=1.0)
    height = TOP + ROW * len(shown) + 10
    drawn = "".join(_bar(row, TOP + ROW * index, scale, form) for index, row in enumerate(shown))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}"><style>{STYLE}</style>'
        f'<text class="title" x="10" y="26">{escape(title)}</text>{drawn}</svg>\n'
    )


def _bar(row: Bar, top: float, scale: float, form: str) -> str:
    end, low, high = (LEFT + value * scale for value in (row.value, row.low, row.high))
    middle = top + 10
    return (
        f'<text x="{LEFT - 10}" y="{middle + 4.5}" text-anchor="end">{escape(row.name)}</text>'
        f'<rect class="{row.kind}" x="{LEFT}" y="{top}" width="{max(1.0, end - LEFT):.1f}" height="20" rx="2"/>'
        f'<line x1="{low:.1f}" x2="{high:.1f}" y1="{middle}" y2="{middle}"/>'
        f'<text x="{max(end, high) + 6:.1f}" y="{middle + 4.5}">{row.value:{form}}</text>'
    )
