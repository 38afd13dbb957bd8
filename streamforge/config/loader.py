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

from streamforge.config.catalogue import ENV_PREFIX, SETTINGS, sections, suggest, suggest_section
from streamforge.config.check import contradictions
from streamforge.config.secret import Secret
from streamforge.config.tree import Settings, default_data_dir
from streamforge.errors import ConfigError

DEFAULT_FILES = (Path("streamforge.toml"), Path("/etc/streamforge/streamforge.toml"))
KEY_VARIABLE = "ANTHROPIC_API_KEY"


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
    settings = _build(chosen, sources)
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


def _build(chosen: Mapping[str, object], sources: dict[str, str]) -> Settings:
    built: dict[str, object] = {}
    for name, struct in sections().items():
        values = {key.partition(".")[2]: value for key, value in chosen.items() if key.startswith(f"{name}.")}
        built[name] = struct(**values)
    return structs.replace(Settings(), **built, sources=sources)


def _take(given: _Given, chosen: dict[str, object], sources: dict[str, str], rejected: list[_Rejected]) -> None:
    setting = SETTINGS.get(given.key)
    if setting is None:
        message = f"{given.key}: no such setting{suggest(given.key)} (from {given.source})"
        rejected.append(_Rejected(given.key, message))
        return
    if setting.is_derived and given.value == "":
        return
    try:
        chosen[given.key] = setting.parse(given.value, is_text=given.is_text)
    except msgspec.ValidationError:
        got = type(given.value).__name__ if setting.is_secret else repr(given.value)
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
    """The variable other tools read too; anything of our own goes before it."""
    if key := environ.get(KEY_VARIABLE):
        yield _Given("llm.anthropic_api_key", key, f"${KEY_VARIABLE}", is_text=True)


def _from_file(path: Path | None, environ: Mapping[str, str]) -> Iterator[_Given | _Rejected]:
    path = path or (Path(named) if (named := environ.get("STREAMFORGE_CONFIG")) else None)
    path = path or next((candidate for candidate in DEFAULT_FILES if candidate.is_file()), None)
    if path is None:
        return
    for section, table in _read_toml(path).items():
        if section not in sections():
            message = f"{section}: no such section{suggest_section(section)} (from {path})"
            yield _Rejected(section, message)
        elif not isinstance(table, dict):
            yield _Rejected(section, f"{section}: expected a table, got {table!r} (from {path})")
        else:
            for name, value in cast("dict[str, object]", table).items():
                yield _Given(f"{section}.{name}", value, str(path), is_text=False)


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
    for setting in SETTINGS.values():
        files = [Path(directory) / name for name in (setting.key, setting.name)]
        found = next((file for file in files if setting.is_secret and file.is_file()), None)
        if found is not None:
            yield _read_credential(setting.key, found)


def _read_credential(key: str, file: Path) -> _Given | _Rejected:
    try:
        return _Given(key, Secret(file.read_text(encoding="utf-8").strip()), str(file), is_text=False)
    except (OSError, ValueError) as error:
        return _Rejected(key, f"{key}: cannot read the credential {file}: {type(error).__name__}")


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given | _Rejected]:
    near_misses = {setting.variable.replace("__", "_"): setting for setting in SETTINGS.values()}
    for variable, value in sorted(environ.items()):
        rest = variable.removeprefix(ENV_PREFIX)
        if rest == variable:
            continue
        if "__" in rest:
            yield _Given(rest.lower().replace("__", ".", 1), value, f"${variable}", is_text=True)
        elif variable in near_misses:
            meant = near_misses[variable]
            yield _Rejected(meant.key, f"${variable} is not read, did you mean ${meant.variable}?")
