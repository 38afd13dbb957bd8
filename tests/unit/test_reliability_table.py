"""docs/reliability.md names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from chaos.faults import FAULTS
from chaos.scenarios import SCENARIOS

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "reliability.md"
ROW = re.compile(r"^\| (\d+) \|(.*)\|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
CHAOS = re.compile(r"`chaos:([\w-]+)`")

TEXT = PAGE.read_text(encoding="utf-8")
ROWS = {int(number): text for number, text in ROW.findall(TEXT)}


@cache
def names_in(path: str) -> frozenset[str]:
    """The names of the test functions of a file below tests/; none where there is no such file."""
    file = TESTS / path
    if not file.is_file():
        return frozenset()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_the_rows_are_counted() -> None:
    """The table is there, and no row has fallen out of it."""
    assert list(ROWS) == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= 25


@pytest.mark.parametrize("number", ROWS)
def test_each_row_names_tests_that_exist(number: int) -> None:
    """A fault without a test is a promise without a proof, and so is one whose test was renamed."""
    named = TEST.findall(ROWS[number])
    missing = [f"{path}::{name}" for path, name in named if name not in names_in(path)]
    assert named
    assert missing == []


def test_chaos_scenarios_and_faults_exist() -> None:
    """What the page says of the chaos suite is in its tables, and every scenario is told of."""
    named = set(CHAOS.findall(TEXT))
    assert named <= {*SCENARIOS, *FAULTS}
    assert named >= set(SCENARIOS)


def test_every_mention_is_understood() -> None:
    """A test that is named in another spelling would not be looked for."""
    assert TEXT.count("::") == len(TEST.findall(TEXT))
