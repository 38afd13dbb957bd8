"""Settings: one tree, declared once in ``tree``, loaded in one order, checked as a whole.

    defaults → TOML file → credential files → environment → flags

A later source wins. Every problem in every source is reported at once, each with the name of its source.
The documented example file and ``config show`` are generated from the same tree.
"""

from __future__ import annotations

from streamforge.config.describe import render_example, show
from streamforge.config.loader import load
from streamforge.config.secret import Secret
from streamforge.config.tree import (
    ApiSettings,
    EmbeddedSettings,
    JobsSettings,
    LlmSettings,
    LogsSettings,
    PathsSettings,
    PoolSettings,
    QueueSettings,
    RedisSettings,
    Settings,
    StorageSettings,
    TenantSettings,
    WorkerSettings,
)

__all__ = [
    "ApiSettings",
    "EmbeddedSettings",
    "JobsSettings",
    "LlmSettings",
    "LogsSettings",
    "PathsSettings",
    "PoolSettings",
    "QueueSettings",
    "RedisSettings",
    "Secret",
    "Settings",
    "StorageSettings",
    "TenantSettings",
    "WorkerSettings",
    "load",
    "render_example",
    "show",
]
