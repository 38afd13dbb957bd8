"""What is handed over for a set, and that it is the same each time."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pytest
from PIL import Image

from streamforge.errors import LayoutInfeasible, VerificationFailed
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.deliver import archive, result_of
from streamforge.pipelines.banner.design.brief import Brief, Designer, Edit, Patch
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.layout.arrangement import Arrangement
from streamforge.pipelines.banner.picture.sheet import contact_sheet, crop
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.report import BannerResult, Report
from streamforge.pipelines.banner.spec import BannerSpec, Check, Lock
from streamforge.pipelines.banner.versions import Conflict, Outcome, Version
from streamforge.testing.rehearsal import Rehearsal
from tests.unit.banner.scripted import ScriptedDesigner
from tests.unit.banner.test_pipeline import GLOOMY, GOOD, GREY, LIGHTER

SIZES = ["300x250", "970x250", "160x600"]


def rehearsal(designer: object, **fields: object) -> Rehearsal[BannerSpec]:
    """A job of a set."""
    spec = BannerSpec(**({"prompt": "Rye bread", "sizes": SIZES} | fields))  # pyright: ignore[reportArgumentType]
    return Rehearsal(PIPELINE, spec, resources={Designer: designer})


async def test_a_set_has_a_picture_a_canvas_a_sheet_and_an_archive() -> None:
    """In the order asked for; the archive has every picture, the graph and the report, byte for byte."""
    job = rehearsal(ScriptedDesigner(GOOD), formats=["png", "jpeg"])
    result: BannerResult = await job.result()
    files = await job.files()
    assert [str(banner.size) for banner in result.banners] == SIZES
    assert [file.name for file in result.files][:2] == ["banner-300x250.png", "banner-300x250.jpg"]
    assert result.names == sorted(files)
    with zipfile.ZipFile(io.BytesIO(files["banners.zip"])) as packed:
        inside = {name: packed.read(name) for name in packed.namelist()}
    assert inside == {name: data for name, data in files.items() if name not in {"banners.zip", "contact-sheet.png"}}
    assert len(inside) == 8
    with Image.open(io.BytesIO(files["contact-sheet.png"])) as sheet:
        assert sheet.width == 1280
    assert all(banner.checks and banner.copy and banner.metrics is not None for banner in result.banners)


async def test_equal_jobs_leave_equal_bytes() -> None:
    """Archive, sheet, report and pictures of two jobs of one brief."""
    first, second = (rehearsal(ScriptedDesigner(GLOOMY, LIGHTER), locks=[GREY]) for _ in range(2))
    assert await first.result() == await second.result()
    assert await first.files() == await second.files()


async def test_vectors_alone_have_a_sheet_too() -> None:
    """It is painted for the sheet only: no raster is delivered that nobody asked for."""
    job = rehearsal(ScriptedDesigner(GOOD), sizes=SIZES[:2], formats=["svg"])
    await job.result()
    files = await job.files()
    assert sorted(name for name in files if name.endswith(".png")) == ["contact-sheet.png"]
    assert "banner-970x250.svg" in files


async def test_only_canvases_that_a_patch_changes_are_made_again() -> None:
    """A patch of the short text changes small canvases: the large one is taken over, with the first version's file."""
    short = Patch(edits=[Edit(element="headline", short="Bread")])
    lock = Lock(element="sub", size="970x250", ink=GREY.ink)
    job = rehearsal(ScriptedDesigner(GLOOMY, short, LIGHTER), locks=[lock], rounds=1)
    end = await job.run()
    assert end.outcome == "failed"
    files = await job.files()
    report = msgspec.json.decode(files["report.json"], type=Report)
    again = [name for name in job.ran if name.startswith("paint-2[")]
    assert 0 < len(again) < len(SIZES)
    assert "paint-2[970x250]" not in again
    taken = next(each for each in report.rounds[1].banners if str(each.size) == "970x250")
    assert taken.files[0].name == "v1-banner-970x250.png"
    assert taken.files[0].name in files


async def test_the_winners_graph_can_be_given_back() -> None:
    """``graph.json`` is the mended design, whole and readable."""
    job = rehearsal(ScriptedDesigner(GLOOMY, LIGHTER), locks=[GREY])
    await job.result()
    graph = msgspec.json.decode((await job.files())["graph.json"], type=Design)
    assert graph.palette != GLOOMY.palette
    assert [element.id for element in graph.elements] == [element.id for element in GLOOMY.elements]


def picture(width: int, height: int) -> bytes:
    """A PNG of red."""
    out = io.BytesIO()
    Image.new("RGB", (width, height), "#c00").save(out, "PNG")
    return out.getvalue()


def test_a_sheet_shows_every_picture_and_enlarges_none() -> None:
    """Wide, tall and tiny ones: the red of each is there, at most as large as it was."""
    sizes = [(970, 90), (120, 600), (88, 31), (1080, 1920)]
    sheet = contact_sheet([(f"{width}x{height}", picture(width, height)) for width, height in sizes])
    with Image.open(io.BytesIO(sheet)) as image:
        red = sum(count for count, colour in image.getcolors(1 << 24) or [] if colour == (204, 0, 0))
    shown = [min(1.0, 592 / width, 480 / height) for width, height in sizes]
    expected = sum(round(w * scale) * round(h * scale) for (w, h), scale in zip(sizes, shown, strict=True))
    assert abs(red - expected) < 0.02 * expected


def test_a_crop_is_measured_on_the_canvas() -> None:
    """Of a picture exported at twice its canvas the same part is cut."""
    for scale in (1, 2):
        with Image.open(io.BytesIO(crop(picture(100 * scale, 50 * scale), (10, 10, 60, 40), 100))) as part:
            assert part.size == (50 * scale, 30 * scale)


def test_an_archive_knows_no_time() -> None:
    """Two archives of equal files are equal bytes, and nothing in them is compressed."""
    files = {"a.png": b"a" * 1000, "b.json": b"{}"}
    assert archive(files) == archive(dict(files))
    with zipfile.ZipFile(io.BytesIO(archive(files))) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert all(entry.compress_size == entry.file_size for entry in packed.infolist())


def outcome(size: Size, *checks: Check, conflict: Conflict | None = None) -> Outcome:
    """A canvas with these checks, or with nothing on it."""
    layout = None if conflict else Arrangement(size=size, margin=8, solver="optimal", placements=[])
    return Outcome(size=size, digest="d", layout=layout, checks=list(checks), conflict=conflict)


SMALL = Check("type_size", "offer", 7, 8, passed=False, unit="px", fix_hint="fewer words")
BREAD = Brief(spec=BannerSpec(prompt="rye bread"), size=Size(300, 250), kit=BrandKit())
ABSENT = Check("present", "headline", 0, 1, passed=False, unit="elements", fix_hint="a larger canvas")
CRAMPED = Conflict(message="no room", names=("size(headline)",), field="width", hint="at least 88 wide")


def test_what_is_missing_altogether_is_said_first() -> None:
    """Among failed checks the absent headline gives field and hint: smaller faults follow from it."""
    with pytest.raises(VerificationFailed) as caught:
        result_of([Version(number=1, design=GOOD, outcomes=[outcome(Size(300, 250), SMALL, ABSENT)])], [], BREAD)
    assert (caught.value.field, caught.value.hint) == ("headline", "a larger canvas")
    assert caught.value.message.startswith(
        "2 of 2 checks failed, first 300x250 type_size(offer): measured 7 px, limit 8 px"
    )
    assert len(caught.value.violations) == 2


def test_a_canvas_without_a_picture_is_graver_than_a_failed_check() -> None:
    """Where others have theirs, the error tells how many have none, and what that canvas would need."""
    outcomes = [outcome(Size(300, 250), SMALL), outcome(Size(32, 32), conflict=CRAMPED)]
    with pytest.raises(VerificationFailed) as caught:
        result_of([Version(number=1, design=GOOD, outcomes=outcomes)], [], BREAD)
    assert (caught.value.field, caught.value.hint) == ("width", "at least 88 wide")
    assert caught.value.message.startswith("nothing could be laid out on 1 of 2 canvases and 1 of 1 checks failed")


def test_where_nothing_has_a_picture_the_layouts_own_error_is_told() -> None:
    """With a line for each canvas of each version."""
    with pytest.raises(LayoutInfeasible, match="no room") as caught:
        result_of(
            [Version(number=n, design=GOOD, outcomes=[outcome(Size(32, 32), conflict=CRAMPED)]) for n in (1, 2)],
            [],
            BREAD,
        )
    assert caught.value.field == "width"
    assert [line[:8] for line in caught.value.conflicts] == ["v1 32x32", "v2 32x32"]
