"""Where pipelines come from, and what is said when one cannot be had."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamforge import registry
from streamforge.config import PipelinesSettings, Settings
from streamforge.errors import ConfigError, UnknownKind
from streamforge.registry import by_kind, kinds_of, load_pipelines
from streamforge.runtime.recipe import Pipeline

SHOP = """
import msgspec
from streamforge.runtime.recipe import Pipeline

class Spec(msgspec.Struct):
    text: str = ''

async def make(ctx, spec):
    return spec.text

SALE = Pipeline("sale", Spec, make)
NEWS = Pipeline("news", Spec, make, queue="slow")
TWIN = Pipeline("banner", Spec, make)

class Nested:
    SALE = SALE

NUMBER = 5
"""


class Spec(msgspec.Struct):
    """An input."""


async def recipe(_ctx: object, _spec: Spec) -> None:
    """A recipe."""


SALE, NEWS = Pipeline("sale", Spec, recipe), Pipeline("news", Spec, recipe, queue="slow")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory with a package ``shop``, where this process seems to have been started."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "banners.py").write_text(SHOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]


def load(*modules: str) -> list[Pipeline[Any]]:
    """What these modules and the installed packages offer."""
    return load_pipelines(Settings(pipelines=PipelinesSettings(modules=modules)))


def refused(*modules: str) -> str:
    """The message of the ConfigError that these modules must raise."""
    with pytest.raises(ConfigError) as caught:
        load(*modules)
    return str(caught.value)


def names(pipelines: list[Pipeline[Any]]) -> list[str]:
    """Their kinds."""
    return [pipeline.kind.name for pipeline in pipelines]


def test_installed_pipelines_are_there() -> None:
    """Without any setting the entry points are loaded, and the search path is left alone."""
    path = list(sys.path)
    assert "banner" in names(load())
    assert sys.path == path


@pytest.mark.usefixtures("project")
def test_pipelines_of_the_current_directory_are_found() -> None:
    """``module:attr`` names one in the directory that the process was started in; an attribute may have a path."""
    assert names(load("shop.banners:SALE", "shop.banners:NEWS"))[-2:] == ["sale", "news"]
    assert names(load("shop.banners:Nested.SALE"))[-1] == "sale"


def test_an_installed_module_comes_before_a_file_of_its_name(project: Path) -> None:
    """A file here cannot stand in for a module that the program itself imports later."""
    (project / "colorsys.py").write_text(SHOP, encoding="utf-8")
    assert "colorsys has no 'SALE'" in refused("colorsys:SALE")
    assert sys.path[-1] == str(project)


@pytest.mark.usefixtures("project")
def test_a_pipeline_that_is_named_twice_is_one() -> None:
    """A package that is installed may also be named in the settings."""
    found = names(load("shop.banners:SALE", "shop.banners:SALE", "streamforge.pipelines.banner.pipeline:PIPELINE"))
    assert (found.count("sale"), found.count("banner")) == (1, 1)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("shop.baners:SALE", "no module is called 'shop.baners' (install its package, or start in the directory"),
        ("shopp.banners:SALE", "no module is called 'shopp'"),
        ("shop.banners:SAIL", "shop.banners has no 'SAIL' (pipelines in shop.banners: SALE, NEWS, TWIN)"),
        ("shop.banners:NUMBER", "shop.banners:NUMBER is not a Pipeline but a int (pipelines in"),
        ("shop.banners:Spec", "is not a Pipeline but a StructMeta"),
        ("shop:SALE", "shop has no 'SALE' (pipelines in shop: none)"),
    ],
)
def test_a_pipeline_that_is_not_there_is_told(module: str, told: str) -> None:
    """The setting, what was looked for, and what there is instead."""
    said = refused(module)
    assert said.startswith("pipelines.modules: ")
    assert told in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("1 / 0", "broken cannot be imported: ZeroDivisionError: division by zero (repair it)"),
        ("import nowhere_at_all", "broken cannot be imported: ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def", "broken cannot be imported: SyntaxError"),
        ("raise SystemExit(3)", "broken cannot be imported: SystemExit: 3"),
    ],
)
def test_a_module_that_fails_is_told(project: Path, text: str, told: str) -> None:
    """Whatever its import raises is one clear error, with the module's name; a missing dependency is not the module."""
    (project / "broken.py").write_text(text, encoding="utf-8")
    assert told in refused("broken:X")


def test_two_pipelines_of_one_name_are_refused(project: Path) -> None:
    """Both places are named; which one would win is nobody's guess."""
    said = refused("shop.banners:TWIN")
    assert (
        "two pipelines are called 'banner', streamforge.pipelines.banner.pipeline:PIPELINE and shop.banners:TWIN"
        in said
    )
    (project / "other.py").write_text(SHOP, encoding="utf-8")
    assert "'sale', shop.banners:SALE and other:SALE" in refused("shop.banners:SALE", "other:SALE")
    with pytest.raises(ConfigError, match="two pipelines are called 'sale'"):
        by_kind([SALE, Pipeline("sale", Spec, recipe)])


def test_a_package_that_fails_is_told_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed pipeline that cannot be imported names its group and value."""
    entry = EntryPoint(name="x", value="nowhere.at.all:X", group=registry.PIPELINE_GROUP)

    def one(*, group: str) -> list[EntryPoint]:
        assert group == registry.PIPELINE_GROUP
        return [entry]

    monkeypatch.setattr(registry, "entry_points", one)
    assert refused().startswith("streamforge.pipelines: nowhere.at.all:X: no module is called 'nowhere'")


def test_pipelines_are_found_by_their_kind() -> None:
    """Each under the name that jobs carry."""
    assert by_kind([SALE, NEWS]) == {"sale": SALE, "news": NEWS}


def test_a_route_gives_a_kind_its_queue() -> None:
    """A routed kind's jobs go there, others where their pipeline says; the pipeline itself is left as it was."""
    kinds = kinds_of([SALE, NEWS], {"sale": "gpu"})
    assert (kinds["sale"].queue, kinds["news"].queue, SALE.kind.queue) == ("gpu", "slow", "default")
    assert kinds["sale"].normalise(b"{}") == b"{}"
    with pytest.raises(UnknownKind):
        _ = kinds["other"]


def test_a_route_of_an_unknown_kind_is_refused() -> None:
    """The setting is named, with the kind that was meant, or those that there are."""
    with pytest.raises(ConfigError) as caught:
        kinds_of([SALE, NEWS], {"sail": "gpu"})
    assert str(caught.value) == "routes.sail: no pipeline of kind 'sail' is there (did you mean 'sale'?)"
    with pytest.raises(ConfigError, match="known kinds: news, sale"):
        kinds_of([SALE, NEWS], {"xyz": "gpu"})
    with pytest.raises(ConfigError, match="known kinds: none"):
        kinds_of([], {"xyz": "gpu"})


def test_a_started_program_finds_what_lies_beside_it(project: Path) -> None:
    """A process that is started in a project's directory by a program installed elsewhere loads its pipelines."""
    (project / "streamforge.toml").write_text('[pipelines]\nmodules = ["shop.banners:SALE"]\n', encoding="utf-8")
    code = (
        "import sys; sys.path.remove('')\n"
        "from streamforge.config import load; from streamforge.registry import load_pipelines\n"
        "print([p.kind.name for p in load_pipelines(load())])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=project, timeout=50
    )
    assert "'sale'" in done.stdout
