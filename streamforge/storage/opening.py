"""The stores that ``storage.url`` may name."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, MemoryStore, ObjectStore, S3Store, from_url

from streamforge.config import Secret
from streamforge.errors import ConfigError
from streamforge.storage.failures import first_line

BUCKETS: Final = (S3Store, GCSStore, AzureStore)
_REMOTE_SCHEMES: Final = ("s3", "gs", "az")
_CLIENT: Final = frozenset(
    {
        "allow_http",
        "allow_invalid_certificates",
        "connect_timeout",
        "http1_only",
        "http2_keep_alive_interval",
        "http2_keep_alive_timeout",
        "http2_keep_alive_while_idle",
        "http2_only",
        "pool_idle_timeout",
        "pool_max_idle_per_host",
        "proxy_ca_certificate",
        "proxy_excludes",
        "proxy_url",
        "randomize_addresses",
        "read_timeout",
        "root_certificate",
        "timeout",
        "user_agent",
    }
)
"""The options of obstore's HTTP client, as against those of a provider."""


def open_store(url: str, data_dir: Path, options: Sequence[Secret] = ()) -> ObjectStore:
    """The store of that URL; see ``Objects.open``. Raises ConfigError, without any option's value in it."""
    scheme = urlsplit(url).scheme if "://" in url else ""
    settings = _read(options)
    try:
        if scheme == "memory":
            return MemoryStore()
        if scheme in _REMOTE_SCHEMES:
            return _bucket(url, settings)
        if scheme in {"", "file"}:
            path = unquote(urlsplit(url).path) if scheme else url
            return _directory(Path(path).expanduser() if path else data_dir)
    except (BaseError, OSError, ValueError) as error:
        field = "storage.url" if url else "paths.data_dir"
        raise ConfigError(f"cannot use {url or data_dir}: {_without(settings, error)}", field=field) from None
    raise ConfigError(f"{scheme}:// is not a kind of object store", field="storage.url")


def _read(options: Sequence[Secret]) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, option in enumerate(options, 1):
        name, equals, value = option.reveal().partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"option {number} is not of the form name=value", field="storage.options")
        found[name.strip().lower()] = value.strip()
    return found


def _without(settings: dict[str, str], error: Exception) -> str:
    text = first_line(error)
    for value in filter(None, settings.values()):
        text = text.replace(value, "…")
    return text


def _directory(root: Path) -> ObjectStore:
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(root.absolute())


def _bucket(url: str, settings: dict[str, str]) -> ObjectStore:
    """Any client option switches off those of the environment, so ``AWS_ALLOW_HTTP`` is carried over."""
    given: dict[str, Any] = {name: value for name, value in settings.items() if name in _CLIENT}
    if given and "AWS_ALLOW_HTTP" in os.environ:
        given.setdefault("allow_http", os.environ["AWS_ALLOW_HTTP"])
    config: Any = {name: value for name, value in settings.items() if name not in _CLIENT}
    client: Any = given or None
    retry: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=20)}
    return from_url(url, config=config or None, client_options=client, retry_config=retry)
