"""The recipe as a whole, its pool calls in this process: what is refused, what is kept, what is paid for once."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from streamforge.errors import InvalidInput, LayoutInfeasible, VerificationFailed
from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Designer, Edit, Patch
from streamforge.pipelines.banner.design.graph import Design, Region, Relation
from streamforge.pipelines.banner.design.offline import OfflineDesigner
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.report import BannerResult, Report
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from streamforge.testing.rehearsal import Rehearsal
from tests.unit.banner.designs import CTA, HEADLINE, SUB, design, ordered
from tests.unit.banner.scripted import ScriptedDesigner

BREAD = "a bakery selling rye bread, 20% off"
ELEMENTS = [HEADLINE, SUB, CTA]
GOOD = design(ELEMENTS, ordered(ELEMENTS))
GREY = Lock(element="sub", ink="#6f6f6f")
"""On the dark ground of ``GLOOMY`` such a small text cannot be read."""
GLOOMY = replace(GOOD, palette=replace(GOOD.palette, ground="#0f1f3d", ground_2="#19305f", ink="#ffffff"))
LIGHTER = Patch(mode="light", rationale="a light ground")
APART = replace(
    GOOD,
    regions=[Region(id="west", anchor="left", share=45), Region(id="east", anchor="right", share=45)],
    relations=[
        Relation(a="headline", rel="inside", b="east"),
        Relation(a="cta", rel="inside", b="west"),
        Relation(a="headline", rel="left_of", b="cta"),
    ],
)
UNTIED = Patch(unrelate=["left_of(headline, cta)"])


def rehearsal(designer: object, **fields: object) -> Rehearsal[BannerSpec]:
    """A job of a brief with these fields."""
    spec = BannerSpec(**({"prompt": BREAD, "width": 300, "height": 250} | fields))  # pyright: ignore[reportArgumentType]
    return Rehearsal(PIPELINE, spec, resources={Designer: designer})


async def result_of(designer: object, **fields: object) -> BannerResult:
    """What the job comes to; raises what it fails with."""
    result: BannerResult = await rehearsal(designer, **fields).result()
    return result


# ---- what is refused ----


@pytest.mark.parametrize("prompt", ["🔥🔥🔥", "...", "🎉 !!! 🎉", "\u2014\u2013"])
async def test_a_prompt_that_says_nothing_is_refused(prompt: str) -> None:
    """Emoji or punctuation alone would make an empty banner: the prompt is named, with what to do."""
    with pytest.raises(InvalidInput) as caught:
        await result_of(OfflineDesigner(), prompt=prompt)
    assert caught.value.field == "prompt"
    assert caught.value.hint


async def test_a_brand_is_enough_to_say() -> None:
    """Emoji with a brand's name make a banner of the name."""
    result = await result_of(OfflineDesigner(), prompt="🔥🔥🔥", brand_name="Kornblume")
    assert "Kornblume" in result.copy.values()


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        (replace(GOOD, elements=[replace(HEADLINE, text="")]), "headline"),
        (design([HEADLINE, HEADLINE], []), "used twice"),
        (design(ELEMENTS, [Relation(a="cta", rel="above", b="ghost")]), "above(cta, ghost)"),
    ],
)
async def test_a_graph_that_does_not_hold_together_is_refused(broken: Design, told: str) -> None:
    """A graph written by hand is checked before anything is made of it, and the field is ``design``."""
    with pytest.raises(InvalidInput) as caught:
        await result_of(OfflineDesigner(), prompt="", design=broken)
    assert caught.value.field == "design"
    assert told in caught.value.message


async def test_a_lock_needs_its_element() -> None:
    """A lock on what no design has is a mistake of the brief, told with what there is."""
    with pytest.raises(InvalidInput) as caught:
        await result_of(ScriptedDesigner(GOOD), locks=[Lock(element="slogan", text="Mine")])
    assert (caught.value.field, caught.value.hint) == ("locks", "there are headline, sub, cta")


# ---- one canvas ----


async def test_the_result_copies_what_is_on_the_picture() -> None:
    """On 88x31 the button is left out, so it is not in the copy."""
    result = await result_of(OfflineDesigner(), width=88, height=31)
    assert result.size == Size(88, 31)
    assert "cta" not in result.copy
    assert result.copy["headline"]
    assert not result.copy.keys() & set(result.dropped)
    assert "cta" in result.dropped


async def test_what_a_canvas_has_no_place_for_is_told() -> None:
    """Elements that are left out by the class of the canvas, before any measuring, are in ``dropped`` as well."""
    prompt = "Rye bread, every day. Baked at four, on your table by seven. www.rye.example"
    result = await result_of(OfflineDesigner(), prompt=prompt, width=300, height=50)
    whole = await result_of(OfflineDesigner(), prompt=prompt, width=1080, height=1080)
    assert set(result.dropped) == set(whole.copy) - set(result.copy) != set()


async def test_the_notes_say_how_a_headline_was_made_to_fit() -> None:
    """A word longer than a line is parted, the banner is made, and its report says so."""
    long = replace(HEADLINE, text="Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikverkauf")
    result = await result_of(ScriptedDesigner(GOOD), prompt="", design=design([long, CTA], ordered([long, CTA])))
    assert any("parted" in note for note in result.banners[0].notes)


async def test_one_clean_version_is_all_there_is() -> None:
    """Nobody is asked to mend what holds; one canvas needs no sheet, one file no archive."""
    designer = ScriptedDesigner(GOOD)
    job = rehearsal(designer)
    result = await job.result()
    assert designer.calls == ["strategise", "draw"]
    assert sorted(await job.files()) == result.names == ["banner-300x250.png", "graph.json", "report.json"]
    assert (result.designer, result.tokens.calls, result.versions[0].failed) == ("test", 2, 0)


async def test_a_graph_given_back_makes_the_same_pictures() -> None:
    """``graph.json`` of one job is the ``design`` of the next: no designer, equal bytes."""
    first = rehearsal(OfflineDesigner())
    await first.result()
    files = await first.files()
    graph = msgspec.json.decode(files["graph.json"], type=Design)
    nobody = ScriptedDesigner(GOOD)
    again = rehearsal(nobody, prompt="", design=graph, seed=1)
    await again.result()
    assert nobody.calls == []
    assert (await again.files())["banner-300x250.png"] == files["banner-300x250.png"]


async def test_a_graph_without_a_prompt_is_not_mended() -> None:
    """It fails as it is; with a prompt beside it a designer may mend it."""
    fields: dict[str, Any] = {"design": APART, "width": 1200, "height": 628}
    silent, asked = ScriptedDesigner(GOOD, UNTIED), ScriptedDesigner(GOOD, UNTIED)
    with pytest.raises(LayoutInfeasible):
        await result_of(silent, prompt="", **fields)
    assert silent.calls == []
    assert (await result_of(asked, **fields)).version == 2
    assert asked.calls == ["mend"]


async def test_locks_hold_over_versions() -> None:
    """A locked text is what the picture says, whoever wrote what, and a patch cannot change it."""
    locks = [Lock(element="headline", text="Sold out"), GREY]
    designer = ScriptedDesigner(GLOOMY, Patch(edits=[Edit(element="headline", text="Not sold out")]), LIGHTER)
    result = await result_of(designer, locks=locks)
    assert result.copy["headline"] == "Sold out"
    assert [version.rationale[:28] for version in result.versions[1:]] == [
        "refused: headline is locked ",
        "a light ground",
    ]


async def test_a_figure_without_its_limit_fails_the_copy() -> None:
    """A price that the brief begins with ``from`` may not stand bare; locked texts and given graphs may."""
    bare = [replace(each, text="Rye bread, £4") if each.role == "headline" else each for each in GOOD.elements]
    priced = replace(GOOD, elements=bare)
    fields: dict[str, Any] = {"prompt": "Rye bread from £4 on Main Street", "rounds": 0}
    with pytest.raises(VerificationFailed) as caught:
        await result_of(ScriptedDesigner(priced), **fields)
    assert "copy(headline)" in caught.value.message
    settled = [Lock(element="headline", text="Rye bread, £4")]
    assert (await result_of(ScriptedDesigner(priced), **fields, locks=settled)).version == 1
    assert (await result_of(ScriptedDesigner(priced), **fields, design=priced)).facts == []


async def test_the_result_says_what_became_of_the_facts() -> None:
    """Each fact of the brief with the canvases on which it stands: a price everywhere, what has no room on some."""
    fields: dict[str, Any] = {"width": 300, "height": 600, "prompt": "Rye bread from £4. Order on 020 7946 0000"}
    found = {fact.text: fact for fact in (await result_of(OfflineDesigner(), **fields)).facts}
    assert found["020 7946 0000"].state == "shown"
    assert found["020 7946 0000"].sizes == ("300x600",)


# ---- rounds ----


async def test_every_version_is_kept_and_the_winner_has_the_plain_names() -> None:
    """The second version mends the first: both are there under their numbers, and the result is the second."""
    designer = ScriptedDesigner(GLOOMY, LIGHTER)
    job = rehearsal(designer, locks=[GREY])
    result, files = await job.result(), await job.files()
    assert (result.version, [version.failed for version in result.versions]) == (2, [1, 0])
    assert sorted(name for name in files if name.endswith("png")) == [
        "banner-300x250.png",
        "v1-banner-300x250.png",
        "v2-banner-300x250.png",
    ]
    assert files["banner-300x250.png"] == files["v2-banner-300x250.png"] != files["v1-banner-300x250.png"]
    assert result.names == sorted(files)
    (violation,) = designer.mendings[0].history[-1].violations
    assert (violation.check, violation.element, violation.size) == ("contrast", "sub", "300x250")


async def test_a_worse_version_does_not_win_and_is_not_built_upon() -> None:
    """After a step back the designer is asked to mend the best version again, and told what did not help."""
    worse = Patch(relate=[Relation(a="cta", rel="above", b="headline")])
    designer = ScriptedDesigner(GLOOMY, worse, LIGHTER)
    result = await result_of(designer, locks=[GREY], rounds=2)
    assert [version.based_on for version in result.versions] == [0, 1, 1]
    assert [attempt.version for attempt in designer.mendings[1].history] == [2, 1]
    assert (designer.mendings[1].design, result.version) == (GLOOMY, 3)


async def test_two_patches_that_change_nothing_end_it() -> None:
    """Of five rounds two are used: nothing is painted for them, and the failure says what the first version lacks."""
    designer = ScriptedDesigner(GLOOMY)
    job = rehearsal(designer, locks=[GREY], rounds=5)
    with pytest.raises(VerificationFailed) as caught:
        await job.result()
    assert designer.calls.count("mend") == 2
    assert [name for name in job.ran if name.startswith("paint")] == ["paint[300x250]", "paint"]
    assert caught.value.field == "sub"
    assert caught.value.hint
    assert "contrast(sub): measured" in caught.value.message


async def test_no_patch_is_asked_for_where_only_the_cap_is_too_low() -> None:
    """A cap that no quality reaches fails at once, with what was measured, the limit, and what to do instead."""
    designer = ScriptedDesigner(GOOD, LIGHTER)
    job = rehearsal(designer, formats=["png", "avif"], max_kb=1, rounds=5)
    with pytest.raises(VerificationFailed) as caught:
        await job.result()
    assert "mend" not in designer.calls
    assert "weight(banner-300x250.png): measured" in caught.value.message
    assert "limit 1000 bytes" in caught.value.message
    assert "max_kb" in str(caught.value.hint)
    assert {"banner-300x250.png", "banner-300x250.avif"} <= set(await job.files())


@pytest.mark.parametrize("rounds", [0, 1])
async def test_rounds_are_a_limit(rounds: int) -> None:
    """With none there is no patch at all, with one there is one."""
    designer = ScriptedDesigner(GLOOMY, Patch(background="bands"), LIGHTER)
    job = rehearsal(designer, locks=[GREY], rounds=rounds)
    with pytest.raises(VerificationFailed):
        await job.result()
    assert designer.calls.count("mend") == rounds
    report = msgspec.json.decode((await job.files())["report.json"], type=Report)
    assert (report.passed, len(report.rounds)) == (False, rounds + 1)


async def test_the_offline_designer_mends_too() -> None:
    """Rules take out the relation that the solver's hint names."""
    spec = BannerSpec(prompt=BREAD, width=1200, height=628, design=APART)
    job = Rehearsal(PIPELINE, spec, resources={Designer: OfflineDesigner()})
    result = await job.result()
    assert (result.version, result.tokens.calls) == (2, 0)


# ---- a killed job ----


async def test_a_job_killed_anywhere_pays_nothing_twice() -> None:
    """However often the process dies right after a checkpoint, each question is asked once, and the end is the same."""
    whole = rehearsal(ScriptedDesigner(GLOOMY, LIGHTER), locks=[GREY], sizes=["300x250", "336x280"])
    expected = await whole.result()
    assert "mend-2" in whole.ran
    assert "paint-2[336x280]" in whole.ran
    designer = ScriptedDesigner(GLOOMY, LIGHTER)
    job = rehearsal(designer, locks=[GREY], sizes=["300x250", "336x280"])
    for checkpoint in whole.ran:
        assert (await job.attempt(crash_after=checkpoint)).outcome == "crashed"
    assert await job.result() == expected
    assert designer.calls == ["strategise", "draw", "mend"]
    assert job.ran == whole.ran
    assert await job.files() == await whole.files()
