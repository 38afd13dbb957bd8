"""What every command takes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from streamforge.cli.main import build_parser, main

NOT_READ = {"demo", "run", "record-exit", "completion", "config example", "models serve-fake"}
"""Commands that answer with files, for ever, for a shell or with a text."""

ELSEWHERE = {
    *("submit", "jobs", "status", "watch", "cancel", "retry", "dead", "queues", "workers", "top", "drain"),
    *("keys", "kinds", "banner kit", "models health", "models spent", "models credit"),
}


def commands(parser: argparse.ArgumentParser, words: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command that can be run."""
    inner = [
        cast("dict[str, argparse.ArgumentParser]", action.choices)  # pyright: ignore[reportUnknownMemberType]
        for action in parser._actions  # pyright: ignore[reportPrivateUsage]
        if isinstance(action.choices, dict)
    ]
    for name, child in (pair for choices in inner for pair in choices.items()):
        yield from commands(child, f"{words} {name}".strip())
    if not inner:
        yield words, parser


ALL = dict(commands(build_parser()))


def takes(words: str, option: str) -> bool:
    """Whether the command has the option."""
    return option in ALL[words]._option_string_actions  # pyright: ignore[reportPrivateUsage]


@pytest.mark.parametrize("words", sorted(ALL.keys() - NOT_READ))
def test_what_a_program_may_read_is_json_where_it_asks_for_it(words: str) -> None:
    """Every command that answers something has ``--json``."""
    assert takes(words, "--json")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:  # noqa: ANN401 - JSON
    """What a command that needs no server says."""
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_needs_no_server_is_told_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Kinds, settings, models and banners' sizes."""
    here = f"paths.data_dir={tmp_path}"
    assert told(capsys, "kinds")[0]["kind"] == "banner"
    assert "BannerSpec" in told(capsys, "kinds", "banner")["$defs"]
    assert told(capsys, "models", "list")["chains"]["llm"]
    assert told(capsys, "config", "check", "--set", here) == {"usable": True}
    shown = told(capsys, "config", "show", "--set", here)["paths.data_dir"]
    assert shown == {"value": str(tmp_path), "source": "flag paths.data_dir"}
    assert "$ref" in told(capsys, "banner", "schema")
    assert "size" in told(capsys, "banner", "sizes")["social"][0]
    assert told(capsys, "banner", "kit", "list", "--set", here) == []


@pytest.mark.parametrize(
    "words", [words for words in ALL if f"{words} ".startswith(tuple(f"{name} " for name in ELSEWHERE))]
)
def test_what_is_of_jobs_and_keys_is_of_any_server(words: str) -> None:
    """Every command about jobs, workers, keys, kits and money has ``--url``."""
    assert takes(words, "--url")
