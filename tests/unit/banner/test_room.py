"""Canvases that are too small: the refusal names the side, and a size that will do."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from streamforge.errors import LayoutInfeasible
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.offline import design_offline
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.spec import BannerSpec, Check
from tests.unit.banner.designs import CTA, HEADLINE, SUB, design, ordered
from tests.unit.banner.orders import order

PROMPTS = [
    "a bakery selling rye bread, 20% off",
    "Summer sale at Blue Bean: 30% off all cold brews, order at bluebean.com",
    "Neue Rindfleischetikettierungsüberwachung bei Müller",
    "x" * 700,
]


ROOM = frozenset(
    ["present", "text_overflow", "text_overlap", "cta_overlap", "margin", "off_canvas", "region", "glyphs"]
)
"""The checks on whether there was room; how a canvas of 8192x48 looks is not the question here."""


def make(prompt: str, size: Size) -> list[Check]:
    """The failed checks for want of room of the offline design at that size."""
    spec = BannerSpec(prompt=prompt, width=size.width, height=size.height)
    plan = design_offline(spec, size, None)
    checks = paint(plan, arrange(plan, order(size)), order(size)).checks
    return [check for check in checks if check.check in ROOM and not check.passed]


def named_size(hint: str | None) -> Size:
    """The canvas that a hint tells the caller to use."""
    match = re.search(r"at least (\d+) x (\d+) pixels", hint or "")
    assert match, hint
    return Size(int(match[1]), int(match[2]))


@pytest.mark.parametrize("prompt", PROMPTS, ids=lambda prompt: prompt[:12])
@pytest.mark.parametrize(
    ("size", "field"),
    [(Size(16, 16), "width"), (Size(8192, 16), "height"), (Size(16, 8192), "width"), (Size(30, 20), None)],
    ids=str,
)
def test_a_canvas_without_room_is_refused_by_its_side(prompt: str, size: Size, field: str | None) -> None:
    """The error names width or height, never a region no brief has, and following its hint makes a banner."""
    with pytest.raises(LayoutInfeasible) as caught:
        make(prompt, size)
    assert caught.value.field in ({field} if field else {"width", "height"})
    assert caught.value.conflicts
    assert "region" not in str(caught.value)
    assert make(prompt, named_size(caught.value.hint)) == []


@pytest.mark.parametrize("size", [Size(40, 40), Size(60, 60)], ids=str)
def test_a_headline_is_refused_rather_than_dropped(size: Size) -> None:
    """Where the offer fits and the headline does not, the refusal names the headline and a size that holds both."""
    prompt = PROMPTS[1]
    with pytest.raises(LayoutInfeasible, match="no room for the headline") as caught:
        make(prompt, size)
    assert make(prompt, named_size(caught.value.hint)) == []


def test_a_picture_without_a_message_fails() -> None:
    """An emptied headline is missed although it left no element to miss; an offer can stand for it."""
    elements = [replace(HEADLINE, text=""), SUB, CTA]
    plan, size = design(elements, ordered(elements)), Size(600, 315)
    checks = paint(plan, arrange(plan, order(size)), order(size)).checks
    (absent,) = [check for check in checks if not check.passed]
    assert (absent.check, absent.element) == ("present", "headline")
    assert "words" in absent.fix_hint
    offer = [replace(SUB, id="offer", role="offer", text="2 for 1"), CTA]
    plan = design(offer, ordered(offer))
    assert all(check.passed for check in paint(plan, arrange(plan, order(size)), order(size)).checks)
