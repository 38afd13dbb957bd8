"""The recipe's own decisions: what is refused, what is reported."""

from __future__ import annotations

from typing import cast

import pytest
from msgspec.structs import replace

from streamforge.errors import InvalidInput, VerificationFailed
from streamforge.pipelines.banner.design.designer import OfflineDesigner
from streamforge.pipelines.banner.design.offline import design_offline
from streamforge.pipelines.banner.layout.arrange import arrange
from streamforge.pipelines.banner.picture.produce import paint
from streamforge.pipelines.banner.pipeline import report, require_headline, require_verified, write_design
from streamforge.pipelines.banner.spec import BannerSpec, Check
from streamforge.runtime.context import Context
from tests.unit.banner.designs import CTA, HEADLINE, SUB, design, ordered
from tests.unit.banner.orders import order

BREAD = "a bakery selling rye bread, 20% off"


class Lending:
    """A context that lends the offline designer and nothing else."""

    def use(self, _kind: object) -> OfflineDesigner:
        """The designer."""
        return OfflineDesigner()


@pytest.mark.parametrize("prompt", ["🔥🔥🔥", "...", "🎉 !!! 🎉", "\u2014\u2013"])
async def test_a_prompt_that_says_nothing_is_refused(prompt: str) -> None:
    """Emoji or punctuation alone would make an empty banner: the prompt is named, with what to do."""
    spec = BannerSpec(prompt=prompt, width=300, height=250)
    with pytest.raises(InvalidInput) as caught:
        await write_design(cast("Context", Lending()), spec, None)
    assert caught.value.field == "prompt"
    assert caught.value.hint


async def test_a_brand_is_enough_to_say() -> None:
    """Emoji with a brand's name make a banner of the name."""
    spec = BannerSpec(prompt="🔥🔥🔥", brand_name="Kornblume", width=300, height=250)
    written = await write_design(cast("Context", Lending()), spec, None)
    assert "Kornblume" in {element.text for element in written.elements}


def test_only_vital_text_counts_as_a_headline() -> None:
    """A button and a line below do not stand in for an empty headline, whoever designed it."""
    elements = [replace(HEADLINE, text=""), SUB, CTA]
    with pytest.raises(InvalidInput):
        require_headline(design(elements, ordered(elements)))
    whole = design([HEADLINE, CTA], ordered([HEADLINE, CTA]))
    assert require_headline(whole) is whole


def test_the_report_copies_what_is_on_the_picture() -> None:
    """On 88x31 the button is left out, so it is among the dropped and not in the copy."""
    spec = BannerSpec(prompt=BREAD, width=88, height=31)
    plan = design_offline(spec, spec.size, None)
    layout = arrange(plan, order(spec.size))
    result = report(plan, layout, paint(plan, layout, order(spec.size)))
    assert "cta" in result.dropped
    assert result.copy == {"headline": "Rye Bread"}
    assert not result.copy.keys() & set(result.dropped)


def test_what_is_missing_altogether_is_said_first() -> None:
    """Among failed checks the absent headline gives the hint: smaller faults follow from it."""
    small = Check("type_size", "offer", 7, 8, passed=False, unit="px", fix_hint="fewer words")
    absent = Check("present", "headline", 0, 1, passed=False, unit="elements", fix_hint="a larger canvas")
    with pytest.raises(VerificationFailed) as caught:
        require_verified([small, absent])
    assert (caught.value.field, caught.value.hint) == ("headline", "a larger canvas")
    assert len(caught.value.violations) == 2
