"""Settings: one tree, declared once in ``tree``, loaded in one order, checked as a whole.

    defaults → TOML file → credential files → environment → flags

A later source wins, setting by setting, in tables that the operator names (``[queues.gpu]``) too. Every problem in
every source is reported at once, each with the name of its source. The documented example file and ``config show``
are generated from the same tree.
"""

from __future__ import annotations

from streamforge.config.archive import ArchiveSettings
from streamforge.config.describe import render_example, show
from streamforge.config.json_text import JsonObject
from streamforge.config.loader import load
from streamforge.config.models import (
    BudgetSettings,
    ImagesSettings,
    LedgerSettings,
    LlmSettings,
    ModelSettings,
    ProviderSettings,
    SpeechSettings,
)
from streamforge.config.reload import changes, taken_over
from streamforge.config.secret import Secret
from streamforge.config.tables import CronSettings, QueueSettings, TenantSettings
from streamforge.config.tree import (
    BannerSettings,
    EmbeddedSettings,
    JobsSettings,
    LogsSettings,
    PathsSettings,
    PipelinesSettings,
    PoolSettings,
    RedisSettings,
    Settings,
    StorageSettings,
    WorkerSettings,
)
from streamforge.config.web import ApiSettings, WebhookSettings

__all__ = [
    "ApiSettings",
    "ArchiveSettings",
    "BannerSettings",
    "BudgetSettings",
    "CronSettings",
    "EmbeddedSettings",
    "ImagesSettings",
    "JobsSettings",
    "JsonObject",
    "LedgerSettings",
    "LlmSettings",
    "LogsSettings",
    "ModelSettings",
    "PathsSettings",
    "PipelinesSettings",
    "PoolSettings",
    "ProviderSettings",
    "QueueSettings",
    "RedisSettings",
    "Secret",
    "Settings",
    "SpeechSettings",
    "StorageSettings",
    "TenantSettings",
    "WebhookSettings",
    "WorkerSettings",
    "changes",
    "load",
    "render_example",
    "show",
    "taken_over",
]
