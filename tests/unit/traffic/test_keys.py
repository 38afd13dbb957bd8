"""Keys and their fingerprints."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.config.secret import Secret
from streamforge.errors import ConfigError
from streamforge.traffic import keys
from streamforge.traffic.keys import KEYLESS, KeyPool, fingerprint
from streamforge.traffic.model import Limits

KEY = "sk-ant-planted-0123456789"


@given(st.text(min_size=12, max_size=100))
def test_a_fingerprint_is_short_and_stable(key: str) -> None:
    """Eight hex digits, the same each time; that of a changed key is another."""
    assert re.fullmatch(r"[0-9a-f]{8}", fingerprint(key))
    assert fingerprint(key) == fingerprint(key) != fingerprint(key + "x")


def test_fingerprints_do_not_change_over_versions() -> None:
    """Workers of two versions on one Redis mean the same key."""
    assert fingerprint(KEY) == "04732349"


def test_a_pool_gives_a_key_by_its_fingerprint_alone() -> None:
    """The same key twice is one candidate; spaces around it, as files have them, are not part of it."""
    pool = KeyPool("acme", [Secret(KEY), Secret(f"{KEY}\n"), Secret("another-key-9876543210")], Limits(requests=5))
    assert len(pool) == 2
    assert [pool.reveal(one.fingerprint) for one in pool.candidates] == [KEY, "another-key-9876543210"]
    assert pool.with_limits(Limits(requests=7))[0].limits.requests == 7
    with pytest.raises(KeyError):
        pool.reveal("00000000")


def test_a_pool_shows_no_key() -> None:
    """Neither its text nor its candidates'."""
    pool = KeyPool("acme", [Secret(KEY)])
    assert KEY not in repr(pool) + str(pool) + repr(pool.candidates)
    assert fingerprint(KEY) in repr(pool)


def test_a_provider_without_keys_has_limits_too() -> None:
    """A local server's calls are counted under a name that stands for no key."""
    pool = KeyPool("local", [], Limits(concurrent=1))
    (only,) = pool.candidates
    assert (only.fingerprint, pool.reveal(only.fingerprint)) == (KEYLESS, "")


def test_an_empty_key_is_a_mistake() -> None:
    """It says which provider's."""
    with pytest.raises(ConfigError, match=r"acme\.keys"):
        KeyPool("acme", [Secret("  ")])


def test_two_keys_that_look_alike_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their limits would be taken for one another's."""

    def same(_: str) -> str:
        return "00000000"

    monkeypatch.setattr(keys, "fingerprint", same)
    with pytest.raises(ConfigError, match="one fingerprint"):
        KeyPool("acme", [Secret("first-key"), Secret("second-key")])
