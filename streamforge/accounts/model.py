"""What an API key is: whose it is, what it allows, and how it is written."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from enum import StrEnum
from string import ascii_letters, ascii_lowercase, digits
from typing import Annotated, Final

from msgspec import Meta, Struct

from streamforge.config.limits import LONGEST_S

EVERY_TENANT: Final = "*"
"""The tenant of an operator's key, which sees everybody's."""

KeyTenant = Annotated[
    str,
    Meta(pattern=r"^(?:\*|[A-Za-z0-9][A-Za-z0-9_.@-]{0,63})\Z", description="a tenant's name, or * for every tenant"),
]
Note = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f\ud800-\udfff]*\Z")]
Lifetime = Annotated[
    float, Meta(ge=0, le=LONGEST_S, description="How long it is good, in seconds from now; 0 is for ever.")
]
KeyId = Annotated[str, Meta(pattern=r"^[a-z0-9]{12}\Z", description="twelve of a-z and 0-9")]

_ID_CHARACTERS: Final = ascii_lowercase + digits
_SECRET_CHARACTERS: Final = ascii_letters + digits
_TOKEN: Final = re.compile(r"sf_([a-z0-9]{12})_([A-Za-z0-9]{40})")


class Scope(StrEnum):
    """What a caller may do; ``admin`` includes the other two, ``submit`` includes ``read``."""

    READ = "read"
    SUBMIT = "submit"
    ADMIN = "admin"


class Digest(Struct, frozen=True):
    """The SHA-256 of a key's secret (hex), and until when it is good (ms; 0: as long as the key)."""

    sha256: str
    until_ms: int = 0


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key as it is kept. ``digests`` has the newest secret first; times are ms since 1970, ``expires_ms`` 0 never.

    A secret of 238 random bits cannot be guessed from its SHA-256; a slow hash would only make requests slow.
    """

    id: str
    tenant: str
    scopes: tuple[Scope, ...]
    digests: tuple[Digest, ...]
    created_ms: int
    expires_ms: int = 0
    note: str = ""

    def is_live(self, now_ms: int) -> bool:
        """Whether its time has not run out."""
        return not self.expires_ms or now_ms < self.expires_ms

    def digest_of(self, secret: str, now_ms: int) -> Digest | None:
        """The digest that the secret has, where it is good now. Takes the same time whichever it is not."""
        given = sha256_of(secret)
        found = [digest for digest in self.digests if hmac.compare_digest(digest.sha256, given)]
        good = (digest for digest in found if not digest.until_ms or now_ms < digest.until_ms)
        return next(good, None) if self.is_live(now_ms) else None

    def holds(self, fingerprint: str, now_ms: int) -> bool:
        """Whether a secret of that fingerprint is good now."""
        live = (digest for digest in self.digests if not digest.until_ms or now_ms < digest.until_ms)
        return self.is_live(now_ms) and any(hmac.compare_digest(fingerprint_of(digest), fingerprint) for digest in live)


def new_id() -> str:
    """A key's id."""
    return "".join(secrets.choice(_ID_CHARACTERS) for _ in range(12))


def new_secret() -> str:
    """A key's secret; letters and digits alone, so that a double click selects it."""
    return "".join(secrets.choice(_SECRET_CHARACTERS) for _ in range(40))


def sha256_of(secret: str) -> str:
    """How a secret is kept."""
    return hashlib.sha256(secret.encode()).hexdigest()


def fingerprint_of(digest: Digest) -> str:
    """What names a secret without telling anything of it."""
    return digest.sha256[:16]


def written(key_id: str, secret: str) -> str:
    """The key as its holder sends it."""
    return f"sf_{key_id}_{secret}"


def parts_of(token: str) -> tuple[str, str] | None:
    """Id and secret of a key as it is written; None where it is not one."""
    found = _TOKEN.fullmatch(token)
    return (found[1], found[2]) if found else None
