"""Patches on a graph."""

from __future__ import annotations

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from streamforge.errors import InvalidInput
from streamforge.pipelines.banner.canvas import Canvas, Size
from streamforge.pipelines.banner.design.adapt import adapt
from streamforge.pipelines.banner.design.brief import Edit, Patch
from streamforge.pipelines.banner.design.faults import naming
from streamforge.pipelines.banner.design.graph import Design, Element, Relation
from streamforge.pipelines.banner.design.patch import applied
from streamforge.pipelines.banner.design.settle import is_dark
from streamforge.pipelines.banner.spec import Lock
from tests.unit.banner.designs import CTA, HEADLINE, SUB, design, ordered
from tests.unit.banner.scripted import STRATEGY, brief_of

ELEMENTS = [replace(HEADLINE, short="Bread at dawn"), SUB, CTA]
PLAIN = design(ELEMENTS, ordered(ELEMENTS))
PLANNED = replace(PLAIN, strategy=STRATEGY, archetype="stack-left", shape="compact")
BRIEF = brief_of()


def texts(design: Design) -> dict[str, str]:
    """What a design says."""
    return {element.id: element.text for element in design.elements}


def test_an_empty_patch_changes_nothing() -> None:
    """The design itself comes out, equal in every field."""
    assert applied(PLANNED, Patch(rationale="nothing to do"), BRIEF) == PLANNED


def test_a_new_text_takes_the_old_short_one_with_it() -> None:
    """What small canvases say may not stay behind what large ones say."""
    headline = applied(PLAIN, Patch(edits=[Edit(element="headline", text="Fresh at four")]), BRIEF).elements[0]
    assert (headline.text, headline.short) == ("Fresh at four", "")
    kept = applied(PLAIN, Patch(edits=[Edit(element="headline", max_lines=2)]), BRIEF).elements[0]
    assert (kept.short, kept.max_lines, kept.priority) == ("Bread at dawn", 2, 1)


def test_what_is_taken_out_leaves_the_order_of_its_neighbours() -> None:
    """With the line between them gone the button still stands below the headline."""
    after = applied(PLAIN, Patch(edits=[Edit(element="sub", text="")]), BRIEF)
    assert list(texts(after)) == ["headline", "cta"]
    assert [relation.name for relation in after.relations] == ["above(headline, cta)"]


def test_relations_go_and_come_by_name() -> None:
    """One relation is taken out, one is put in; one of the same name is replaced."""
    soft = Relation(a="headline", rel="above", b="sub", hard=False, weight=2)
    patch = Patch(unrelate=["above(sub, cta)"], relate=[soft, Relation(a="sub", rel="left_of", b="cta")])
    assert applied(PLAIN, patch, BRIEF).relations == patch.relate


def test_a_palette_by_name_recolours_the_design_and_its_strategy() -> None:
    """Another theme gives other colours, and the strategy says which, so that every canvas follows."""
    after = applied(PLANNED, Patch(palette="navy", mode="dark"), BRIEF)
    assert is_dark(after.palette.ground)
    assert after.strategy is not None
    assert (after.strategy.palette, after.strategy.mode) == ("navy", "dark")


@pytest.mark.parametrize("before", [PLANNED, PLAIN], ids=["planned", "by hand"])
def test_a_mode_alone_turns_the_ground(before: Design) -> None:
    """A light theme cannot be dark: the mode then brings a palette that is, also to a graph without a strategy."""
    assert not is_dark(before.palette.ground)
    assert is_dark(applied(before, Patch(mode="dark"), BRIEF).palette.ground)


def test_another_archetype_brings_its_own_relations() -> None:
    """After it every canvas is arranged as that archetype is, whatever the relations were."""
    after = applied(PLANNED, Patch(archetype="side-by-side"), BRIEF)
    on_canvas = adapt(after, brief_of(width=1200, height=628), Canvas(size=Size(1200, 628)))
    assert {relation.rel for relation in on_canvas.relations} & {"left_of"}
    assert after.archetype == "side-by-side"


@pytest.mark.parametrize(
    ("patch", "told"),
    [
        (Patch(edits=[Edit(element="ghost", text="Boo")]), "no element ghost"),
        (Patch(edits=[Edit(element="sub", text="a"), Edit(element="sub", text="b")]), "edited twice"),
        (Patch(add=[Element(id="sub", role="sub", text="again")]), "a name that is taken"),
        (Patch(edits=[Edit(element=name, text="") for name in ("headline", "sub", "cta")]), "leave no element"),
        (Patch(unrelate=["above(cta, sub)"]), "no relation above(cta, sub)"),
        (Patch(relate=[Relation(a="cta", rel="above", b="ghost")]), "above(cta, ghost)"),
        (Patch(relate=[Relation(a="cta", rel="inside", b="headline")]), "inside(cta, headline)"),
        (Patch(relate=[Relation(a="cta", rel="near", b="cta")]), "near(cta, cta)"),
        (
            Patch(edits=[Edit(element="sub", text="")], relate=[Relation(a="sub", rel="above", b="cta")]),
            "above(sub, cta)",
        ),
        (Patch(edits=[Edit(element="sub", text="More " * 100)]), "length <= 300"),
        (Patch(edits=[Edit(element="sub", priority=77)]), "<= 9"),
        (Patch(add=[Element(id=f"e{n}", role="sub", text="x") for n in range(30)]), "length <= 24"),
        (Patch(palette="marble"), "no palette marble"),
        (Patch(palette="brand"), "no palette brand"),
        (Patch(background="marble"), "no background marble"),
        (Patch(archetype="pile"), "no archetype pile"),
        (Patch(archetype="badge", unrelate=["above(sub, cta)"]), "not both"),
    ],
)
def test_what_names_unknown_things_is_refused(patch: Patch, told: str) -> None:
    """The whole patch is refused, in words that name the thing."""
    with pytest.raises(InvalidInput) as caught:
        applied(PLANNED, patch, BRIEF)
    assert told in caught.value.message


def test_what_is_locked_cannot_be_edited() -> None:
    """Neither its words nor whether it is there; its neighbours can."""
    brief = brief_of(locks=[Lock(element="headline", text="Four o'clock")])
    for edit in (Edit(element="headline", text="Other"), Edit(element="headline", text="")):
        with pytest.raises(InvalidInput) as caught:
            applied(PLAIN, Patch(edits=[edit]), brief)
        assert "headline is locked" in caught.value.message
    assert texts(applied(PLAIN, Patch(edits=[Edit(element="sub", text="Daily")]), brief))["sub"] == "Daily"


NAMES = st.sampled_from(["headline", "sub", "cta", "ghost"])
RELATIONS = st.builds(
    Relation, a=NAMES, rel=st.sampled_from(["above", "left_of", "inside", "near"]), b=st.one_of(NAMES, st.just(""))
)
PATCHES = st.builds(
    Patch,
    edits=st.lists(st.builds(Edit, element=NAMES, text=st.sampled_from([None, "", "Bread"])), max_size=3),
    add=st.lists(st.builds(Element, id=NAMES, role=st.just("sub"), text=st.just("More")), max_size=2),
    relate=st.lists(RELATIONS, max_size=3),
    unrelate=st.lists(st.sampled_from(["above(headline, sub)", "above(sub, cta)", "near(sub, cta)"]), max_size=2),
    palette=st.sampled_from([None, "navy", "linen", "marble"]),
    mode=st.sampled_from([None, "light", "dark"]),
    archetype=st.sampled_from([None, "badge"]),
)


@given(PATCHES)
def test_a_patch_is_refused_or_leaves_a_whole_design(patch: Patch) -> None:
    """Whatever is asked for, names still fit together afterwards, and the design before is as it was."""
    before = msgspec.json.encode(PLANNED)
    with suppress(InvalidInput):
        after = applied(PLANNED, patch, BRIEF)
        assert naming(after) == []
        assert msgspec.json.decode(msgspec.json.encode(after), type=Design) == after
    assert msgspec.json.encode(PLANNED) == before
