"""A PDF holds all of a scene as shapes and text that can be selected."""

from __future__ import annotations

import re
import subprocess
import sys
import zlib

import numpy as np
import pytest

from benchmarks.fidelity import from_pdf, text_of
from streamforge.render.paint import paint
from streamforge.render.pdf_text import Said, with_text
from streamforge.render.scene import Group, Scene
from streamforge.render.write_pdf import write_pdf
from tests.unit.render.scenes import WHITE, artworks, everything, photo_jpeg, text


def words_of(pdf: bytes) -> str:
    """The text as it is copied, white space collapsed."""
    return " ".join(text_of(pdf).split())


def test_the_page_shows_the_scene() -> None:
    """Rendered by another program it is the painted picture but for the antialiasing of edges."""
    scene, pictures = everything(), artworks()
    shown, painted = from_pdf(write_pdf(scene, pictures)), paint(scene, pictures)[..., :3].astype(int)
    assert shown.shape == (300, 400, 3)
    assert np.abs(shown - painted).mean() < 2
    for x, y in ((20, 30), (150, 30), (220, 30), (350, 25), (350, 75), (60, 120), (200, 100), (280, 130)):
        assert np.abs(shown[y, x] - painted[y, x]).max() <= 10, (x, y)


@pytest.mark.parametrize("group", [group.id for group in everything().groups])
def test_no_group_is_missing(group: str) -> None:
    """Without it the page looks different: each group is there."""
    scene = everything()
    rest = Scene(width=400, height=300, ground=WHITE, groups=[each for each in scene.groups if each.id != group])
    apart = np.abs(from_pdf(write_pdf(scene, artworks())) - from_pdf(write_pdf(rest, artworks())))
    assert (apart.max(axis=-1) > 32).sum() > 100


def test_text_is_copied_in_reading_order() -> None:
    """Whatever was painted first, the words come out as they are read."""
    scene = everything()
    for groups in (scene.groups, scene.groups[::-1]):
        turned = Scene(width=400, height=300, ground=WHITE, groups=groups)
        assert words_of(write_pdf(turned, artworks())) == "Order now Bread & <butter> for all Baked at four"


def test_fonts_are_embedded_as_fonts() -> None:
    """A variable family becomes a TrueType font of the document, not loose glyph drawings (Type 3)."""
    groups = [
        Group(family, "headline", (text(family, ("Selectable",), (10, 20 + 60 * row), 30, family=family),))
        for row, family in enumerate(("inter", "montserrat", "oswald", "playfair-display"))
    ]
    data = write_pdf(Scene(width=400, height=300, ground=WHITE, groups=groups), {})
    assert b"/Type3" not in data
    assert data.count(b"/CIDFontType2") == 4
    assert words_of(data) == "Selectable Selectable Selectable Selectable"


@pytest.mark.parametrize("family", ["playfair-display", "oswald", "manrope", "archivo", "inter", "poppins"])
def test_ligatures_are_copied_as_their_letters(family: str) -> None:
    """Where a font joins letters to one glyph, the words that are copied still have them all."""
    line = text("t", ("Five offers fit the office",), (10, 40), 24, family=family)
    data = write_pdf(Scene(width=400, height=300, ground=WHITE, groups=[Group("t", "sub", (line,))]), {})
    assert words_of(data) == "Five offers fit the office"


@pytest.mark.parametrize(
    "line",
    [
        "Ring 053-123-456 at 6:00",
        "नीट 2027 की तैयारी अब शुरू करें",
        "สปาไทยริมน้ำ เพียง 690 บาท",
        "全场运动鞋5折起",
        "Ξενοδοχείο Αιγαίο 22850-12345",
        "Курси англійської",
    ],
)
def test_what_is_copied_is_what_is_read(line: str) -> None:
    """Scripts whose letters stack or change places, and hyphens between figures, come out as they were written."""
    item = text("t", (line, "second line"), (10, 40), 14)
    data = write_pdf(Scene(width=400, height=300, ground=WHITE, groups=[Group("t", "sub", (item,))]), {})
    assert words_of(data) == f"{line} second line"


@pytest.mark.parametrize("line", ["عيادة ابتسامة لطب الأسنان", "מאפיית הדגן 04-855-1234"])
def test_lines_from_the_right_say_what_they_read(line: str) -> None:
    """Their text stands in the document in logical order (readers differ in how they turn it round)."""
    item = text("t", (line,), (10, 40), 14)
    data = write_pdf(Scene(width=400, height=300, ground=WHITE, groups=[Group("t", "sub", (item,))]), {})
    assert f"/ActualText <FEFF{line.encode('utf-16-be').hex().upper()}".encode() in page_of(data)


def test_a_document_whose_lines_are_not_found_stays_as_it_is() -> None:
    """Nothing is marked where nothing stands at that place, and what is no document of one page is given back."""
    item = text("t", ("Here",), (10, 40), 14)
    data = write_pdf(Scene(width=400, height=300, ground=WHITE, groups=[Group("t", "sub", (item,))]), {})
    marks = page_of(with_text(data, [Said("Elsewhere", 300.0, 200.0)])).count(b"/ActualText")
    assert marks == page_of(data).count(b"/ActualText") == 1
    assert with_text(b"%PDF-1.4", [Said("Here", 10.0, 40.0)]) == b"%PDF-1.4"


def page_of(pdf: bytes) -> bytes:
    """The operators of the page."""
    packed = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    return b"".join(zlib.decompress(each) for each in packed if each[:1] == b"\x78")


def test_a_jpeg_goes_in_as_it_came() -> None:
    """Not decoded and not compressed again: its bytes stand in the document."""
    data = write_pdf(everything(), artworks())
    jpeg = photo_jpeg()
    assert jpeg[jpeg.index(b"\xff\xda") :] in data


def test_a_document_has_its_title_and_no_date() -> None:
    """Only what the scene and the title say is in it."""
    data = write_pdf(everything(), artworks(), title="Bread")
    assert b"/Title (Bread)" in data
    assert b"Date" not in data


def test_equal_scenes_give_equal_documents() -> None:
    """Another process with another hash seed writes the same bytes."""
    script = (
        "import hashlib\n"
        "from tests.unit.render.test_write_pdf import artworks, everything, write_pdf\n"
        "print(hashlib.sha256(write_pdf(everything(), artworks(), title='t')).hexdigest())\n"
    )
    runs = [
        subprocess.run([sys.executable, "-c", script], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout
