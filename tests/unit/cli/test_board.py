"""The live view of a job: what each event makes of it."""

from __future__ import annotations

import sys
from collections.abc import AsyncGenerator, Mapping
from typing import cast

import pytest
from rich.console import Console

from streamforge.cli.board import Board
from streamforge.cli.desk import Desk
from streamforge.cli.jobs import follow
from streamforge.client.types import Event


def board_of(*events: tuple[str, Mapping[str, object]], now_s: float = 100.0) -> Board:
    """A board after these events, all at second 90."""
    board = Board("j-1", lambda: now_s)
    for kind, data in events:
        board.tell(Event(id="1-0", type=kind, job_id="j-1", at_ms=90_000, attempt=1, data=dict(data)))
    return board


def text_of(board: Board) -> str:
    """What a terminal would show."""
    console = Console(width=100, record=True, force_terminal=False)
    with console.capture() as capture:
        console.print(board.render())
    return capture.get()


RUN = (
    ("job.queued", {"kind": "banner"}),
    ("job.started", {"worker": "w"}),
    ("step.started", {"step": "strategy"}),
)


def test_a_running_step_shows_how_long_it_runs() -> None:
    """Its seconds count up while nothing is heard."""
    shown = text_of(board_of(*RUN))
    assert "j-1  banner  running  attempt 1" in shown
    assert "strategy" in shown
    assert "10.0 s" in shown


def test_progress_moves_the_bar_and_tells_what_is_done() -> None:
    """The job's percent, and the message beside its step."""
    shown = text_of(board_of(*RUN, ("job.progress", {"step": "strategy", "progress": 12.0, "message": "300 tokens"})))
    assert "12 %" in shown
    assert "300 tokens" in shown


def test_a_finished_job_shows_its_steps_and_files() -> None:
    """All is done: marks, the files once each, and no error of an attempt before."""
    shown = text_of(
        board_of(
            *RUN,
            ("job.retrying", {"error": {"code": "x", "message": "stumbled"}, "due_ms": 1}),
            ("step.replayed", {"step": "examine"}),
            ("step.completed", {"step": "strategy", "seconds": 2.5, "progress": 50}),
            ("artifact.saved", {"name": "a.png"}),
            ("artifact.saved", {"name": "a.png"}),
            ("job.succeeded", {}),
        )
    )
    assert "succeeded" in shown
    assert "100 %" in shown
    assert "✓ strategy" in shown
    assert "from its checkpoint" in shown
    assert shown.count("a.png") == 1
    assert "stumbled" not in shown


def test_a_failed_job_shows_why_and_what_helps() -> None:
    """Message, field and hint of the error; the step that ran is marked."""
    error = {"code": "invalid_input", "message": "too short", "field": "prompt", "hint": "write more"}
    shown = text_of(board_of(*RUN, ("job.failed", {"error": error, "reason": "invalid_input"})))
    assert "prompt: too short" in shown
    assert "write more" in shown
    assert "✗ strategy" in shown


def test_what_a_stranger_wrote_is_no_markup() -> None:
    """Brackets in a message are shown, not read as a style."""
    shown = text_of(board_of(*RUN, ("job.progress", {"step": "strategy", "progress": 1, "message": "[red]x[/red]"})))
    assert "[red]x[/red]" in shown


class Told:
    """What ``follow`` needs of a desk: a job that succeeds."""

    async def events(self, job_id: str) -> AsyncGenerator[Event]:
        """Two of its events."""
        yield Event(id="1-0", type="job.started", job_id=job_id, kind="banner", attempt=1)
        yield Event(id="2-0", type="job.succeeded", job_id=job_id, attempt=1)


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "100 %"), (False, "job.succeeded")])
async def test_a_job_is_drawn_for_people_and_told_by_the_line_to_programs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], is_terminal: bool, shown: str
) -> None:
    """On a terminal the board stands as the job ended; elsewhere each event has its line."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: is_terminal)
    await follow(cast("Desk", Told()), "j-1")
    assert shown in capsys.readouterr().out
