"""The typed client of the HTTP interface, with and without an event loop: submit, wait, stream, download."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamforge.client.asynchronous import AsyncClient
    from streamforge.client.blocking import Client
    from streamforge.client.problems import ApiError, JobNotSuccessful, ServerAway, WaitedTooLong
    from streamforge.client.types import (
        Account,
        Circuit,
        Cost,
        Credits,
        Day,
        Delivery,
        Event,
        File,
        IssuedKey,
        Job,
        Key,
        Kind,
        Letter,
        Models,
        Page,
        Queue,
        Reason,
        RefusedKey,
        Submitted,
        Upload,
        Webhook,
        Worker,
    )

__all__ = [
    "Account",
    "ApiError",
    "AsyncClient",
    "Circuit",
    "Client",
    "Cost",
    "Credits",
    "Day",
    "Delivery",
    "Event",
    "File",
    "IssuedKey",
    "Job",
    "JobNotSuccessful",
    "Key",
    "Kind",
    "Letter",
    "Models",
    "Page",
    "Queue",
    "Reason",
    "RefusedKey",
    "ServerAway",
    "Submitted",
    "Upload",
    "WaitedTooLong",
    "Webhook",
    "Worker",
]

_HOMES: Final = {
    "ApiError": "problems",
    "AsyncClient": "asynchronous",
    "Client": "blocking",
    "JobNotSuccessful": "problems",
    "ServerAway": "problems",
    "WaitedTooLong": "problems",
}
"""Where the names are that need httpx2; the others are plain types."""


def __getattr__(name: str) -> object:
    """Import a public name when it is first used: what only reads the types need not wait for httpx2."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'types')}"), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
