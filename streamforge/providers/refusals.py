"""Refusals that a chain of models, or a pool of keys, must tell from a bad request of ours."""

from __future__ import annotations

from streamforge.errors import ConfigError, ProviderRefused


class KeyRefused(ProviderRefused):
    """The provider does not accept the key, or the account behind it has no money left."""


class KeyMalformed(ConfigError):
    """The key has a character that no key has."""


class ContentRefused(ProviderRefused):
    """The provider does not want this content; another one may."""
