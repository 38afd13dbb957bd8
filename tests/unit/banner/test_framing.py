"""Where a hero picture and the texts go: by the subject, on every shape of canvas."""

from __future__ import annotations

import pytest

from streamforge.pipelines.banner.canvas import Canvas, canvases_of
from streamforge.pipelines.banner.design.archetypes import layout_of
from streamforge.pipelines.banner.design.brief import HeroFacts
from streamforge.pipelines.banner.design.framing import PANEL, PICTURE, regions_for
from streamforge.pipelines.banner.design.graph import Anchor, Region
from streamforge.pipelines.banner.design.shapes import shape_of
from streamforge.pipelines.banner.layout.spacing import area_of
from streamforge.render.crop import Side, room_beside, shown_of

Subject = tuple[float, float, float, float]
RIGHT: Subject = (0.66, 0.26, 0.84, 0.9)
LEFT: Subject = (0.16, 0.26, 0.34, 0.9)
BELOW: Subject = (0.3, 0.5, 0.7, 0.92)


def hero(subject: Subject, size: tuple[int, int] = (1600, 1000)) -> HeroFacts:
    """A picture whose subject is there."""
    return HeroFacts(width=size[0], height=size[1], colors=["#aabbcc"], luminance=0.5, subject=subject)


def regions(facts: HeroFacts, size: tuple[int, int], picture: tuple[Anchor, int] = ("right", 46)) -> dict[str, Region]:
    """By name."""
    return {region.id: region for region in regions_for(picture, facts, size)}


@pytest.mark.parametrize(("subject", "side"), [(RIGHT, "left"), (LEFT, "right")])
@pytest.mark.parametrize("size", [(1200, 628), (1280, 720), (800, 600), (300, 250), (336, 280)])
def test_text_stands_where_the_subject_is_not(subject: Subject, side: Side, size: tuple[int, int]) -> None:
    """A picture with its subject at one side fills the canvas, and the texts have the other side."""
    found = regions(hero(subject), size)
    assert found[PICTURE].anchor == "full"
    assert found[PANEL].anchor == side
    room = room_beside((1600, 1000), size[0] / size[1], subject)
    assert found[PANEL].share / 100 < room[side]


def test_text_stands_above_a_subject_at_the_foot_of_an_upright_picture() -> None:
    """As a poster has it."""
    found = regions(hero(BELOW, (900, 1600)), (1080, 1920), ("top", 48))
    assert (found[PICTURE].anchor, found[PANEL].anchor) == ("full", "top")


@pytest.mark.parametrize("size", [(1080, 1920), (160, 600), (728, 90), (970, 250)])
def test_a_picture_of_other_proportions_stands_beside_the_text(size: tuple[int, int]) -> None:
    """Of a landscape too little would be left on a column or a strip."""
    found = regions(hero(RIGHT), size)
    assert found[PICTURE].anchor != "full"
    assert found[PICTURE].share + found[PANEL].share == 100


def test_a_subject_in_the_middle_leaves_no_side_to_text() -> None:
    """Text would lie on it."""
    assert regions(hero((0.35, 0.1, 0.65, 0.95)), (1200, 628))[PICTURE].anchor == "right"


def test_a_standing_subject_is_not_put_into_a_flat_strip() -> None:
    """On a square a person stands beside the text, where a strip above it would cut head or legs."""
    found = regions(hero((0.35, 0.05, 0.65, 0.98), (1000, 1000)), (300, 250), ("top", 36))
    assert found[PICTURE].anchor == "right"


@pytest.mark.parametrize("canvas", canvases_of(["bannerrequest13"]), ids=lambda canvas: str(canvas.size))
@pytest.mark.parametrize("subject", [RIGHT, LEFT])
def test_the_subject_fits_into_the_picture_on_every_preset(canvas: Canvas, subject: Subject) -> None:
    """On all 13 sizes the part of the canvas that the picture gets can show nearly all of a figure."""
    size = canvas.size
    layout = layout_of("hero-image", shape_of(size), 0)
    assert layout.picture is not None
    found = regions(hero(subject), (size.width, size.height), layout.picture)
    area = area_of(found[PICTURE], size)
    assert shown_of((1600, 1000), area.width / area.height, subject) > 0.75
