"""The gallery: invented briefs of many kinds, counted and laid out on contact sheets."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image

from benchmarks import gallery
from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.words.languages import detect


def test_the_built_in_briefs_are_varied() -> None:
    """Two dozen briefs or more, in ten languages or more, some with logos and some without."""
    briefs = gallery.requests_of(gallery.BRIEFS)
    assert len({name for name, _ in briefs}) == len(briefs) >= 24
    assert len({detect(spec.prompt) for _, spec in briefs}) >= 10
    assert {bool(spec.logo) for _, spec in briefs} == {True, False}


def test_a_brief_is_drawn_and_counted(tmp_path: Path) -> None:
    """A brief's banners are files that pass their checks, and the summary and the sheets show them."""
    for folder in ("banners", "sheets"):
        (tmp_path / folder).mkdir()
    name, spec = gallery.requests_of(gallery.BRIEFS)[2]
    drawn = gallery.draw_set((name, spec, [Canvas(size=Size(300, 250)), Canvas(size=Size(728, 90))], tmp_path))
    report = gallery.summary(drawn)
    assert (report["asked"], report["rendered"], report["all_checks_passed"]) == (2, 2, 2)
    assert report["looks"] == 1
    gallery.write_sheets(drawn, tmp_path)
    sheets = sorted(path.name for path in (tmp_path / "sheets").iterdir())
    assert sheets == [f"brief-{name}-0.png", "size-300x250-0.png", "size-728x90-0.png"]
    with Image.open(tmp_path / "sheets" / "size-728x90-0.png") as sheet:
        assert sheet.size == (748, 110)


def test_a_brief_is_drawn_with_its_kit(tmp_path: Path) -> None:
    """What the kit forbids is never painted, as in a job: with black and white forbidden, neither is in the picture."""
    (tmp_path / "banners").mkdir()
    kit = BrandKit(forbidden=["#000000", "#ffffff"])
    for name, spec in gallery.requests_of(gallery.BRIEFS)[:3]:
        (one,) = gallery.draw_set((name, replace(spec, brand_kit=kit), [Canvas(size=Size(300, 250))], tmp_path))
        with Image.open(tmp_path / "banners" / one.file) as picture:
            seen = {colour for _, colour in picture.convert("RGB").getcolors(picture.width * picture.height) or []}
        assert seen
        assert not seen & {(0, 0, 0), (255, 255, 255)}


def test_what_cannot_be_drawn_is_recorded_not_raised(tmp_path: Path) -> None:
    """A logo that is no picture makes a line of the summary, not the end of the gallery."""
    (tmp_path / "banners").mkdir()
    spec = gallery.requests_of(gallery.BRIEFS)[0][1]
    broken = type(spec)(prompt=spec.prompt, logo="data:image/png;base64,AAAA")
    (one,) = gallery.draw_set(("x", broken, [Canvas(size=Size(300, 250))], tmp_path))
    assert one.error
    assert gallery.summary([one])["rendered"] == 0


def test_neighbours_with_the_same_look_are_counted() -> None:
    """The share of repeats is over neighbouring briefs, not over sizes of one."""
    drawn = [
        gallery.Drawn(brief=str(at), size="300x250", file="f", look=look)
        for at, look in enumerate(("a b c", "a b c", "d e f"))
    ]
    assert gallery.summary(drawn)["repeats_of_neighbours"] == pytest.approx(0.5)
