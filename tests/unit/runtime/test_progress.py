"""How far a job is, over any order of steps."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamforge.runtime.progress import Progress

NAMES = ("a", "b", "c", "d", "e")


def test_each_step_has_an_equal_share() -> None:
    """Four declared steps are a quarter each, and a step's own progress counts within its quarter."""
    progress = Progress(("a", "b", "c", "d"))
    progress.begin("a")
    assert progress.within("a", 0.5) == 12.5
    assert progress.done("a") == 25
    progress.begin("c")  # b was not needed
    assert progress.within("c", 0.5) == 62.5
    assert progress.done("c") == 75


def test_side_by_side_the_earliest_counts() -> None:
    """The last of parallel steps to start may be the first to end: the job is not done with it."""
    progress = Progress(("a", "b", "c", "d"))
    for name in ("a", "b"):
        progress.begin(name)
    assert progress.done("b") == 0
    assert progress.done("a") == 25


def test_what_does_not_run_tells_nothing() -> None:
    """Progress told from outside a step leaves the number as it is."""
    progress = Progress(("a",))
    assert progress.within("", 0.9) == 0
    assert progress.within("a", 0.9) == 0
    assert progress.done("a") == 0


@given(
    st.lists(st.sampled_from(NAMES), unique=True),
    st.lists(
        st.tuples(st.sampled_from(NAMES), st.sampled_from(["begin", "leave", "done", "within"]), st.floats(-2, 2))
    ),
)
def test_the_number_never_falls(declared: list[str], moves: list[tuple[str, str, float]]) -> None:
    """Whatever runs, in whatever order, and whatever it says: 0 to 100, and never less than before."""
    progress = Progress(tuple(declared))
    begun: set[str] = set()
    last = 0.0
    for name, move, share in moves:
        if move == "begin" and name not in begun:
            begun.add(name)
            progress.begin(name)
        elif move == "leave":
            progress.leave(name)
        else:
            now = progress.done(name) if move == "done" else progress.within(name, share)
            assert last <= now <= 100
            last = now
