"""An SVG holds all of a scene, stays editable, and asks for nothing outside itself."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from msgspec.structs import replace
from PIL import Image

from streamforge.render.scene import Group, Scene, Text
from streamforge.render.write_svg import TextForm, write_svg
from tests.unit.render.scenes import WHITE, artworks, everything, photo_jpeg, text

SVG = "{http://www.w3.org/2000/svg}"
HREF = "{http://www.w3.org/1999/xlink}href"


def written(scene: Scene, form: TextForm = "embedded") -> Element:
    """The scene as SVG, parsed."""
    return fromstring(write_svg(scene, artworks(), text=form))


def of_texts(*texts: Text) -> Scene:
    """A white scene with only these texts."""
    groups = [Group(item.id, "headline", (item,)) for item in texts]
    return Scene(width=400, height=300, ground=WHITE, groups=groups)


def fonts_in(root: Element) -> dict[tuple[str, str], bytes]:
    """The embedded font files by family and weight."""
    style = root.findtext(f"{SVG}defs/{SVG}style") or ""
    found = re.findall(r'font-family:"([^"]+)";font-weight:(\d+);src:url\(data:font/woff;base64,([^)]+)\)', style)
    return {(family, weight): base64.b64decode(data) for family, weight, data in found}


@pytest.mark.parametrize("form", ["embedded", "paths"])
def test_no_item_is_missing(form: TextForm) -> None:
    """Every item of every group is there once, in its group and in its order."""
    scene = everything()
    root = written(scene, form)
    for group in scene.groups:
        found = root.find(f"{SVG}g[@id='{group.id}']")
        assert found is not None
        assert found.get("data-role") == group.role
        kinds = [each.get("data-kind") for each in found]
        assert kinds == [type(item).__name__.lower() for item in group.items]


def test_text_is_text() -> None:
    """Each line is a run of real text on its baseline, in the family and weight of its style."""
    root = written(everything())
    headline = root.find(f"{SVG}g[@id='headline']/{SVG}text")
    assert headline is not None
    lines = [run for run in headline.findall(f"{SVG}tspan") if run.get("y")]
    assert [run.text for run in lines] == ["Bread & <butter>", "for all"]
    expected = next(item for item in everything().texts if item.id == "headline")
    assert [float(run.get("y", "")) for run in lines] == [expected.baseline(0), expected.baseline(1)]
    assert headline.get("font-family", "").startswith("'Inter'")
    assert (headline.get("font-weight"), headline.get("font-size"), headline.get("letter-spacing")) == (
        "700",
        "30",
        "-0.3",
    )
    assert "".join(headline.itertext()) == "Bread & <butter> for all"


def test_lines_are_anchored_where_they_are_aligned() -> None:
    """Typed over, centred text stays centred and right-aligned text keeps its right edge."""
    root = written(everything())
    anchors = {group.get("id"): group.findall(f"{SVG}text") for group in root.findall(f"{SVG}g")}
    assert anchors["cta"][0].get("text-anchor") == "middle"
    assert anchors["sub"][0].get("text-anchor") == "end"
    assert anchors["headline"][0].get("text-anchor") is None


def test_fonts_are_embedded_with_just_the_letters_used() -> None:
    """There is one small font file a family and weight, which any face rule needs no network for."""
    found = fonts_in(written(everything()))
    assert set(found) == {("Inter", "700")}
    assert all(data.startswith(b"wOFF") and len(data) < 20_000 for data in found.values())
    two = of_texts(text("a", ("Bread",), (10, 10), 30), text("b", ("مرحبا",), (10, 90), 30))
    assert ("Noto Sans Arabic", "700") in fonts_in(written(two))


def test_pictures_keep_their_own_bytes() -> None:
    """A plain photograph is embedded as it came, shown in part through a window; a drawn logo stays drawn."""
    root = written(everything())
    images = {group.get("id"): group.findall(f".//{SVG}image") for group in root.findall(f"{SVG}g")}
    hero, logo = images["hero"][0].get(HREF, ""), images["logo"][0].get(HREF, "")
    assert base64.b64decode(hero.removeprefix("data:image/jpeg;base64,")) == photo_jpeg()
    assert b"<svg" in base64.b64decode(logo.removeprefix("data:image/svg+xml;base64,"))
    window = root.find(f"{SVG}g[@id='hero']/{SVG}g/{SVG}svg")
    assert window is not None
    assert (window.get("width"), window.get("height"), window.get("viewBox")) == ("120", "80", "120 0 120 80")


def test_a_viewer_without_filters_still_shows_the_shadow() -> None:
    """The shadow is a filled rectangle of its own; only its softness is the filter's."""
    root = written(everything())
    shadow = root.find(f".//{SVG}rect[@data-kind='shadow']")
    assert shadow is not None
    assert (shadow.get("x"), shadow.get("y"), shadow.get("width")) == ("270", "113", "110")
    assert shadow.get("fill") == "#000000"
    name = shadow.get("filter", "")[5:-1]
    blur = root.find(f"{SVG}defs/{SVG}filter[@id='{name}']/{SVG}feGaussianBlur")
    assert blur is not None
    assert blur.get("stdDeviation") == "4"


def test_every_reference_is_within_the_document() -> None:
    """Nothing is fetched, nothing runs: addresses are data or ids that exist, and there is no script or handler."""
    root = written(everything())
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for each in root.iter():
        assert each.tag.removeprefix(SVG) not in {"script", "foreignObject", "use", "a"}
        for name, value in each.attrib.items():
            assert not name.startswith("on")
            assert not name.endswith("href") or value.startswith("data:image/")
            assert all(target in ids for target in re.findall(r"url\(#([^)]+)\)", value))
    style = root.findtext(f"{SVG}defs/{SVG}style") or ""
    assert all(address.startswith("data:font/woff;base64,") for address in re.findall(r"url\(([^)]{,30})", style))
    assert "@import" not in style


@pytest.mark.parametrize(
    "words",
    ['</text><script>alert("1")</script>', "a]]>&amp;<!--", "nul \x00 bell \x07 \ufffe end", "quote \" and ' it"],
)
def test_hostile_words_stay_words(words: str) -> None:
    """Whatever a line holds, the document is well-formed and says it, without what XML cannot write."""
    scene = of_texts(text("t", (words,), (10, 40), 20))
    root = fromstring(write_svg(scene, {}, title=words))
    said = re.sub("[\x00\x07\ufffe]", "", words)
    shown = root.find(f"{SVG}g/{SVG}text")
    assert shown is not None
    assert "".join(shown.itertext()) == said
    assert root.findtext(f"{SVG}title") == said
    assert not root.findall(f".//{SVG}script")


def test_as_paths_no_font_is_needed() -> None:
    """Outlines take the place of letters within the text's box; the words are still there for who cannot see."""
    scene = everything()
    root = written(scene, "paths")
    assert root.find(f"{SVG}defs/{SVG}style") is None
    assert not root.findall(f".//{SVG}text")
    headline = root.find(f"{SVG}g[@id='headline']/{SVG}g")
    assert headline is not None
    assert headline.get("aria-label") == "Bread & <butter> for all"
    box = next(item.frame for item in scene.texts if item.id == "headline").grown(8)
    for path in headline.findall(f"{SVG}path"):
        numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", re.sub(r"[HV]-?[\d.]+", "", path.get("d", "")))]
        assert len(numbers) > 100
        assert box.x <= min(numbers[0::2])
        assert max(numbers[0::2]) <= box.right


def test_as_paths_a_line_with_emoji_is_a_picture() -> None:
    """Colour glyphs have no outline: their line is embedded as pixels, the others stay paths."""
    scene = of_texts(text("t", ("Party 🎉", "tonight"), (20, 40), 30))
    group = written(scene, "paths").find(f"{SVG}g/{SVG}g")
    assert group is not None
    assert [each.tag.removeprefix(SVG) for each in group] == ["image", "path"]
    data = base64.b64decode(group[0].get(HREF, "").partition(",")[2])
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.mode == "RGBA"
        assert picture.getchannel("A").getbbox() is not None


def test_right_to_left_lines_are_marked() -> None:
    """Arabic is isolated as right-to-left, so that its punctuation falls on the right side in any viewer."""
    root = written(of_texts(text("t", ("خصم 20%!",), (20, 40), 30)))
    run = root.find(f"{SVG}g/{SVG}text/{SVG}tspan")
    assert run is not None
    assert (run.text or "").startswith("\u2067")


def test_the_words_are_described_in_reading_order() -> None:
    """A screen reader hears the copy from top to bottom, whatever lies on what."""
    root = written(replace(everything(), groups=everything().groups[::-1]))
    assert root.findtext(f"{SVG}desc") == "Order now Bread & <butter> for all Baked at four"


def test_equal_scenes_give_equal_documents() -> None:
    """Another process with another hash seed writes the same bytes, in both forms."""
    script = (
        "import hashlib\n"
        "from tests.unit.render.test_write_svg import artworks, everything, write_svg\n"
        "made = [write_svg(everything(), artworks(), text=form) for form in ('embedded', 'paths')]\n"
        "print(hashlib.sha256(b''.join(made)).hexdigest())\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
