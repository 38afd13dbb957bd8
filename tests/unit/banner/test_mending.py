"""Mending by rule: each violation has its remedy, none is tried twice, locks are left alone."""

from __future__ import annotations

from msgspec.structs import replace

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Attempt, Brief, Edit, Patch, Violation
from streamforge.pipelines.banner.design.graph import Element
from streamforge.pipelines.banner.design.mending import mended
from streamforge.pipelines.banner.design.offline import graph_for, strategy_for
from streamforge.pipelines.banner.kit import BrandKit
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from tests.unit.banner.designs import CTA, HEADLINE, SUB, design, ordered, soft


def brief_of(*locks: Lock) -> Brief:
    """A brief."""
    return Brief(spec=BannerSpec(prompt="rye bread, 20% off", locks=[*locks]), size=Size(300, 250), kit=BrandKit())


def failed(check: str, element: str, hint: str = "") -> list[Attempt]:
    """A first attempt with one violation."""
    return [
        Attempt(
            version=1, patch=None, violations=[Violation(size="300x250", check=check, element=element, fix_hint=hint)]
        )
    ]


def test_overlong_copy_takes_its_short_form_then_is_cut() -> None:
    """First the short text that the graph has, then a cut at a clause."""
    short = Element(id="sub", role="sub", text="Baked at four, on your table by seven", short="Baked at four")
    plan = design([HEADLINE, short, CTA], ordered([HEADLINE, short, CTA]))
    assert mended(brief_of(), plan, failed("present", "sub")).edits[0].text == "Baked at four"
    plan = design([HEADLINE, SUB, CTA], ordered([HEADLINE, SUB, CTA]))
    cut = mended(brief_of(), plan, failed("overflow", "sub")).edits[0].text
    assert cut
    assert SUB.text.startswith(cut)
    assert len(cut) < len(SUB.text)


def test_what_cannot_be_shortened_goes_by_priority() -> None:
    """A violation that names nothing to shorten takes out the least important element, never headline or logo."""
    plan = design([HEADLINE, CTA, SUB], ordered([HEADLINE, CTA, SUB]))
    assert mended(brief_of(), plan, failed("logo_size", "logo")).edits == [Edit(element="sub", text="")]


def test_a_heavy_file_costs_no_words() -> None:
    """All that makes it lighter is a plain ground; with one already, nothing does."""
    plan = replace(design([HEADLINE, CTA, SUB], ordered([HEADLINE, CTA, SUB])), background="glow")
    patch = mended(brief_of(), plan, failed("weight", "banner-300x250.png"))
    assert (patch.background, patch.edits) == ("solid", [])
    plain = mended(brief_of(), replace(plan, background="solid"), failed("weight", "banner-300x250.png"))
    assert plain == Patch(rationale=plain.rationale)


def test_low_contrast_changes_the_look_and_never_twice_in_the_same_way() -> None:
    """Each further round proposes colours that no earlier patch has."""
    brief = brief_of()
    plan = graph_for(brief, strategy_for(brief))
    history = failed("contrast", "headline")
    seen: list[tuple[str | None, str | None, str | None]] = []
    for version in range(2, 6):
        patch = mended(brief, plan, history)
        seen.append((patch.background, patch.mode, patch.palette))
        history = [*history, Attempt(version=version, patch=patch, violations=history[0].violations)]
    assert len(set(seen)) == len(seen) == 4
    assert all(any(part is not None for part in look) for look in seen)


def test_a_conflict_loses_the_relation_that_the_hint_names() -> None:
    """The named relation is taken out; without a hint, one that is no reading order."""
    relations = [*ordered([HEADLINE, SUB, CTA]), soft("cta", "align_left", "headline")]
    plan = design([HEADLINE, SUB, CTA], relations)
    hinted = mended(brief_of(), plan, failed("conflict", "", "take out above(sub, cta)"))
    assert hinted.unrelate == ["above(sub, cta)"]
    named = mended(brief_of(), plan, failed("conflict", "above(headline, sub), align_left(cta, headline)"))
    assert named.unrelate == ["align_left(cta, headline)"]


def test_locks_are_left_alone() -> None:
    """A locked element is neither shortened nor taken out."""
    plan = design([HEADLINE, SUB, CTA], ordered([HEADLINE, SUB, CTA]))
    patch = mended(brief_of(Lock(element="sub", text="Mine")), plan, failed("overflow", "sub"))
    assert "sub" not in {edit.element for edit in patch.edits}


def test_nothing_wrong_needs_no_patch() -> None:
    """Without a violation the patch is empty but for its reason."""
    plan = design([HEADLINE], [])
    assert mended(brief_of(), plan, []) == Patch(rationale="nothing was wrong")
