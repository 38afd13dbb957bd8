"""Which errors lead to the next model of a chain."""

from __future__ import annotations

import pytest

from streamforge.errors import (
    ConfigError,
    PermanentError,
    ProviderRefused,
    ProviderUnavailable,
    RateLimited,
    Snooze,
    StepTimeout,
    StreamForgeError,
)
from streamforge.providers.failover import MovesOn
from streamforge.providers.refusals import ContentRefused, KeyRefused


@pytest.mark.parametrize("error", [ProviderUnavailable("x"), StepTimeout("x"), KeyRefused("x")])
def test_the_next_model_is_asked_where_one_cannot(error: StreamForgeError) -> None:
    """Trouble of the provider, a timeout and a refused key lead on."""
    assert MovesOn()(error)


@pytest.mark.parametrize(
    "error",
    [ProviderRefused("x"), ContentRefused("x"), RateLimited("x"), ConfigError("x"), PermanentError("x"), Snooze("x")],
)
def test_what_another_model_would_not_mend_is_raised(error: StreamForgeError) -> None:
    """Bad requests, refused content, pauses and settings are not hidden by asking somebody else."""
    assert not MovesOn()(error)


@pytest.mark.parametrize(
    ("error", "moves_on"),
    [(ContentRefused("x"), MovesOn(refusals=True)), (RateLimited("x"), MovesOn(rate_limits=True))],
)
def test_refusals_and_pauses_lead_on_where_configured(error: StreamForgeError, moves_on: MovesOn) -> None:
    """Each of the two choices does what it says."""
    assert moves_on(error)
