"""Every block of the pages for authors does what its page says."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from streamforge import Pipeline, Settings
from streamforge.app import Daemon
from streamforge.cli.main import build_parser
from streamforge.config import PathsSettings, load
from streamforge.errors import PermanentError
from streamforge.testing import Rehearsal

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def page(name: str) -> str:
    """A page for authors; of the README the section on pipelines alone."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return text if name != "README.md" else text.split("\n## Write a pipeline\n")[1].split("\n## ")[0]


def blocks(name: str, language: str) -> list[str]:
    """The blocks of a page in that language."""
    return [text for found, text in BLOCK.findall(page(name)) if found == language]


def imported(name: str, code: str, folder: Path) -> ModuleType:
    """The code as a module of that name, which pool calls and annotations can find."""
    path = folder / f"{name}.py"
    path.write_text(code, encoding="utf-8")
    spec = spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(params=["docs/pipelines.md", "README.md"])
def module(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ModuleType]:
    """A page's blocks, run one after the other."""
    name = f"blocks_of_{Path(request.param).stem}"
    yield imported(name, "\n\n".join(blocks(request.param, "python")), tmp_path)
    del sys.modules[name]


SPECS: dict[str, list[tuple[dict[str, Any], Any]]] = {
    "letter": [({"topic": "spring", "copies": 2}, {"title": "Spring", "bytes": 99})],
    "dictionary": [({"text": "tea"}, "the meaning of tea; the origin of tea")],
    "crawl": [({"urls": ["https://a", "ftp://b"]}, {"lengths": {"https://a": 21}, "failed": ["ftp://b"]})],
    "mailing": [({"topic": "spring"}, "Spring, 99 bytes")],
    "track": [({"number": "7"}, "Monday")],
    "purchase": [({"account": "a-1", "cents": 250}, "receipt 1: a-1 paid 250")],
    "answer": [({"text": "Why?"}, "Why? That depends.")],
    "weather": [({"status": 200}, "fair"), ({"status": 403}, PermanentError)],
    "report": [({"month": "May"}, "The sum is 10.")],
    "song": [({"title": "Tea", "verses": 2}, "Tea, verse 1\nTea, verse 2\n")],
    "poster": [({"text": "tea", "copies": 2}, {"text": "TEA"})],
}
"""For each kind of a page: specs, and what they come to."""


def pipelines_of(module: ModuleType) -> list[Pipeline[Any]]:
    """The pipelines that a page defines."""
    return [value for value in vars(module).values() if isinstance(value, Pipeline)]


async def test_every_pipeline_of_a_page_works(module: ModuleType) -> None:
    """Each is rehearsed to the end that its page leads one to expect; none is left out."""
    found = pipelines_of(module)
    assert found
    for pipeline in found:
        for spec, expected in SPECS[pipeline.kind.name]:
            resources = {module.Choir: module.Choir()} if pipeline.kind.name == "song" else {}
            children = {"letter": {"title": "Spring", "bytes": 99}} if pipeline.kind.name == "mailing" else {}
            rehearsal = Rehearsal(pipeline, spec, resources=resources, children=children)
            if isinstance(expected, type):
                assert isinstance((await rehearsal.run()).cause, expected)
                continue
            result = await rehearsal.result()
            assert (result if isinstance(result, str | dict) else as_plain(result)) == expected


def as_plain(value: Any) -> Any:  # noqa: ANN401 - a Struct
    """A result as JSON would have it."""
    return {name: getattr(value, name) for name in value.__struct_fields__}


async def test_what_the_page_says_of_attempts(module: ModuleType) -> None:
    """A parcel under way is looked for again, a slow thought is cut short, a pause is kept, a purchase is one."""
    if not hasattr(module, "track"):
        return
    tracking = Rehearsal(module.track, module.Parcel("7"))
    await tracking.run()
    assert [end.outcome for end in tracking.attempts] == ["snooze", "snooze", "succeeded"]
    thinking = Rehearsal(module.answer, module.Question("Why?"))
    await thinking.run()
    assert thinking.ran == ["brief"]
    assert (await Rehearsal(module.weather, module.Fetch(429)).attempt()).delay_s == 30
    assert len((await _exhausted(module)).attempts) == 5
    buying = Rehearsal(module.purchase, module.Purchase("a-1", 250))
    await buying.attempt(crash_in="charge")
    await buying.run()
    assert len(module.RECEIPTS) == 1
    old = Rehearsal(module.report, module.Report("May"), checkpoints={"figures": [1]}, version=1)
    assert await old.result() == "The sum is 1."


async def _exhausted(module: ModuleType) -> Rehearsal[Any]:
    rehearsal = Rehearsal(module.weather, module.Fetch(503))
    assert (await rehearsal.run()).reason == "attempts_exhausted"
    return rehearsal


async def test_a_program_of_ones_own_lends_what_it_says(module: ModuleType, tmp_path: Path) -> None:
    """The page's function makes a daemon of its pipelines."""
    if hasattr(module, "daemon"):
        made = module.daemon(Settings(paths=PathsSettings(data_dir=tmp_path)))
        assert isinstance(made, Daemon)
        assert sorted(made.pipelines) == ["letter", "song"]
        await made.broker.close()


def test_the_page_on_testing_is_a_test_file_that_passes(tmp_path: Path) -> None:
    """Run as its readers would run it."""
    code = "\n\n".join(blocks("docs/testing.md", "python"))
    (tmp_path / "test_page.py").write_text(code, encoding="utf-8")
    settings = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = error\n"
    (tmp_path / "pytest.ini").write_text(settings, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=55,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
    assert f"{code.count('async def test_') + 1} passed" in done.stdout


@pytest.mark.parametrize("name", ["docs/pipelines.md", "docs/testing.md", "README.md"])
def test_every_block_is_of_a_language_that_is_checked(name: str) -> None:
    """A block that nobody runs is none of this page."""
    assert {language for language, _ in BLOCK.findall(page(name))} <= {"python", "toml", "console"}


@pytest.mark.parametrize("name", ["docs/pipelines.md", "README.md"])
def test_settings_and_entry_points_are_what_is_read(name: str, tmp_path: Path) -> None:
    """Settings are taken by the daemon; an entry point is under the group that it looks in."""
    for text in blocks(name, "toml"):
        found = tomllib.loads(text)
        if "project" in found:
            assert list(found["project"]["entry-points"]) == ["streamforge.pipelines"]
            continue
        (tmp_path / "streamforge.toml").write_text(text, encoding="utf-8")
        (module,) = load(tmp_path / "streamforge.toml", environ={}).pipelines.modules
        assert module.endswith((":letter", ":poster"))


def test_every_command_is_one() -> None:
    """What a page says to type is understood by the command line."""
    lines = [line for text in blocks("docs/pipelines.md", "console") for line in text.splitlines()]
    assert lines
    for line in lines:
        words = shlex.split(line.removeprefix("$ "), comments=True)
        assert words[0] == "streamforge"
        build_parser().parse_args(words[1:])
