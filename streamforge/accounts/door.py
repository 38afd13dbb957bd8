"""What must hold before this daemon listens where others can reach it."""

from __future__ import annotations

import anyio

from streamforge.accounts.keys import ApiKeys
from streamforge.config import ApiSettings
from streamforge.config.check import is_loopback
from streamforge.errors import ConfigError
from streamforge.ops.logs import get_logger
from streamforge.ops.service import Service

log = get_logger(__name__)


class Door(Service):
    """Refuses to start where strangers could call and there is no key to tell them apart by; then only waits."""

    name = "door"

    def __init__(self, keys: ApiKeys, settings: ApiSettings) -> None:
        self._keys = keys
        self._settings = settings
        self._stopping = anyio.Event()

    async def start(self) -> None:
        """Look for a key. Raises ConfigError where there is none and the address is not loopback.

        And where none is asked for, and pages of every origin may call.
        """
        if self._settings.auth == "auto" and is_loopback(self._settings.host):
            if "*" in self._settings.cors_origins:
                raise ConfigError(
                    "without API keys every page that a browser here opens could read everything",
                    field="api.cors_origins",
                    hint='name the origins, or ask for keys with api.auth = "always"',
                )
            return
        if await self._keys.has_live():
            return
        if not is_loopback(self._settings.host):
            raise ConfigError(
                f"{self._settings.host} can be reached from elsewhere, and there is no API key yet",
                field="api.host",
                hint="make one first, `streamforge keys create --admin`, or listen on 127.0.0.1",
            )
        log.warning("no_api_keys", hint="nobody can call: `streamforge keys create --admin` makes a key")

    async def run(self) -> None:
        """Wait for ``stop``."""
        await self._stopping.wait()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
