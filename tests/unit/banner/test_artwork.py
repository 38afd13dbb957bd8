"""The pictures of an order: the logo in the variant that shows, the hero where the design has one."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from PIL import Image, ImageDraw

from streamforge.errors import AssetRejected
from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.design.brief import HeroFacts, LogoFacts
from streamforge.pipelines.banner.design.graph import Element
from streamforge.pipelines.banner.order import Order
from streamforge.pipelines.banner.picture.artwork import hero_facts, hero_of, logo_facts, logo_of
from tests.unit.banner.designs import DARK, LIGHT, design, left_column
from tests.unit.render.pictures import data_uri, encoded, logo_png, svg_uri

NAVY, WHITE = logo_png("#14213d"), logo_png("#ffffff")
CANVAS = Canvas(size=Size(600, 315))
HERO = Element(id="hero", role="hero", priority=2)


def photo_uri(width: int = 300, height: int = 200) -> str:
    """A calm left side; something at the right."""
    picture = Image.new("RGB", (width, height), "#9db4c0")
    ImageDraw.Draw(picture).ellipse((width * 0.66, height * 0.3, width * 0.92, height * 0.7), fill="#c2410c")
    return data_uri(encoded(picture, "JPEG"), "image/jpeg")


def shown(logo: str | None, on_dark: str | None, dark: bool) -> str:
    """The colour of the logo that is taken on a light or a dark ground."""
    plan = replace(left_column(), palette=DARK if dark else LIGHT)
    found = logo_of(Order(canvas=CANVAS, logo=logo, logo_on_dark=on_dark), plan)
    return "none" if found is None else "#" + bytes(found.pixels[20, 50, :3]).hex()


@pytest.mark.parametrize(
    ("logo", "on_dark", "dark", "taken"),
    [
        (NAVY, WHITE, False, "#14213d"),
        (NAVY, WHITE, True, "#ffffff"),
        (NAVY, None, True, "#14213d"),
        (None, WHITE, False, "#ffffff"),
        (None, None, True, "none"),
        (WHITE, NAVY, True, "#ffffff"),  # given the wrong way round: the one that shows
        (WHITE, NAVY, False, "#14213d"),
        (logo_png("#c2410c"), WHITE, False, "#c2410c"),
    ],
)
def test_the_variant_that_suits_the_ground_is_taken(
    logo: str | None,
    on_dark: str | None,
    dark: bool,
    taken: str,
) -> None:
    """The variant meant for the ground, unless it would hardly show and the other does; whichever there is at all."""
    assert shown(logo, on_dark, dark) == taken


def test_pictures_that_the_design_does_not_show_are_not_looked_at() -> None:
    """A design without logo and hero needs neither, even broken ones."""
    plan = design([Element(id="headline", role="headline", text="Bread")], [])
    order = Order(canvas=CANVAS, logo="broken", logo_on_dark="broken", hero="broken")
    assert logo_of(order, plan) is None
    assert hero_of(order, plan) is None


def test_a_broken_picture_is_told_by_its_field() -> None:
    """Each of the three pictures is named as the brief names it."""
    plan = design([Element(id="logo", role="logo"), HERO], [])
    for field in ("logo", "logo_on_dark", "hero"):
        order = Order(canvas=CANVAS, **{field: data_uri(b"no picture")})  # pyright: ignore[reportArgumentType]
        with pytest.raises(AssetRejected) as caught:
            (hero_of if field == "hero" else logo_of)(order, plan)
        assert caught.value.field == field


def test_the_hero_is_decoded_once_for_a_set() -> None:
    """Thirteen canvases with the same picture ask for one decoding; another picture is another one."""
    plan = design([HERO], [])
    order = Order(canvas=CANVAS, hero=photo_uri())
    first = hero_of(order, plan)
    assert first is not None
    assert hero_of(replace(order, hero=photo_uri()), plan) is first
    assert hero_of(replace(order, hero=photo_uri(310)), plan) is not first


def test_facts_come_in_the_designers_terms() -> None:
    """Logo and hero are measured into what a designer is given."""
    assert logo_facts(NAVY) == LogoFacts(width=100, height=40, colors=["#14213d"], luminance=0.0157, transparent=False)
    hero = hero_facts(photo_uri())
    assert isinstance(hero, HeroFacts)
    assert (hero.width, hero.height, hero.calm) == (300, 200, "left")


def test_a_vector_hero_is_refused() -> None:
    """A hero is a photograph; the error says what to give."""
    with pytest.raises(AssetRejected, match="cannot be an SVG") as caught:
        hero_facts(svg_uri("<rect/>"))
    assert caught.value.field == "hero"
