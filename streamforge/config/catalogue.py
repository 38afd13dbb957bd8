"""The settings tree as a flat list of ``section.key`` entries, for loading, documenting and suggesting."""

from __future__ import annotations

import difflib
import math
from pathlib import Path
from typing import Annotated, Literal, cast, get_args, get_origin

import msgspec
from msgspec import Meta, Struct, structs

from streamforge.config.secret import Secret
from streamforge.config.tree import Settings

ENV_PREFIX = "STREAMFORGE_"


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
        return f"{ENV_PREFIX}{self.section}__{self.name}".upper()

    @property
    def base(self) -> object:
        """The type without its annotations."""
        return get_args(self.type)[0] if get_origin(self.type) is Annotated else self.type

    @property
    def is_secret(self) -> bool:
        """Its value must never be shown."""
        return self.base is Secret

    @property
    def is_list(self) -> bool:
        """It takes several values; written with commas in a variable or a flag."""
        return get_origin(self.base) is tuple

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
            return "list of str"
        if self.base is Path or self.is_secret:
            return "str"
        limits = [limit for meta in _metas(self.type) for limit in _limits(meta)]
        return f"{getattr(self.base, '__name__', self.base)}" + (" " + " and ".join(limits) if limits else "")

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


def _metas(annotated: object) -> list[Meta]:
    return [extra for extra in get_args(annotated)[1:] if isinstance(extra, Meta)]


def _limits(meta: Meta) -> list[str]:
    bounds = {">": meta.gt, ">=": meta.ge, "<": meta.lt, "<=": meta.le}
    limits = [f"{sign} {bound:.12g}" for sign, bound in bounds.items() if bound is not None]
    if meta.pattern is not None:
        limits.append(f"like {meta.pattern}")
    return limits + (["that is not empty"] if meta.min_length else [])


def _own_type(wanted: type[object], value: object) -> object:
    if isinstance(value, wanted):
        return value
    if isinstance(value, str) and wanted is Path:
        return Path(value).expanduser().absolute()
    if isinstance(value, str) and wanted is Secret:
        return Secret(value)
    raise msgspec.ValidationError(f"Expected `str`, got `{type(value).__name__}`")


def sections() -> dict[str, type[Struct]]:
    """The sections of the tree, in its order."""
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


SETTINGS = _settings()
"""Every setting by its key, in the tree's order."""


def suggest(key: str) -> str:
    """`` did you mean …?`` for a key that does not exist, or nothing when none is near."""
    name = key.rpartition(".")[2]
    same_name = [known for known in SETTINGS if known.endswith(f".{name}")]
    near = same_name or difflib.get_close_matches(key, SETTINGS, n=1, cutoff=0.7)
    return f", did you mean {near[0]}?" if near else ""


def suggest_section(name: str) -> str:
    """The same for a section; a setting's bare name gives the section it belongs to."""
    near = difflib.get_close_matches(name, sections(), n=1)
    if near:
        return f", did you mean [{near[0]}]?"
    return suggest(name)
