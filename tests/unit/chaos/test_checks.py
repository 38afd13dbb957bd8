"""The checks find what they are for, and nothing else."""

from __future__ import annotations

import msgspec
import pytest

from chaos.checks import violations
from chaos.evidence import Evidence, Violation
from chaos.witness import Leftovers, View
from tests.unit.chaos.rounds import JOB, NOTHING_LEFT, Story, plain


def rules(evidence: Evidence) -> list[str]:
    """Which rules were violated."""
    return [one.rule for one in violations(evidence)]


@pytest.mark.parametrize("kind", ["quick", "steps", "pool", "long", "blocker"])
def test_an_undisturbed_job_is_fine(kind: str) -> None:
    """A job that ran once, through every step, violates nothing."""
    assert violations(plain(kind).evidence()) == []


def test_a_step_cut_off_before_its_checkpoint_may_run_again() -> None:
    """A worker that dies between effect and checkpoint makes the step run again: allowed, under the same key."""
    story = Story().claimed("w1", "a").did("a", "draft").worked("a", "refine").note("death", worker="w1")
    story.claimed("w2", "b", again=True).worked("b", "refine", first=False).checkpointed("refine")
    assert violations(story.did("b", "publish").succeeded("w2").evidence()) == []


def test_a_step_that_runs_after_its_checkpoint_is_found() -> None:
    """A later attempt that does not replay a checkpointed step breaks the first promise of checkpoints."""
    story = Story().claimed("w1", "a").did("a", "draft", "refine").note("death", worker="w1")
    story.claimed("w2", "b", again=True).worked("b", "refine", first=False)
    assert rules(story.did("b", "publish").succeeded("w2").evidence()) == ["replay"]


def test_a_sleeper_may_begin_a_step_that_another_has_done() -> None:
    """A process that stood still cannot know that it was overtaken; what it writes is refused, what it does is not."""
    story = Story().claimed("w1", "a", pid=11).did("a", "draft").note("stall", worker="w1", pid=11)
    story.claimed("w2", "b", again=True).did("b", "refine")
    story.worked("a", "refine", first=False, pid=11)
    assert violations(story.did("b", "publish").succeeded("w2").evidence()) == []


def test_an_overtaken_attempt_that_never_slept_is_found() -> None:
    """Without a stop nobody is overtaken unawares: leases are renewed, or the worker stops its jobs in time."""
    story = Story().claimed("w1", "a", pid=11).did("a", "draft").claimed("w2", "b", again=True).did("b", "refine")
    story.worked("a", "refine", first=False, pid=11)
    assert rules(story.did("b", "publish").succeeded("w2").evidence()) == ["replay"]


def test_two_checkpoints_of_a_step_are_found() -> None:
    """A zombie's checkpoint that was not refused shows as a second one."""
    story = Story().claimed("w1", "a").did("a", "draft").checkpointed("draft").did("a", "refine", "publish")
    assert rules(story.succeeded("w1").evidence()) == ["replay"]


def test_a_job_that_ended_twice_is_found() -> None:
    """One terminal event, not two, also where both say the same."""
    assert rules(plain().succeeded("w1").evidence()) == ["end"]


def test_a_job_that_never_ended_is_found() -> None:
    """A job that still runs when all is quiet is stuck."""
    assert rules(Story().claimed("w1", "a").evidence()) == ["end", "end"]


def test_a_lost_job_is_found() -> None:
    """Accepted, and unknown to Redis."""
    evidence = msgspec.structs.replace(plain().evidence(), views={JOB: View(id=JOB)}, notes=[])
    assert rules(evidence) == ["lost"]


def test_a_wrong_result_is_found() -> None:
    """The result is a function of the input."""
    story = Story().claimed("w1", "a").did("a", "draft", "refine", "publish").succeeded("w1", value=1)
    assert rules(story.evidence()) == ["result"]


def test_a_result_of_the_overtaken_worker_is_found() -> None:
    """The result is the owner's, not that of the one who woke too late."""
    story = Story().claimed("w1", "a").did("a", "draft").claimed("w2", "b", again=True).did("b", "refine", "publish")
    assert rules(story.succeeded("w1").evidence()) == ["result"]


def test_an_effect_applied_twice_is_found() -> None:
    """Two keys for one step would have an API that knows keys do it twice."""
    story = Story().claimed("w1", "a").worked("a", "draft").note("death", worker="w1")
    story.claimed("w2", "b", again=True).did("b", "draft", "refine", "publish").succeeded("w2")
    assert rules(story.evidence()) == ["effect"]


def test_an_effect_whose_first_note_died_with_its_process_counts() -> None:
    """The key was taken when the next worker came: there was one before, though nobody could note it any more."""
    story = Story().claimed("w1", "a").note("begin", run="a", step="draft").note("death", worker="w1")
    story.claimed("w2", "b", again=True).worked("b", "draft", first=False).checkpointed("draft")
    assert rules(story.did("b", "refine", "publish").succeeded("w2").evidence()) == []


def test_a_missing_effect_is_found() -> None:
    """A job that succeeded has done everything."""
    story = Story().claimed("w1", "a").did("a", "draft", "refine").checkpointed("publish").succeeded("w1")
    assert rules(story.evidence()) == ["effect"]


def test_kinds_that_must_fail_may() -> None:
    """Poison fails with its signal named; the same end of another kind is a violation."""
    assert violations(Story("poison").claimed("w1", "a").failed("crashed").evidence()) == []
    assert rules(Story("steps").claimed("w1", "a").failed("crashed").evidence()) == ["end"]
    assert rules(Story("worker-killer").claimed("w1", "a").failed("attempts_exhausted").evidence()) == ["cause"]


@pytest.mark.parametrize(
    ("successor", "signal", "found"),
    [("w1", "SIGKILL", []), ("w1", "", ["cause"]), ("w2", "", []), ("w2", "SIGKILL", []), ("w2", "SIGSEGV", ["cause"])],
)
def test_a_killers_signal_is_named_where_it_is_known(successor: str, signal: str, found: list[str]) -> None:
    """By a successor of the same name, who was told; another worker may not know it, and nobody may tell another."""
    story = Story("worker-killer").claimed("w1", "a").note("death", worker="w1").claimed(successor, "b", again=True)
    letter = {"job": JOB, "reason": "crashed", "signal": signal}
    evidence = story.failed("crashed").evidence(msgspec.structs.replace(NOTHING_LEFT, letters=[letter]))
    assert rules(evidence) == found


@pytest.mark.parametrize(("retried", "found"), [(False, []), (True, ["cause"])])
def test_a_poisonous_job_may_die_with_its_worker(retried: bool, found: list[str]) -> None:
    """Its last crash is what its end names: the worker's death where that was the last, else its pool child's."""
    story = Story("poison").claimed("w1", "a")
    if retried:
        story.event("job.retrying")
    story.note("death", worker="w1").failed("crashed")
    killed = msgspec.structs.replace(story.view, error='{"message":"its worker died (SIGKILL)"}')
    assert rules(msgspec.structs.replace(story.evidence(), views={JOB: killed})) == found


def test_a_killer_without_a_letter_is_found() -> None:
    """Whatever is given up lies in the dead letters."""
    assert rules(Story("worker-killer").claimed("w1", "a").failed("crashed").evidence()) == ["cause"]


def test_what_nobody_handed_in_is_found() -> None:
    """Work for a job that was never acknowledged."""
    assert rules(msgspec.structs.replace(plain().evidence(), accepted={}, views={})) == ["lost"]


@pytest.mark.parametrize(
    ("left", "rule"),
    [
        ({"pending": {"streamforge:{0}:queue:default:normal": 1}}, "stuck"),
        ({"scheduled": 1}, "stuck"),
        ({"workers": ["w9"]}, "stuck"),
        ({"keys_without_ttl": ["streamforge:{0}:job:j1"]}, "leak"),
        ({"keys_without_ttl": ["streamforge:{0}:running"]}, "leak"),
        ({"keys_without_ttl": ["streamforge:{0}:ring:default:normal"]}, "leak"),
        ({"letters": [{"job": JOB, "reason": "crashed"}]}, "dead"),
        ({"letters": [{"source": "inbox"}]}, "dead"),
    ],
)
def test_what_is_left_over_is_found(left: dict[str, object], rule: str) -> None:
    """Pending entries, scheduled jobs, dead workers shown alive, keys without an end, letters without a cause."""
    leftovers: Leftovers = msgspec.structs.replace(NOTHING_LEFT, **left)
    assert rules(plain().evidence(leftovers)) == [rule]


def test_what_may_stay_is_left_alone() -> None:
    """Permanent keys and living workers are no leftovers."""
    leftovers = msgspec.structs.replace(
        NOTHING_LEFT,
        workers=["w1"],
        keys_without_ttl=["streamforge:inbox", "streamforge:{0}:feed", "streamforge:{0}:bell:default"],
    )
    assert violations(plain().evidence(leftovers)) == []


def test_a_slot_that_stays_busy_is_found() -> None:
    """A gauge that should be 0 in the end, and is not."""
    evidence = msgspec.structs.replace(plain().evidence(), busy={"w1 streamforge_pool_slots_busy": 1.0})
    assert rules(evidence) == ["stuck"]


def test_troubles_on_the_way_are_told() -> None:
    """What the driver saw counts as what the checks see."""
    trouble = Violation("daemon", "w1 ended by itself with 1")
    assert violations(plain().evidence(troubles=(trouble,))) == [trouble]
