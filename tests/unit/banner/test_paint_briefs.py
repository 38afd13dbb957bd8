"""Real briefs, with their logos, through the offline designer: every one becomes a banner without a fault."""

from __future__ import annotations

import base64

import msgspec
import pytest

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.offline import design_offline
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.picture.artwork import logo_facts
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.spec import BannerSpec
from tests.unit.banner.briefs import ABSENT, BRIEFS, REQUESTS
from tests.unit.banner.orders import order

SIZES = (Size(300, 250), Size(728, 90), Size(1200, 628))
MUST_PASS = {"text_overflow", "text_overlap", "stray_ink", "logo_overlap", "margin", "contrast", "present"}


class Request(msgspec.Struct):
    """A line of requests.jsonl; ``logo`` is a path without its extension."""

    id: int
    prompt: str
    audience: str
    purpose: str
    logo: str


def requests() -> list[Request]:
    """The briefs, or none where they are absent."""
    lines = REQUESTS.read_bytes().splitlines() if REQUESTS.exists() else []
    return [msgspec.json.decode(line, type=Request) for line in lines]


def logo_of(request: Request) -> str:
    """The brief's logo as a data URI: PNG for even ids, SVG for odd ones."""
    extension, media_type = ("svg", "image/svg+xml") if request.id % 2 else ("png", "image/png")
    data = (BRIEFS / f"{request.logo}.{extension}").read_bytes()
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


@pytest.mark.skipif(not requests(), reason=ABSENT)
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_real_briefs_become_sound_banners(size: Size) -> None:
    """All briefs at this size: no overflow, no overlap, no text without contrast, nothing vital missing."""
    faults: list[str] = []
    for request in requests():
        logo = logo_of(request)
        spec = BannerSpec(
            prompt=request.prompt,
            audience=request.audience,
            purpose=request.purpose,
            logo=logo,
            width=size.width,
            height=size.height,
        )
        plan = design_offline(spec, size, logo_facts(logo))
        painted = paint(plan, arrange(plan, order(size, logo)), order(size, logo))
        bad = [check for check in painted.checks if not check.passed and check.check in MUST_PASS]
        faults += [f"{request.id}: {check.check} {check.element} {check.measured}" for check in bad]
    assert faults == []
