"""The pipelines of this process: those that installed packages offer, and those that the settings name.

    [pipelines]
    modules = ["shop.banners:SALE", "shop.banners:NEWS"]

A module is looked for as in any Python program; where nothing of that name is installed, in the directory that the
process was started in. That directory comes last, so that a file in it cannot stand in for an installed module.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from copy import copy
from difflib import get_close_matches
from functools import reduce
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from streamforge.config import Settings
from streamforge.errors import ConfigError
from streamforge.jobs.kinds import Kind, Kinds
from streamforge.runtime.recipe import Pipeline

PIPELINE_GROUP = "streamforge.pipelines"
"""Entry-point group under which packages offer their pipelines."""

SETTING = "pipelines.modules"


def load_pipelines(settings: Settings) -> list[Pipeline[Any]]:
    """Every pipeline that an installed package offers, then those that ``pipelines.modules`` names, each once.

    Adds the current directory to the end of ``sys.path`` where the settings name any, and leaves it there for what
    their modules import later. Raises ConfigError where one cannot be had, or where two have one name.
    """
    found = [(_load(entry, PIPELINE_GROUP), entry.value) for entry in entry_points(group=PIPELINE_GROUP)]
    if settings.pipelines.modules:
        _look_here_too()
    named = [EntryPoint(name=value, value=value, group=SETTING) for value in settings.pipelines.modules]
    found += [(_load(entry, SETTING), entry.value) for entry in named]
    return list(_unique(found).values())


def by_kind(pipelines: Iterable[Pipeline[Any]]) -> dict[str, Pipeline[Any]]:
    """Pipelines by the name of their kind; raises ConfigError where two share one."""
    return _unique((pipeline, "") for pipeline in pipelines)


def kinds_of(pipelines: Iterable[Pipeline[Any]], routes: Mapping[str, str]) -> Kinds:
    """What this process accepts, each kind with the queue that ``routes`` gives it.

    Raises ConfigError for a route of a kind that no pipeline has.
    """
    kinds = {pipeline.kind.name: pipeline.kind for pipeline in pipelines}
    for name in routes:
        if name not in kinds:
            near = get_close_matches(name, kinds, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known kinds: {', '.join(sorted(kinds)) or 'none'}"
            raise ConfigError(f"no pipeline of kind {name!r} is there", field=f"routes.{name}", hint=hint)
    return Kinds(_routed(kind, routes.get(kind.name, kind.queue)) for kind in kinds.values())


def _routed(kind: Kind[Any], queue: str) -> Kind[Any]:
    routed = copy(kind)
    routed.queue = queue
    return routed


def _unique(found: Iterable[tuple[Pipeline[Any], str]]) -> dict[str, Pipeline[Any]]:
    named: dict[str, tuple[Pipeline[Any], str]] = {}
    for pipeline, place in found:
        first, other = named.setdefault(pipeline.kind.name, (pipeline, place))
        if first is not pipeline:
            places = f", {other} and {place}" if place else ""
            raise ConfigError(
                f"two pipelines are called {pipeline.kind.name!r}{places}",
                field=SETTING,
                hint="give one another name, or leave it out",
            )
    return {name: pipeline for name, (pipeline, _) in named.items()}


def _look_here_too() -> None:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.append(here)


def _load(entry: EntryPoint, field: str) -> Pipeline[Any]:
    module = _module(entry, field)
    hint = f"pipelines in {entry.module}: {', '.join(_pipelines_in(module)) or 'none'}"
    try:
        loaded: object = reduce(getattr, entry.attr.split("."), module)
    except AttributeError as error:
        raise ConfigError(f"{entry.value}: {entry.module} has no {entry.attr!r}", field=field, hint=hint) from error
    if not isinstance(loaded, Pipeline):
        raise ConfigError(f"{entry.value} is not a Pipeline but a {type(loaded).__name__}", field=field, hint=hint)
    return cast("Pipeline[Any]", loaded)


def _module(entry: EntryPoint, field: str) -> ModuleType:
    try:
        return import_module(entry.module)
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything while it is imported
        if isinstance(error, ModuleNotFoundError) and f"{entry.module}.".startswith(f"{error.name}."):
            what = f"no module is called {error.name!r}"
            hint = f"install its package, or start in the directory that holds it (this is {Path.cwd()})"
        else:
            what = f"{entry.module} cannot be imported: {type(error).__name__}: {error}"
            hint = "repair it" if field == SETTING else "repair or uninstall the package that offers it"
        raise ConfigError(f"{entry.value}: {what}", field=field, hint=hint) from error


def _pipelines_in(module: ModuleType) -> list[str]:
    return [name for name, value in vars(module).items() if isinstance(value, Pipeline)]
