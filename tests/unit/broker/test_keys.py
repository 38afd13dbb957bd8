"""Key names: the same in Python and in Lua, and under one hash tag."""

from __future__ import annotations

import pytest

from streamforge.broker.keys import Keys
from streamforge.jobs.model import Priority


@pytest.mark.parametrize("shard", [0, 7])
def test_a_shards_keys_share_a_hash_tag(shard: int) -> None:
    """Every key that a script touches has the shard as its tag, so a cluster keeps them together."""
    keys = Keys("p", shard)
    names = [keys.feed, keys.dead, keys.scheduled, keys.queue("q", Priority.LOW), keys.idempotency("t", "k")]
    names += [make("x") for make in (keys.job, keys.steps, keys.files, keys.log)]
    assert {name.partition("}")[0] for name in names} == {f"p:{{{shard}"}
    assert len(set(names)) == len(names)


def test_idempotency_keys_cannot_meet() -> None:
    """No tenant's key is another tenant's: a tenant's name holds no colon."""
    keys = Keys("p")
    assert keys.idempotency("a", "b:c") != keys.idempotency("b", "c")
