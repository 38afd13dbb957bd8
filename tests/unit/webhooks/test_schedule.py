"""When deliveries are tried again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streamforge.config import WebhookSettings
from streamforge.webhooks.schedule import next_pause_s

PAUSES = WebhookSettings().retry_pauses_s


@given(st.integers(1, len(PAUSES)), st.floats(0, 1, exclude_max=True))
def test_each_pause_is_its_own_and_a_little(failures: int, share: float) -> None:
    """Whatever the dice say, a pause is the schedule's, or up to a fifth longer."""
    pause_s = next_pause_s(PAUSES, failures, lambda: share)
    assert pause_s is not None
    assert PAUSES[failures - 1] <= pause_s <= PAUSES[failures - 1] * 1.2


def test_pauses_grow_until_it_is_given_up() -> None:
    """The schedule that is documented grows from seconds to a day, over three days, and has an end."""
    assert list(PAUSES) == sorted(PAUSES)
    assert 3 * 86400 < sum(PAUSES) < WebhookSettings().keep_s
    assert next_pause_s(PAUSES, len(PAUSES) + 1, lambda: 0.0) is None


@given(st.floats(0, 1e9))
def test_a_receivers_wish_counts_up_to_a_day(after_s: float) -> None:
    """Retry-After makes a pause longer, never shorter, and never longer than a day."""
    pause_s = next_pause_s(PAUSES, 1, lambda: 0.0, after_s)
    assert pause_s == max(PAUSES[0], min(after_s, 86400.0))
