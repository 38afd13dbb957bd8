"""How often a caller may ask: so many requests a minute over all daemons, counted in Redis.

The generic cell rate algorithm (ITU-T I.371, annex A): one number for each caller, the time at which its requests will
have been paid off; see ``rate.lua``.
"""

from __future__ import annotations

from typing import Final

from streamforge.api.caller import LOCAL, Caller
from streamforge.broker.broker import Broker
from streamforge.broker.messages import Room
from streamforge.config import ApiSettings

POLICY: Final = "requests"
MINUTE_S: Final = 60


class Rates:
    """The limit that the settings name, for every caller."""

    def __init__(self, broker: Broker, settings: ApiSettings) -> None:
        self._broker = broker
        self._interval_ms = MINUTE_S * 1000 / settings.requests_per_minute
        self._burst = settings.request_burst
        self.policy = f'"{POLICY}";q={settings.requests_per_minute};w={MINUTE_S}'

    async def take(self, caller: Caller) -> Room:
        """Count a request of the caller, if there is room for it. Raises BrokerUnavailable.

        Who comes by a signed link is counted with all others who come by links of that tenant, and with nobody else.
        """
        return await self._broker.take_room(_bucket(caller), self._interval_ms, self._burst)


def _bucket(caller: Caller) -> str:
    if caller.key_id:
        return caller.key_id
    return "local" if caller == LOCAL else f"link:{caller.tenant}"
