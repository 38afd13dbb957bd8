"""Offline designs over real briefs, where the checkout stands beside the shared data."""

from __future__ import annotations

import re

import msgspec
import pytest
from msgspec import Struct

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.offline import design_offline
from streamforge.pipelines.banner.design.settle import problems
from streamforge.pipelines.banner.spec import BannerSpec
from tests.unit.banner.briefs import ABSENT, REQUESTS

SIZES = [
    Size(300, 250), Size(728, 90), Size(160, 600), Size(300, 600), Size(970, 250), Size(320, 100), Size(468, 60),
    Size(250, 250), Size(336, 280), Size(120, 600), Size(970, 90), Size(180, 150), Size(300, 50),
]  # fmt: skip
TO_THE_DESIGNER = re.compile(
    r"\b(?:create a serene|emphasi[sz]es?|encourages?|include|prominently|the ad|image|design)\b", re.IGNORECASE
)


class Brief(Struct):
    """A line of the data set."""

    prompt: str
    audience: str
    purpose: str


@pytest.fixture(scope="module")
def briefs() -> list[Brief]:
    """The real briefs; the test is skipped where they are not at hand."""
    if not REQUESTS.exists():
        pytest.skip(ABSENT)
    return msgspec.json.decode(b"[" + b",".join(REQUESTS.read_bytes().splitlines()) + b"]", type=list[Brief])


def texts(brief: Brief, size: Size) -> dict[str, str]:
    """The copy of a design, by element id; ``Create an elegant living room`` is the brief's own promise."""
    spec = BannerSpec(prompt=brief.prompt, audience=brief.audience, purpose=brief.purpose)
    design = design_offline(spec, size, None)
    assert problems(design.palette) == []
    return {element.id: element.text for element in design.elements}


def test_every_real_brief_keeps_its_facts(briefs: list[Brief]) -> None:
    """Each percentage, address and telephone number of a real brief stands on the large canvas."""
    missing: list[str] = []
    for brief in briefs:
        said = " ".join(texts(brief, Size(1200, 628)).values())
        facts = re.findall(r"\d+%|www\.\S+\.\w+|\d{3}-\d+-\d+", brief.prompt)
        missing += [f"{fact} of {brief.prompt[:40]!r}" for fact in facts if fact not in said]
    assert missing == []


def test_no_real_brief_leaks_its_instructions(briefs: list[Brief]) -> None:
    """Words to the designer stay off the banner."""
    lines = [text for brief in briefs for text in texts(brief, Size(1200, 628)).values()]
    assert [line for line in lines if TO_THE_DESIGNER.search(line)] == []


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_every_real_brief_has_a_design_at_every_size(briefs: list[Brief], size: Size) -> None:
    """All briefs have a headline of a line without a full stop, and a button, at each of the data set's sizes."""
    for brief in briefs:
        copy = texts(brief, size)
        assert 1 <= len(copy["headline"]) <= 60
        assert not copy["headline"].endswith(".")
        assert 1 <= len(copy["cta"].split()) <= 3
