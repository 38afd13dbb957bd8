"""Signatures that every daemon of an installation makes alike: of login sessions, and of links to files."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64encode
from typing import Any, cast

import msgspec

from streamforge.broker.broker import Broker


class Signer:
    """HMAC-SHA256 with a secret that the installation keeps in Redis, made by whoever needs it first.

    Raises BrokerUnavailable until it has been read once.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._client = cast("Any", broker.client)
        self._key = broker.keys.signing
        self._secret = b""

    async def sign(self, purpose: str, *facts: str | int) -> str:
        """The signature of facts for one purpose, as 43 characters that fit an address and a cookie."""
        blob = msgspec.json.encode([purpose, *facts])
        return urlsafe_b64encode(hmac.digest(await self._read(), blob, hashlib.sha256)).decode().rstrip("=")

    async def is_signed(self, signature: str, purpose: str, *facts: str | int) -> bool:
        """Whether that is the signature of these facts; takes the same time wherever it differs.

        What is no text, as bytes of a header may be, was never signed.
        """
        try:
            given, own = signature.encode(), (await self.sign(purpose, *facts)).encode()
        except UnicodeEncodeError:
            return False
        return hmac.compare_digest(given, own)

    async def _read(self) -> bytes:
        if not self._secret:
            self._secret = await self._broker.call("signing", self._made)
        return self._secret

    async def _made(self) -> bytes:
        await self._client.set(self._key, secrets.token_bytes(32), nx=True)
        return await self._client.get(self._key)
