"""Reads every source of settings, in order, and reports every problem at once."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple, cast

import msgspec
from msgspec import structs

from streamforge.config.catalogue import (
    ENV_PREFIX,
    SETTINGS,
    TABLES,
    Setting,
    Table,
    find,
    sections,
    suggest,
    suggest_section,
    why_unknown,
)
from streamforge.config.check import contradictions
from streamforge.config.secret import Secret
from streamforge.config.tree import Settings, default_data_dir
from streamforge.errors import ConfigError

DEFAULT_FILES = (Path("streamforge.toml"), Path("/etc/streamforge/streamforge.toml"))
KEY_VARIABLES = {"ANTHROPIC_API_KEY": "providers.anthropic.keys", "OPENAI_API_KEY": "providers.openai.keys"}


class _Given(NamedTuple):
    key: str
    value: object
    source: str
    is_text: bool


class _Rejected(NamedTuple):
    key: str
    message: str


def load(
    path: Path | None = None,
    environ: Mapping[str, str] = os.environ,
    flags: Mapping[str, object] = MappingProxyType({}),
) -> Settings:
    """Read the settings: defaults → TOML → credential files → environment → flags.

    Without ``path`` the file is ``$STREAMFORGE_CONFIG``, else the first of ``DEFAULT_FILES`` that exists, or
    none. ``flags`` maps ``section.key`` to text or to a value; None means not given. Commas separate a list.

    Raises:
        ConfigError: the message holds every problem found, one a line.
    """
    chosen: dict[str, object] = {}
    sources: dict[str, str] = {}
    rejected: list[_Rejected] = []
    for entry in _entries(path, environ, flags):
        if isinstance(entry, _Rejected):
            rejected.append(entry)
        else:
            _take(entry, chosen, sources, rejected)
    chosen.setdefault("paths.data_dir", default_data_dir(environ).expanduser().absolute())
    settings = _build(chosen, sources, rejected)
    failed = {problem.key for problem in rejected}
    problems = [problem.message for problem in rejected] + contradictions(settings, failed)
    if problems:
        raise ConfigError(listed(problems))
    return settings


def listed(problems: list[str]) -> str:
    """The problems as one message, one a line."""
    if len(problems) == 1:
        return problems[0]
    return f"{len(problems)} problems in the settings:\n" + "\n".join(f"  - {problem}" for problem in problems)


def _build(chosen: Mapping[str, object], sources: dict[str, str], rejected: list[_Rejected]) -> Settings:
    built: dict[str, object] = {}
    for name, struct in sections().items():
        values = {key.partition(".")[2]: value for key, value in chosen.items() if key.startswith(f"{name}.")}
        built[name] = struct(**values)
    for table in TABLES.values():
        built[table.section] = dict(_build_tables(table, chosen, sources, rejected))
    return structs.replace(Settings(), **built, sources=sources)


def _build_tables(
    table: Table, chosen: Mapping[str, object], sources: Mapping[str, str], rejected: list[_Rejected]
) -> Iterator[tuple[str, object]]:
    """Each named table that is whole; what it lacks is rejected."""
    failed = {problem.key for problem in rejected}
    keys = [key for key in (*chosen, *failed) if key.startswith(f"{table.section}.") and find(key)]
    for name in dict.fromkeys(table.name_in(key) for key in keys):
        settings = table.settings(name)
        values = {setting.name: _value(setting, chosen) for setting in settings}
        missing = [setting.key for setting in settings if values[setting.name] is msgspec.NODEFAULT]
        origin = next((f" (from {sources[setting.key]})" for setting in settings if setting.key in sources), "")
        rejected += [_Rejected(key, f"{key}: missing{origin}") for key in missing if key not in failed]
        if not missing:
            yield name, table.struct(**values) if table.struct else values[name]


def _value(setting: Setting, chosen: Mapping[str, object]) -> object:
    if setting.key in chosen or not setting.inherits:
        return chosen.get(setting.key, setting.default)
    return chosen.get(setting.inherits, SETTINGS[setting.inherits].default)


def _take(given: _Given, chosen: dict[str, object], sources: dict[str, str], rejected: list[_Rejected]) -> None:
    setting = find(given.key)
    if setting is None:
        message = f"{given.key}: {why_unknown(given.key)} (from {given.source})"
        rejected.append(_Rejected(given.key, message))
        return
    if setting.is_derived and given.value == "":
        return
    try:
        chosen[given.key] = setting.parse(given.value, is_text=given.is_text)
    except msgspec.ValidationError:
        got = type(given.value).__name__ if setting.is_private else repr(given.value)
        message = f"{given.key}: expected {setting.expected()}, got {got} (from {given.source})"
        rejected.append(_Rejected(given.key, message))
    else:
        sources[given.key] = given.source


def _entries(
    path: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Iterator[_Given | _Rejected]:
    yield from _conventional(environ)
    yield from _from_file(path, environ)
    yield from _from_credentials(environ)
    yield from _from_environment(environ)
    for key, value in flags.items():
        if value is not None:
            yield _Given(key, value, f"flag {key}", isinstance(value, str))


def _conventional(environ: Mapping[str, str]) -> Iterator[_Given]:
    """The variables other tools read too; anything of our own goes before them."""
    for variable, key in KEY_VARIABLES.items():
        if value := environ.get(variable):
            yield _Given(key, value, f"${variable}", is_text=True)


def _from_file(path: Path | None, environ: Mapping[str, str]) -> Iterator[_Given | _Rejected]:
    path = path or (Path(named) if (named := environ.get("STREAMFORGE_CONFIG")) else None)
    path = path or next((candidate for candidate in DEFAULT_FILES if candidate.is_file()), None)
    if path is None:
        return
    for section, table in _read_toml(path).items():
        if section not in sections() and section not in TABLES:
            message = f"{section}: no such section{suggest_section(section)} (from {path})"
            yield _Rejected(section, message)
        elif not isinstance(table, dict):
            yield _Rejected(section, f"{section}: expected a table, got {table!r} (from {path})")
        else:
            yield from _from_section(section, cast("dict[str, object]", table), str(path))


def _from_section(section: str, held: Mapping[str, object], source: str) -> Iterator[_Given | _Rejected]:
    for name, value in held.items():
        key = f"{section}.{name}"
        if section not in TABLES or TABLES[section].struct is None:
            yield _Given(key, value, source, is_text=False)
        elif isinstance(value, dict) and value:
            fields = cast("dict[str, object]", value).items()
            yield from (_Given(f"{key}.{field}", inner, source, is_text=False) for field, inner in fields)
        else:
            why = "the table is empty" if value == {} else f"expected a table, got {value!r}{suggest(key)}"
            yield _Rejected(key, f"{key}: {why} (from {source})")


def _read_toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"cannot read the settings file {path}: {error.strerror}") from error
    except ValueError as error:  # bad TOML and bad UTF-8 both
        raise ConfigError(f"{path} is not valid TOML: {error}") from error


def _from_credentials(environ: Mapping[str, str]) -> Iterator[_Given | _Rejected]:
    """Files that systemd's ``LoadCredential=`` put there, named ``section.key`` or ``key``."""
    directory = environ.get("CREDENTIALS_DIRECTORY")
    if not directory:
        return
    files = [file for file in sorted(Path(directory).glob("*")) if file.is_file()]
    plain = {setting.name: setting for setting in SETTINGS.values() if setting.is_secret}
    for file in sorted(files, key=lambda file: "." in file.name):  # the longer name goes before the shorter
        setting = find(file.name) if "." in file.name else plain.get(file.name)
        if setting is not None and setting.is_secret:
            yield _read_credential(setting, file)


def _read_credential(setting: Setting, file: Path) -> _Given | _Rejected:
    """A file of several keys has one a line."""
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        return _Rejected(setting.key, f"{setting.key}: cannot read the credential {file}: {type(error).__name__}")
    value = [Secret(line) for line in text.split()] if setting.is_list else Secret(text)
    return _Given(setting.key, value, str(file), is_text=False)


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given | _Rejected]:
    near_misses = {setting.variable.replace("__", "_"): setting for setting in SETTINGS.values()}
    for variable, value in sorted(environ.items()):
        rest = variable.removeprefix(ENV_PREFIX)
        if rest == variable:
            continue
        meant = near_misses.get(variable) or _meant_in_table(rest.lower())
        if "__" in rest:
            yield _Given(_key(rest.lower()), value, f"${variable}", is_text=True)
        elif meant:
            yield _Rejected(meant.key, f"${variable} is not read, did you mean ${meant.variable}?")


def _key(name: str) -> str:
    """The key that a variable's name stands for: ``queues__gpu__concurrency`` → ``queues.gpu.concurrency``."""
    section, _, rest = name.partition("__")
    if section in TABLES and TABLES[section].struct:
        rest = ".".join(part for part in rest.rpartition("__")[::2] if part)
    return f"{section}.{rest}"


def _meant_in_table(name: str) -> Setting | None:
    """The setting of a table that was meant by a name with single underscores, such as ``queues_gpu_concurrency``."""
    section, _, rest = name.partition("_")
    if section not in TABLES:
        return None
    table = TABLES[section]
    if table.struct is None:
        return find(f"{section}.{rest}")
    ending = next((field.name for field in table.settings("") if rest.endswith(f"_{field.name}")), "")
    return find(f"{section}.{rest.removesuffix(f'_{ending}')}.{ending}")
