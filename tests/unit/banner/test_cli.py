"""`streamforge banner`: rendering by hand, presets, kits; what is wrong is said with the place and a way out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamforge.cli.main import main
from streamforge.pipelines.banner.canvas import PRESETS

GRAPH: dict[str, Any] = {
    "palette": {
        "ground": "#ffffff",
        "ground_2": "#f0f0f0",
        "ink": "#111111",
        "muted": "#444444",
        "accent": "#0b5cad",
        "on_accent": "#ffffff",
        "decor": "#dddddd",
    },
    "typography": {"display": "inter", "text": "inter"},
    "elements": [
        {"id": "headline", "role": "headline", "text": "Open house on Sunday", "priority": 1},
        {"id": "cta", "role": "cta", "text": "Come in"},
    ],
    "relations": [{"a": "headline", "rel": "above", "b": "cta"}],
}
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40"/></svg>'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with a graph in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "graph.json").write_bytes(msgspec.json.encode(GRAPH))
    return tmp_path


def changed(home: Path, **changes: object) -> str:
    """The graph with other fields; its path."""
    (home / "other.json").write_bytes(msgspec.json.encode({**GRAPH, **changes}))
    return "other.json"


def test_every_format_comes_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rasters at twice the size and within the cap, vectors as they are."""
    forms = ["png", "jpeg", "webp", "avif", "svg", "pdf"]
    options = [word for form in forms for word in ("--format", form)]
    command = ["banner", "render", "graph.json", "--size", "300x250", "--scale", "2", "--max-kb", "60"]
    assert main([*command, *options]) == 0
    made = {path.name: path.stat().st_size for path in (home / "out").iterdir()}
    rasters = [f"banner-300x250@2x.{ending}" for ending in ("avif", "jpg", "png", "webp")]
    assert sorted(made) == ["banner-300x250.pdf", "banner-300x250.svg", *rasters]
    assert max(size for name, size in made.items() if "@2x" in name) <= 60_000
    assert "1 canvases, 0 checks failed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"elements": [{"id": "headline", "role": "title"}]}, "$.design.elements[0].role"),
        ({"relations": [{"a": "headline", "rel": "above", "b": "nobody"}]}, "above(headline, nobody)"),
        ({"palette": {"ground": "white"}}, "$.design.palette"),
        ({"typography": {"display": "comic-sans", "text": "inter"}}, "$.design.typography.display"),
        (
            {"elements": [{"id": "cta", "role": "cta", "text": "Buy"}], "relations": []},
            "nothing in it that a headline could say",
        ),
    ],
)
def test_a_broken_graph_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], said: str
) -> None:
    """Exit code 2, one line that names the field, and no file."""
    assert main(["banner", "render", changed(home, **changes)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (home / "out").exists()


def test_contradictions_are_named(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two relations that exclude each other come back by their names."""
    circle = [*GRAPH["relations"], {"a": "cta", "rel": "above", "b": "headline"}]
    sizes = ["--size", "300x250", "--size", "728x90"]
    assert main(["banner", "render", changed(home, relations=circle), *sizes]) == 1
    said = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in said[:2]] == ["300x250", "728x90"]
    assert all("above(headline, cta)" in line for line in said[:2])


def test_what_is_not_shown_is_said(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A logo without a picture, and what a small canvas has no room for."""
    elements = [
        *GRAPH["elements"],
        {"id": "logo", "role": "logo"},
        {"id": "sub", "role": "sub", "priority": 8, "text": "Coffee, cake, a tour of the workshop and time to talk"},
    ]
    assert main(["banner", "render", changed(home, elements=elements), "--size", "120x60"]) == 0
    said = capsys.readouterr().out
    assert "left out: logo (there is nothing to show)" in said
    assert "left out: sub (" in said


@pytest.mark.parametrize("unknown", ["colour", "elements.0.colour"])
def test_an_unknown_field_is_refused(home: Path, capsys: pytest.CaptureFixture[str], unknown: str) -> None:
    """A misspelt field would be lost in silence."""
    elements = [{**GRAPH["elements"][0], "colour": "red"}, GRAPH["elements"][1]]
    changes = {"colour": "red"} if unknown == "colour" else {"elements": elements}
    assert main(["banner", "render", changed(home, **changes)]) == 2
    assert "unknown field `colour`" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--size", "big"], "--size: 'big' is no size"),
        (["--logo", "none.png"], "logo: cannot read none.png"),
        (["--locks", "graph.json"], "locks"),
    ],
)
def test_options_are_checked(home: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str) -> None:
    """The option is named."""
    assert (home / "graph.json").exists()
    assert main(["banner", "render", "graph.json", *words]) == 2
    assert said in capsys.readouterr().err


def test_presets_and_schema_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every preset; a schema that is JSON and describes the graph."""
    assert main(["banner", "sizes"]) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if not line.startswith(" ")] == list(PRESETS)
    assert main(["banner", "schema"]) == 0
    schema = msgspec.json.decode(capsys.readouterr().out)
    assert "elements" in schema["$defs"]["Design"]["properties"]


def test_a_kit_is_kept_shown_listed_and_forgotten(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its logo is a file beside it; shown without its pictures; gone when deleted."""
    data = ["--set", f"paths.data_dir={home / 'data'}"]
    (home / "logo.svg").write_bytes(LOGO)
    kit = {"name": "Acme", "colors": [{"hex": "#0b5cad", "role": "primary"}], "logos": [{"picture": "logo.svg"}]}
    (home / "kit.json").write_bytes(msgspec.json.encode(kit))
    assert main(["banner", "kit", "put", "acme", "kit.json", *data]) == 0
    assert main(["banner", "kit", "list", *data]) == 0
    assert capsys.readouterr().out.splitlines() == ["kept acme", "acme"]
    assert main(["banner", "kit", "show", "acme", *data]) == 0
    shown = msgspec.json.decode(capsys.readouterr().out)
    assert (shown["name"], shown["logos"][0]["picture"][-11:]) == ("Acme", "characters)")
    assert main(["banner", "kit", "show", "acme", "--tenant", "other", *data]) == 2
    assert main(["banner", "kit", "delete", "acme", *data]) == 0
    assert main(["banner", "kit", "delete", "acme", *data]) == 4


@pytest.mark.parametrize(
    ("kit", "said"),
    [
        ({"colors": [{"hex": "blue"}]}, "colors[0].hex"),
        ({"display_font": "comic-sans"}, "not in the catalogue"),
        ({"colors": [{"hex": "#f00"}], "forbidden": ["#ff0000"]}, "forbids"),
        ({"logos": [{"picture": "missing.png"}]}, "logos[0].picture"),
        ([], "KIT.json"),
    ],
)
def test_a_kit_that_cannot_be_followed_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str], kit: object, said: str
) -> None:
    """Nothing is kept; the field is named."""
    data = ["--set", f"paths.data_dir={home / 'data'}"]
    (home / "kit.json").write_bytes(msgspec.json.encode(kit))
    assert main(["banner", "kit", "put", "acme", "kit.json", *data]) == 2
    assert said in capsys.readouterr().err
    assert main(["banner", "kit", "list", *data]) == 0
    assert capsys.readouterr().out == ""
