"""Emoji in copy."""

from __future__ import annotations

import pytest

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.offline import design_offline
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.pipelines.banner.words.pictographs import plain, without_pictographs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Big sale 🎉 today", "Big sale today"),
        ("❤️ Love coffee ☕️", "Love coffee"),
        ("Family 👨‍👩‍👧 day 🇩🇪", "Family day"),
        ("20 % off – “now” at Café Zürich, № 5 ™ © 1990", "20 % off – “now” at Café Zürich, № 5 ™ © 1990"),  # noqa: RUF001
        ("  kept  as it is ", "  kept  as it is "),
    ],
)
def test_emoji_go_and_everything_else_stays(text: str, expected: str) -> None:
    """Emoji and what joins them are taken out with their gaps; a text without any is not touched."""
    assert plain(text) == expected


def test_a_design_loses_the_emoji_of_its_brief() -> None:
    """A brief with emoji gives a design whose every text can be set."""
    spec = BannerSpec(prompt="Summer party 🎉 at the 🌊 beach bar: 20% off all drinks 🍹, come by tonight")
    design = without_pictographs(design_offline(spec, Size(1200, 628), None))
    assert design.elements[0].text
    assert not any(character in element.text for element in design.elements for character in "🎉🌊🍹")
