"""The ledger keeps what several processes write, and knows a key that it has seen."""

from __future__ import annotations

from multiprocessing import get_context
from pathlib import Path

from chaos.ledger import Ledger, Note


def write_many(home: str, worker: str) -> None:
    """In a process of its own."""
    ledger = Ledger(Path(home))
    for number in range(200):
        ledger.write(Note(what="effect", at_ms=number, worker=worker, key="x" * 200))


def test_notes_come_back(tmp_path: Path) -> None:
    """In the order of writing, whole."""
    ledger = Ledger(tmp_path)
    notes = [Note(what="begin", at_ms=1.5, job="j", step="s"), Note(what="effect", at_ms=2.5, job="j", is_first=True)]
    for note in notes:
        ledger.write(note)
    assert ledger.notes() == notes


def test_an_empty_ledger_has_no_notes(tmp_path: Path) -> None:
    """Reading before anybody wrote is no error."""
    assert Ledger(tmp_path).notes() == []


def test_processes_do_not_mix_their_lines(tmp_path: Path) -> None:
    """Four writers at once: every line is there, whole, and each one's are in order."""
    context = get_context("forkserver")
    writers = [context.Process(target=write_many, args=(str(tmp_path), f"w{number}")) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    notes = Ledger(tmp_path).notes()
    for number in range(4):
        assert [note.at_ms for note in notes if note.worker == f"w{number}"] == list(range(200))


def test_a_key_is_new_once(tmp_path: Path) -> None:
    """As an API that knows idempotency keys: each key is new to it a single time."""
    ledger = Ledger(tmp_path)
    ledger.create()
    assert [ledger.is_first("a"), ledger.is_first("a"), ledger.is_first("b")] == [True, False, True]
