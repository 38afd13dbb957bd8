"""The typed client of the HTTP interface, with and without an event loop: submit, wait, stream, download."""

from __future__ import annotations

from streamforge.client.asynchronous import AsyncClient
from streamforge.client.blocking import Client
from streamforge.client.problems import ApiError, JobNotSuccessful, ServerAway, WaitedTooLong
from streamforge.client.types import Event, File, Job, Letter, Page, Queue, Reason, Submitted, Worker

__all__ = [
    "ApiError",
    "AsyncClient",
    "Client",
    "Event",
    "File",
    "Job",
    "JobNotSuccessful",
    "Letter",
    "Page",
    "Queue",
    "Reason",
    "ServerAway",
    "Submitted",
    "WaitedTooLong",
    "Worker",
]
