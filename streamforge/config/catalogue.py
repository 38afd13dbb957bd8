"""The settings tree as a flat list of ``section.key`` entries, for loading, documenting and suggesting.

A setting of a named table has the table's name in between: ``queues.gpu.concurrency``.
"""

from __future__ import annotations

import difflib
import math
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Literal, cast, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, structs

from streamforge.config.json_text import JsonObject
from streamforge.config.secret import Secret
from streamforge.config.tree import Settings

ENV_PREFIX = "STREAMFORGE_"

RELOADABLE = (
    "logs.level",
    "worker.concurrency",
    "worker.tenant_max_running",
    "worker.grace_s",
    "worker.max_attempts",
    "worker.max_crashes",
    "worker.retry_base_s",
    "worker.retry_cap_s",
    "jobs.*timeout*",
    "queues.*",
    "tenants.*",
    "budgets.*",
    "storage.tenant_mb",
)
"""Patterns of the settings that a running daemon can take over; all others need a restart."""


class Setting(Struct, frozen=True):
    """One setting: where it lives, what it takes, what it means."""

    section: str
    name: str
    type: object
    default: object
    is_derived: bool
    """The default depends on the machine, and an empty value asks for it."""

    @property
    def key(self) -> str:
        """``section.name``."""
        return f"{self.section}.{self.name}"

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"{ENV_PREFIX}{self.key.replace('.', '__')}".upper()

    @property
    def base(self) -> object:
        """The type without its annotations."""
        return get_args(self.type)[0] if get_origin(self.type) is Annotated else self.type

    @property
    def is_secret(self) -> bool:
        """Its value must never be shown."""
        return self.base is Secret or (self.is_list and get_args(self.base)[0] is Secret)

    @property
    def is_list(self) -> bool:
        """It takes several values; written with commas in a variable or a flag."""
        return get_origin(self.base) is tuple

    @property
    def is_private(self) -> bool:
        """Its value has no place in an error message."""
        return self.is_secret or self.base is JsonObject

    @property
    def is_required(self) -> bool:
        """It has no default, and nothing stands in for it."""
        return self.default is msgspec.NODEFAULT and not self.inherits

    @property
    def is_reloadable(self) -> bool:
        """A running daemon can take over a new value."""
        return any(fnmatchcase(self.key, pattern) for pattern in RELOADABLE)

    @property
    def inherits(self) -> str:
        """The key of the setting whose value this one has while it is not given; mostly none."""
        return next((meta.extra["inherits"] for meta in _metas(self.type) if meta.extra), "")

    @property
    def example(self) -> object:
        """A value that shows its use, else the default."""
        return next((meta.examples[0] for meta in reversed(_metas(self.type)) if meta.examples), self.default)

    @property
    def description(self) -> str:
        """The sentence written beside it in the tree."""
        found = [meta.description for meta in _metas(self.type) if meta.description]
        return found[-1] if found else ""

    def expected(self) -> str:
        """What it takes, for an error message: ``int >= 1``, ``one of 'a', 'b'``."""
        if get_origin(self.base) is Literal:
            return "one of " + ", ".join(repr(choice) for choice in get_args(self.base))
        if self.is_list:
            return "list of str" if self.is_secret else f"list of {_in_words(get_args(self.base)[0])}"
        if self.base is JsonObject:
            return "a table, or an object as JSON text"
        return "str" if self.base is Path or self.is_secret else _in_words(self.type)

    def parse(self, value: object, *, is_text: bool) -> object:
        """The value in the setting's own type; ``is_text`` for what came as a string and must be read.

        Raises:
            msgspec.ValidationError: the value does not fit.
        """
        if is_text and self.is_list and isinstance(value, str):
            value = [part.strip() for part in value.split(",") if part.strip()]
        parsed: object = msgspec.convert(value, cast("type[object]", self.type), strict=not is_text, dec_hook=_own_type)
        if isinstance(parsed, float) and not math.isfinite(parsed):
            raise msgspec.ValidationError("not a finite number")
        return parsed


def _in_words(annotated: object) -> str:
    base = get_args(annotated)[0] if get_origin(annotated) is Annotated else annotated
    limits = [limit for meta in _metas(annotated) for limit in _limits(meta)]
    return f"{getattr(base, '__name__', base)}" + (" " + " and ".join(limits) if limits else "")


def _metas(annotated: object) -> list[Meta]:
    return [extra for extra in get_args(annotated)[1:] if isinstance(extra, Meta)]


def _limits(meta: Meta) -> list[str]:
    bounds = {">": meta.gt, ">=": meta.ge, "<": meta.lt, "<=": meta.le}
    limits = [f"{sign} {bound:.12g}" for sign, bound in bounds.items() if bound is not None]
    if meta.pattern is not None:
        limits.append(f"like {meta.pattern}")
    limits += [f"of at most {meta.max_length} characters"] if meta.max_length else []
    return limits + (["that is not empty"] if meta.min_length else [])


def _own_type(wanted: type[object], value: object) -> object:
    if isinstance(value, wanted):
        return value
    if wanted is JsonObject:
        return JsonObject.of(value)
    if isinstance(value, str) and wanted is Path:
        return Path(value).expanduser().absolute()
    if isinstance(value, str) and wanted is Secret:
        return Secret(value)
    raise msgspec.ValidationError(f"Expected `str`, got `{type(value).__name__}`")


class Table(Struct, frozen=True):
    """A section that is a map: of tables that the operator names, or of plain values."""

    section: str
    name_type: object
    value_type: object
    description: str
    example: str
    """A name that shows its use."""

    @property
    def struct(self) -> type[Struct] | None:
        """What each named table holds; None where the values are plain."""
        return self.value_type if isinstance(self.value_type, type) and issubclass(self.value_type, Struct) else None

    def settings(self, name: str) -> list[Setting]:
        """The settings under a name."""
        if self.struct is None:
            return [Setting(self.section, name, self.value_type, msgspec.NODEFAULT, is_derived=False)]
        place = f"{self.section}.{name}"
        fields = structs.fields(self.struct)
        return [Setting(place, field.name, field.type, field.default, is_derived=False) for field in fields]

    def name_in(self, key: str) -> str:
        """The name that a key of this section gives; nothing where it gives none."""
        rest = key.removeprefix(f"{self.section}.")
        return rest if self.struct is None else rest.rpartition(".")[0]

    def why_no_name(self, name: str) -> str | None:
        """Why nothing can be called that, None where it can."""
        try:
            msgspec.convert(name, cast("type[object]", self.name_type))
        except msgspec.ValidationError:
            return f"{name[:80]!r} is no name for it, expected {_in_words(self.name_type)}"
        return None


def sections() -> dict[str, type[Struct]]:
    """The sections of the tree that are no maps, in its order."""
    return {
        field.name: field.type
        for field in structs.fields(Settings)
        if isinstance(field.type, type) and issubclass(field.type, Struct)
    }


def _settings() -> dict[str, Setting]:
    found = [
        Setting(section, field.name, field.type, field.default, field.default_factory is not msgspec.NODEFAULT)
        for section, struct in sections().items()
        for field in structs.fields(struct)
    ]
    return {setting.key: setting for setting in found}


def _tables() -> dict[str, Table]:
    found: dict[str, Table] = {}
    for field in structs.fields(Settings):
        if get_origin(field.type) is Annotated:
            held, meta = get_args(field.type)
            name_type, value_type = get_args(held)
            example = next(str(meta.examples[0]) for meta in _metas(name_type) if meta.examples)
            found[field.name] = Table(field.name, name_type, value_type, meta.description, example)
    return found


SETTINGS = _settings()
"""Every setting that is always there, by its key, in the tree's order."""

TABLES = _tables()
"""The sections that are maps, by name."""

ORDER = [field.name for field in structs.fields(Settings) if field.name in sections() or field.name in TABLES]
"""Every section, in the tree's order."""


def table_of(key: str) -> Table | None:
    """The map that a key belongs to."""
    return TABLES.get(key.partition(".")[0])


def find(key: str) -> Setting | None:
    """The setting of that key, in a table too; None where there is none, or the table cannot have that name."""
    table = table_of(key)
    if table is None:
        return SETTINGS.get(key)
    name = table.name_in(key)
    if table.why_no_name(name):
        return None
    return next((setting for setting in table.settings(name) if setting.key == key), None)


def settings_in(settings: Settings) -> list[Setting]:
    """Every setting that these settings have, those in their tables too, in the tree's order."""
    found: list[Setting] = []
    for section in ORDER:
        if section in TABLES:
            names = cast("dict[str, object]", getattr(settings, section))
            found += [setting for name in names for setting in TABLES[section].settings(name)]
        else:
            found += [setting for setting in SETTINGS.values() if setting.section == section]
    return found


def value_of(settings: Settings, setting: Setting) -> object:
    """A setting's value in these settings."""
    section, _, name = setting.section.partition(".")
    held: object = getattr(settings, section)
    if name:
        held = cast("dict[str, object]", held)[name]
    return cast("dict[str, object]", held)[setting.name] if isinstance(held, dict) else getattr(held, setting.name)


def why_unknown(key: str) -> str:
    """What is wrong with a key that ``find`` does not know."""
    table = table_of(key)
    name = table.name_in(key) if table else ""
    why = table.why_no_name(name) if table and name else None
    return why or f"no such setting{suggest(key)}"


def suggest(key: str) -> str:
    """`` did you mean …?`` for a key that does not exist, or nothing when none is near."""
    known = [*SETTINGS, *_meant_in_tables(key)]
    same_name = [other for other in known if other.endswith(f".{key.rpartition('.')[2]}")]
    near = difflib.get_close_matches(key, same_name, n=1, cutoff=0)
    near = near or difflib.get_close_matches(key, known, n=1, cutoff=0.7)
    return f", did you mean {near[0]}?" if near else ""


def _meant_in_tables(key: str) -> list[str]:
    """Every key of a table, under the name that the key gives."""
    name = key.partition(".")[2].rpartition(".")[0] or "<name>"
    return [setting.key for table in TABLES.values() if table.struct for setting in table.settings(name)]


def suggest_section(name: str) -> str:
    """The same for a section; a setting's bare name gives the section it belongs to."""
    near = difflib.get_close_matches(name, ORDER, n=1)
    if near:
        return f", did you mean [{near[0]}]?"
    return suggest(name)
