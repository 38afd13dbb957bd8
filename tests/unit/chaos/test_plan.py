"""A seed stands for a round."""

from __future__ import annotations

from itertools import islice

from chaos import plan
from chaos.faults import FAULTS

WEIGHTS = {name: fault.weight for name, fault in FAULTS.items()}


def test_a_seed_gives_the_same_faults() -> None:
    """The same seed plans the same faults at the same times, another one others."""
    assert plan.faults(7, 180, WEIGHTS) == plan.faults(7, 180, WEIGHTS)
    assert plan.faults(7, 180, WEIGHTS) != plan.faults(8, 180, WEIGHTS)


def test_a_seed_gives_the_same_jobs() -> None:
    """Also where another number of them is taken."""
    assert list(islice(plan.jobs(7, 3.0), 50)) == list(islice(plan.jobs(7, 3.0), 200))[:50]
    assert list(islice(plan.jobs(7, 3.0), 50)) != list(islice(plan.jobs(8, 3.0), 50))


def test_every_fault_comes_in_three_minutes() -> None:
    """A round of the usual length leaves nothing out, whatever the seed."""
    for seed in range(20):
        assert {fault.name for fault in plan.faults(seed, 180, WEIGHTS)} == set(FAULTS)


def test_a_longer_round_begins_like_a_shorter_one() -> None:
    """What a failure needed can be replayed in less time."""
    short = plan.faults(7, 60, WEIGHTS)
    assert plan.faults(7, 180, WEIGHTS)[: len(short)] == short


def test_long_jobs_outlast_the_lease() -> None:
    """What is called long is longer than a lease, whatever that is."""
    long = [job for job in islice(plan.jobs(1, 9.0), 300) if job.kind == "long"]
    assert long
    assert all(job.seconds > 9.0 for job in long)
