"""What a provider is reached with: its key and its address, checked before the first call."""

from __future__ import annotations

from yarl import URL

from streamforge.errors import ConfigError
from streamforge.providers.refusals import KeyMalformed


def checked_key(key: str, field: str, hint: str) -> str:
    """The key without the white space around it. Raises ConfigError for none, KeyMalformed if no header carries it."""
    stripped = key.strip()
    if not stripped:
        raise ConfigError("no API key", field=field, hint=hint)
    if not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise KeyMalformed("the API key has a character that no key has", field=field, hint="copy it again")
    return stripped


def checked_base(base_url: str, field: str) -> str:
    """The address without a trailing ``/`` or ``/v1``. Raises ConfigError for what is no http address."""
    base = base_url.strip().rstrip("/").removesuffix("/v1").rstrip("/")
    try:
        url = URL(base)
        is_usable = url.scheme in {"http", "https"} and bool(url.host) and url.user is None
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ConfigError(
            "it is no address, or one with a user name in it", field=field, hint="https://host, or http://host"
        )
    return base
