"""Figures from made-up rounds."""

from __future__ import annotations

import pytest

from chaos import figures
from tests.unit.chaos.rounds import Story


def killed(*, redis_away: bool = False) -> Story:
    """A job whose worker dies in its second step."""
    story = Story().claimed("w1", "a").did("a", "draft").worked("a", "refine").note("death", worker="w1")
    if redis_away:
        story.note("outage").note("outage_over")
    story.claimed("w2", "b", again=True).worked("b", "refine", first=False).checkpointed("refine")
    return story.did("b", "publish").succeeded("w2")


def test_recovery_is_from_death_to_takeover() -> None:
    """Ten milliseconds in the made-up round, in calm."""
    (found,) = figures.recoveries(killed().evidence())
    assert (found.seconds, found.is_disturbed) == (pytest.approx(0.01), False)


def test_a_recovery_that_redis_delayed_is_told_apart() -> None:
    """An outage between death and takeover."""
    (found,) = figures.recoveries(killed(redis_away=True).evidence())
    assert found.is_disturbed


@pytest.mark.parametrize(("checkpointed", "is_suspect"), [(False, True), (True, False)])
def test_a_recovery_of_a_suspect_is_told_apart(checkpointed: bool, is_suspect: bool) -> None:
    """A second takeover in a row waits for its turn; one after a checkpoint does not."""
    story = Story().claimed("w1", "a").note("death", worker="w1").claimed("w2", "b", again=True)
    if checkpointed:
        story.did("b", "draft")
    story.note("death", worker="w2").claimed("w3", "c", again=True).did("c", "refine", "publish")
    first, second = figures.recoveries(story.succeeded("w3").evidence())
    assert (first.is_suspect, second.is_suspect) == (False, is_suspect)


def test_a_takeover_from_a_sleeper_is_no_recovery() -> None:
    """Nobody died."""
    story = Story().claimed("w1", "a").did("a", "draft").claimed("w2", "b", again=True).did("b", "refine", "publish")
    assert figures.recoveries(story.succeeded("w2").evidence()) == []


def test_steps_executed_again_are_counted() -> None:
    """One step was cut off, and its effect came twice for those who know no keys."""
    notes = killed().notes
    assert (figures.reexecuted(notes), figures.repeated_effects(notes)) == (1, 1)


@pytest.mark.parametrize(("share", "value"), [(0.0, 1.0), (0.5, 3.0), (0.99, 4.0), (1.0, 4.0)])
def test_percentiles(share: float, value: float) -> None:
    """Of a few numbers in any order; 0 of none."""
    assert figures.percentile([3.0, 1.0, 4.0, 2.0], share) == value
    assert figures.percentile([], share) == 0.0
