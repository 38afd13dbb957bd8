"""The keys of one provider. A key leaves the process towards its provider alone; everybody else sees a fingerprint."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from streamforge.config.secret import Secret
from streamforge.errors import ConfigError
from streamforge.traffic.model import Candidate, Limits

KEYLESS = "keyless"
"""Stands for the key where a provider asks for none: limits still need a name."""

_LABEL = b"streamforge-key"


def fingerprint(key: str) -> str:
    """Eight hex digits that tell keys apart and give nothing of them away (BLAKE2b, personalised; RFC 7693)."""
    return hashlib.blake2b(key.encode(), digest_size=4, person=_LABEL).hexdigest()


class KeyPool:
    """A provider's keys, each with the same limits. Another list of keys is another pool.

    Raises ConfigError where two different keys look alike.
    """

    def __init__(self, provider: str, secrets: Sequence[Secret] = (), limits: Limits | None = None) -> None:
        self.provider = provider
        self._keys = _by_fingerprint(provider, secrets) or {KEYLESS: ""}
        self.candidates = tuple(Candidate(name, limits or Limits()) for name in self._keys)

    def reveal(self, name: str) -> str:
        """The key of that fingerprint, to be sent to the provider and kept nowhere; KeyError for another pool's."""
        return self._keys[name]

    def with_limits(self, limits: Limits) -> tuple[Candidate, ...]:
        """The keys with a model's own limits."""
        return tuple(Candidate(name, limits) for name in self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"KeyPool({self.provider!r}, {', '.join(self._keys)})"


def _by_fingerprint(provider: str, secrets: Sequence[Secret]) -> dict[str, str]:
    found: dict[str, str] = {}
    for secret in secrets:
        key = secret.reveal().strip()
        if not key:
            raise ConfigError("an empty key", field=f"{provider}.keys", hint="remove it, or fill it in")
        if found.setdefault(fingerprint(key), key) != key:
            raise ConfigError("two keys have one fingerprint", field=f"{provider}.keys", hint="leave one of them out")
    return found
