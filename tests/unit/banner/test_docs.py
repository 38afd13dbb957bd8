"""What docs/banner.md shows works, and what it lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from streamforge.cli.main import main
from streamforge.pipelines.banner.canvas import PRESETS
from streamforge.pipelines.banner.design.brief import Designer
from streamforge.pipelines.banner.design.graph import Design, ElementRole, RelationKind
from streamforge.pipelines.banner.design.offline import OfflineDesigner
from streamforge.pipelines.banner.design.strategy import BackgroundStyle, FontId
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from streamforge.render.checks import CHECKS
from streamforge.testing.rehearsal import Rehearsal

PAGE = (Path(__file__).parents[3] / "docs" / "banner.md").read_text(encoding="utf-8")


def json_blocks() -> list[Any]:
    """The page's JSON examples: graph, locks, kit."""
    return [msgspec.json.decode(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


def test_every_check_is_listed() -> None:
    """The table names the checks there are, and no others."""
    table = PAGE[PAGE.index("| check |") :]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(CHECKS)


@pytest.mark.parametrize("kind", [ElementRole, RelationKind, BackgroundStyle])
def test_every_word_of_the_graph_is_listed(kind: object) -> None:
    """Roles, relations and backgrounds, each by its name."""
    assert [word for word in get_args(kind) if f"`{word}`" not in PAGE] == []


def test_every_field_of_a_brief_is_listed() -> None:
    """And every preset; the number of families is right."""
    missing = [name for name in (*BannerSpec.__struct_fields__, *PRESETS) if f"`{name}`" not in PAGE]
    assert missing == []
    assert len(get_args(FontId)) == 18
    assert "Eighteen families" in PAGE


def test_the_examples_have_the_right_form() -> None:
    """Graph, locks and kit are what the types take."""
    graph, locks, kit = json_blocks()
    assert msgspec.convert(graph, Design).designer == "hand"
    assert {lock.element for lock in msgspec.convert(locks, list[Lock])} <= {each["id"] for each in graph["elements"]}
    assert msgspec.convert(kit, BrandKit).name == "Acme"


async def test_the_brief_holds_with_the_locks() -> None:
    """The first brief of the page with the locks beneath it: its set is made, and every check holds on each canvas."""
    asked = re.search(r"--input '(\{.*?\})'", PAGE, re.DOTALL)
    assert asked is not None
    brief = msgspec.convert(msgspec.json.decode(asked[1]) | {"locks": json_blocks()[1], "formats": ["png"]}, BannerSpec)
    result = await Rehearsal(PIPELINE, brief, resources={Designer: OfflineDesigner()}).result()
    assert len(result.banners) == len(PRESETS["google-display"]) + 1
    assert [check for banner in result.banners for check in banner.checks if not check.passed] == []
    assert all(banner.copy["headline"] == "Cold brew, half price" for banner in result.banners)


def test_the_graph_can_be_rendered_by_hand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its locks, on the canvases that the page asks for: every check holds, every file is there."""
    graph, locks, _ = json_blocks()
    (tmp_path / "graph.json").write_bytes(msgspec.json.encode(graph))
    (tmp_path / "locks.json").write_bytes(msgspec.json.encode(locks))
    command = ["banner", "render", str(tmp_path / "graph.json"), "--locks", str(tmp_path / "locks.json")]
    sizes = ["--size", "1200x628", "--size", "300x250", "--format", "png", "--format", "svg"]
    assert main([*command, *sizes, "--out", str(tmp_path / "out")]) == 0
    assert "2 canvases, 0 checks failed" in capsys.readouterr().out
    made = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert made == [f"banner-{size}.{form}" for size in ("1200x628", "300x250") for form in ("png", "svg")]
    assert "Cold brew, half price" in (tmp_path / "out" / "banner-1200x628.svg").read_text(encoding="utf-8")
