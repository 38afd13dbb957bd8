"""A second opinion between versions that both hold every check."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from streamforge.pipelines.banner.critic import Choice, Critic
from streamforge.pipelines.banner.design.brief import Designer, Edit, Patch
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.report import BannerResult
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.testing.rehearsal import Rehearsal
from tests.unit.banner.scripted import ScriptedDesigner
from tests.unit.banner.test_pipeline import GLOOMY, GOOD, GREY, LIGHTER

BETTER = Patch(edits=[Edit(element="headline", text="Bread that wakes the street")], rationale="shorter")


class ScriptedCritic:
    """Answers as told, the last answer again and again, and keeps what it was shown."""

    def __init__(self, *answers: Choice) -> None:
        self.shown: list[tuple[bytes, bytes]] = []
        self._answers = answers

    async def compare(self, a: bytes, b: bytes) -> Choice:
        """The next answer."""
        self.shown.append((a, b))
        return self._answers[min(len(self.shown), len(self._answers)) - 1]


async def result_of(designer: object, critic: object, **fields: object) -> BannerResult:
    """What a job of one canvas comes to with that critic."""
    spec = BannerSpec(**({"prompt": "Rye bread", "width": 300, "height": 250} | fields))  # pyright: ignore[reportArgumentType]
    result: BannerResult = await Rehearsal(PIPELINE, spec, resources={Designer: designer, Critic: critic}).result()
    return result


@pytest.mark.parametrize(
    ("answers", "winner"),
    [(("b", "a"), 2), (("a", "b"), 1), (("a", "a"), 1), (("b", "b"), 1), (("b", "tie"), 1), (("tie", "tie"), 1)],
)
async def test_a_win_counts_only_where_both_orders_agree(answers: tuple[Choice, Choice], winner: int) -> None:
    """The pair is shown twice, exchanged; whoever favours a place decides nothing."""
    critic = ScriptedCritic(*answers)
    result = await result_of(ScriptedDesigner(GOOD, BETTER), critic, rounds=1)
    assert (result.version, len(result.versions)) == (winner, 2)
    first, second = critic.shown
    assert first == second[::-1]
    assert first[0] != first[1]


async def test_crops_show_what_changed() -> None:
    """Both pictures are cut alike, to less than the canvas."""
    critic = ScriptedCritic("b", "a")
    await result_of(ScriptedDesigner(GOOD, BETTER), critic, rounds=1)
    sizes = {Image.open(io.BytesIO(data)).size for pair in critic.shown for data in pair}
    assert len(sizes) == 1
    ((width, height),) = sizes
    assert width * height < 300 * 250


async def test_rounds_go_on_for_as_long_as_the_critic_prefers_what_they_bring() -> None:
    """The first loss ends it, though rounds are left."""
    critic = ScriptedCritic("b", "a", "a", "b")
    patches = [Patch(edits=[Edit(element="headline", text=f"Bread {word}")]) for word in ("early", "late", "never")]
    result = await result_of(ScriptedDesigner(GOOD, *patches), critic, rounds=5)
    assert (result.version, len(result.versions)) == (2, 3)


async def test_what_fails_is_not_for_the_critic() -> None:
    """Between a failing and a clean version the checks decide; the critic is asked about clean ones only."""
    critic = ScriptedCritic("a", "b")
    result = await result_of(ScriptedDesigner(GLOOMY, LIGHTER), critic, locks=[GREY], rounds=1)
    assert result.version == 2
    assert critic.shown == []
