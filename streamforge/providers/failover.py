"""Which errors of a model lead to the next one of a chain.

raised by a model              what follows
-----------------------------  -------------------------------------------------------------------
ProviderUnavailable            the next one; a failure for the circuit
StepTimeout                    the next one, in the time that is left; a failure for the circuit
KeyRefused                     the next one
RateLimited                    raised (the limiter parks the job); the next one where configured
ContentRefused                 raised; the next one where configured
ProviderRefused, ConfigError   raised: it is our request, or a setting, that must be mended
anything else                  raised
"""

from __future__ import annotations

from msgspec import Struct

from streamforge.errors import ProviderUnavailable, RateLimited, StepTimeout, StreamForgeError
from streamforge.providers.refusals import ContentRefused, KeyRefused


class MovesOn(Struct, frozen=True, kw_only=True):
    """The table above, with its two choices."""

    rate_limits: bool = False
    refusals: bool = False

    def __call__(self, error: StreamForgeError) -> bool:
        """Whether the next one is asked."""
        if isinstance(error, RateLimited):
            return self.rate_limits
        if isinstance(error, ContentRefused):
            return self.refusals
        return isinstance(error, (ProviderUnavailable, StepTimeout, KeyRefused))
