"""How much a call will use, before it is made: the better the guess, the more calls fit under the limits."""

from __future__ import annotations

import math

from streamforge.traffic.model import Estimate

_LEARN = 1 / 8
_DEVIATE = 1 / 4
_MARGIN = 2.0
BYTES_PER_TOKEN = 3.0
"""Fewer than any current tokenizer needs for plain English; other scripts have more bytes a letter."""


class Estimator:
    """Learns what calls for one purpose write: their mean and two mean deviations (the smoothing of RFC 6298).

    One per model and purpose (a step's name, say), in each process. The first call is taken for ``at_most``.
    """

    def __init__(self) -> None:
        self._mean = self._deviation = math.nan

    def guess(self, prompt_bytes: int, at_most: int) -> Estimate:
        """For a prompt of that length and an answer of ``at_most`` tokens."""
        likely = self._mean + _MARGIN * self._deviation
        output = at_most if math.isnan(likely) else min(at_most, math.ceil(likely))
        return Estimate(math.ceil(prompt_bytes / BYTES_PER_TOKEN), output)

    def learn(self, output_tokens: int) -> None:
        """A call wrote that many tokens."""
        if math.isnan(self._mean):
            self._mean, self._deviation = float(output_tokens), output_tokens / 2
            return
        off = output_tokens - self._mean
        self._deviation += (abs(off) - self._deviation) * _DEVIATE
        self._mean += off * _LEARN
