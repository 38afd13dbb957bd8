"""What a running daemon takes over from settings that were read again."""

from __future__ import annotations

from msgspec import structs

from streamforge.config.catalogue import SETTINGS, settings_in, value_of
from streamforge.config.tree import Settings

_ABSENT = object()
"""Stands for the value of a setting in a table that is not there."""


def changes(old: Settings, new: Settings) -> tuple[list[str], list[str]]:
    """The keys whose values differ: those that a running daemon can apply, and those that need a restart.

    A table that came or went counts with each of its settings.
    """
    before = {setting.key: value_of(old, setting) for setting in settings_in(old)}
    after = {setting.key: value_of(new, setting) for setting in settings_in(new)}
    reloadable = {setting.key: setting.is_reloadable for setting in (*settings_in(new), *settings_in(old))}
    changed = [key for key in reloadable if before.get(key, _ABSENT) != after.get(key, _ABSENT)]
    return [key for key in changed if reloadable[key]], [key for key in changed if not reloadable[key]]


def taken_over(old: Settings, new: Settings) -> Settings:
    """The old settings with what a running daemon can apply of the new ones."""
    values: dict[str, dict[str, object]] = {}
    for setting in SETTINGS.values():
        if setting.is_reloadable:
            values.setdefault(setting.section, {})[setting.name] = value_of(new, setting)
    sections = {name: structs.replace(getattr(old, name), **given) for name, given in values.items()}
    return structs.replace(old, **sections, queues=new.queues, tenants=new.tenants, sources=new.sources)
