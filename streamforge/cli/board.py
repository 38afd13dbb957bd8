"""A job as it goes, on a terminal: its steps, a bar for each and one for all, its files, and how it ended."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from time import time

from msgspec import Struct
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from streamforge.client.types import Event, Reason

BAR_CELLS = 28
REDRAWS_PER_S = 8
_DONE, _FAILED = "green", "red"


class Row(Struct):
    """A step on the board."""

    name: str
    state: str = "running"
    seconds: float = 0.0
    message: str = ""
    began_s: float = 0.0


class Board:
    """What a job's events say of it, one after the other; ``render`` draws it as it stands."""

    def __init__(self, job_id: str, now_s: Callable[[], float] = time) -> None:
        self.job_id = job_id
        self.kind = ""
        self.state = "queued"
        self.attempt = 0
        self.progress = 0.0
        self.error: Reason | None = None
        self.files: list[str] = []
        self.rows: dict[str, Row] = {}
        self._now_s = now_s
        self._spinner = Spinner("dots", style="cyan")

    def tell(self, event: Event) -> None:
        """Take one more event."""
        self.attempt = max(self.attempt, event.attempt)
        self.kind = self.kind or event.kind or str(event.data.get("kind", ""))
        part, _, what = event.type.partition(".")
        if part == "step":
            self._step(what, event)
        elif event.type == "artifact.saved":
            self.files.append(str(event.data.get("name", "")))
        elif event.type in _STATES:
            self._turn(_STATES[event.type], event)
        if "progress" in event.data:
            self.progress = float(event.data["progress"])
            self._say(event)

    def render(self) -> RenderableType:
        """The board as it stands."""
        table = Table.grid(padding=(0, 1))
        for row in self.rows.values():
            table.add_row(
                self._mark(row),
                Text(row.name),
                Text(_seconds(self._lasted(row)), style="dim"),
                Text(row.message, style="dim"),
            )
        head = Text.assemble(
            (self.job_id, "bold"),
            "  ",
            self.kind,
            "  ",
            (self.state, colour_of(self.state)),
            f"  attempt {self.attempt}",
        )
        bar = Table.grid(padding=(0, 1))
        bar.add_row(ProgressBar(total=100, completed=self.progress, width=BAR_CELLS), f"{self.progress:3.0f} %")
        return Group(head, bar, table, *self._end())

    def _step(self, what: str, event: Event) -> None:
        name = str(event.data.get("step", ""))
        if what == "started":
            self.rows[name] = Row(name, began_s=event.at_ms / 1000)
        elif what in ("completed", "replayed"):
            row = self.rows.setdefault(name, Row(name))
            row.state, row.seconds = what, float(event.data.get("seconds", 0.0))
            row.message = "from its checkpoint" if what == "replayed" else ""

    def _turn(self, state: str, event: Event) -> None:
        self.state = state
        if "error" in event.data:
            self.error = Reason(
                **{name: value for name, value in event.data["error"].items() if name in Reason.__struct_fields__}
            )
        if state == "succeeded":
            self.progress, self.error = 100.0, None
        if state != "running":
            for row in self.rows.values():
                row.state = "stopped" if row.state == "running" else row.state

    def _say(self, event: Event) -> None:
        row = self.rows.get(str(event.data.get("step", "")))
        if row is not None and event.data.get("message"):
            row.message = str(event.data["message"])

    def _lasted(self, row: Row) -> float:
        return max(0.0, self._now_s() - row.began_s) if row.state == "running" and row.began_s else row.seconds

    def _mark(self, row: Row) -> RenderableType:
        if row.state == "running":
            return self._spinner
        mark, colour = _MARKS.get(row.state, (" ", ""))
        return Text(mark, style=colour)

    def _end(self) -> list[RenderableType]:
        lines: list[RenderableType] = []
        if self.error is not None:
            where = f"{self.error.field}: " if self.error.field else ""
            lines.append(Text(f"{where}{self.error.message}", style=_FAILED))
            lines += [Text(self.error.hint, style="dim")] if self.error.hint else []
        if self.files:
            lines.append(Text("files  " + "  ".join(dict.fromkeys(self.files)), style="dim"))
        return lines


async def follow_live(job_id: str, events: AsyncIterator[Event]) -> None:
    """Draw the job until its events end."""
    board = Board(job_id)
    with Live(get_renderable=board.render, console=Console(), refresh_per_second=REDRAWS_PER_S):
        async for event in events:
            board.tell(event)


_STATES = {
    "job.queued": "queued",
    "job.created": "created",
    "job.scheduled": "scheduled",
    "job.started": "running",
    "job.recovered": "running",
    "job.retrying": "retrying",
    "job.snoozed": "parked",
    "job.released": "queued",
    "job.requeued": "queued",
    "job.succeeded": "succeeded",
    "job.failed": "failed",
    "job.cancelled": "cancelled",
    "job.expired": "expired",
    "job.upload_failed": "upload_failed",
}

_MARKS = {"completed": ("✓", _DONE), "replayed": ("↺", _DONE), "stopped": ("✗", _FAILED)}


def colour_of(state: str) -> str:
    """The colour that a state is told in."""
    return {"succeeded": _DONE, "failed": _FAILED, "cancelled": _FAILED, "expired": _FAILED}.get(state, "cyan")


def _seconds(seconds: float) -> str:
    return f"{seconds:6.1f} s" if seconds else ""
