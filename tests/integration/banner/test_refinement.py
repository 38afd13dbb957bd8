"""Briefs to banners with a scripted model, over its real wire format, the real pool and real pictures."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import pytest
from PIL import Image

from streamforge.jobs.model import Job, JobState
from streamforge.pipelines.banner.report import BannerResult, Report
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from streamforge.testing.in_process import InProcessWorker
from streamforge.testing.model_server import Fault
from streamforge.testing.server import TestServer
from tests.integration.banner.dialogue import (
    COST,
    PROMPT,
    Dialogue,
    edit,
    graph,
    order,
    patch,
    piece,
    strategy,
    working,
)

SPEC = BannerSpec(prompt=PROMPT)
ENDLESS = (
    "Rye bread that Kornblume bakes at four every morning for everyone who likes to wake up to the smell of a street "
    "with an oven in it, and for everyone who does not yet know that they do, now and whenever they walk past our door"
)
APART = {
    "regions": [{"id": "west", "anchor": "left", "share": 45}, {"id": "east", "anchor": "right", "share": 45}],
    "relations": [
        order("headline", "above", "sub"),
        order("headline", "inside", "east"),
        order("cta", "inside", "west"),
        order("headline", "left_of", "cta"),
    ],
}
"""The headline in the east of the canvas, the button in its west, and yet the headline left of the button."""


async def made(worker: InProcessWorker, spec: BannerSpec = SPEC) -> Job:
    """The job's end."""
    return await worker.run("banner", spec, timeout_s=90)


def costs(result: BannerResult) -> list[dict[str, Any]]:
    """The tokens of each version, without the model's name."""
    return [{name: getattr(version.tokens, name) for name in COST} for version in result.versions]


def times(number: int) -> dict[str, int]:
    """What so many answers cost."""
    return {name: number * value for name, value in COST.items()}


async def test_a_good_graph_succeeds_in_one_round(shared_server: TestServer) -> None:
    """Two calls, one version, every check held, and the price of both calls in the result."""
    dialogue = Dialogue(graphs=[graph()])
    async with working(dialogue, shared_server.url) as (worker, _):
        job = await made(worker)
        result, files = worker.result_of(job, BannerResult), await worker.files(job.id)
    assert dialogue.asked == ["strategy", "graph"]
    assert (result.designer, result.version, len(result.versions)) == ("anthropic:claude-test", 1, 1)
    assert (result.versions[0].failed, costs(result)) == (0, [times(2)])
    assert result.tokens.model == "claude-test"
    assert result.copy["headline"] == "Rye bread at dawn"
    assert set(files) == set(result.names) == {"banner-1200x628.png", "graph.json", "report.json"}
    with Image.open(io.BytesIO(files["banner-1200x628.png"])) as picture:
        picture.load()
        assert picture.size == (1200, 628)


MENDED = {
    "relations that exclude each other": (
        SPEC,
        Dialogue(graphs=[graph(**APART)], patches=[patch(unrelate=["left_of(headline, cta)"])]),
        "conflict",
    ),
    "copy without end": (
        SPEC,
        Dialogue(
            graphs=[graph(elements=[piece("headline", ENDLESS, 1, max_lines=2), *graph()["elements"][1:]])],
            patches=[patch(edits=[edit("headline", text="Rye bread at dawn")])],
        ),
        "size(headline)",
    ),
    "an ink that cannot be read on that palette": (
        BannerSpec(prompt=PROMPT, width=300, height=250, locks=[Lock(element="sub", ink="#6f6f6f")]),
        Dialogue(
            strategies=[strategy(palette="navy", mode="dark")],
            graphs=[graph()],
            patches=[patch(palette="porcelain", mode="light")],
        ),
        "contrast(sub)",
    ),
}


async def test_smaller_type_is_the_last_resort(shared_server: TestServer) -> None:
    """Copy without end that no patch shortens is set in smaller type in the end, in one version more, and says so."""
    endless = graph(elements=[piece("headline", ENDLESS, 1, max_lines=2), *graph()["elements"][1:]])
    dialogue = Dialogue(graphs=[endless], patches=[patch()])
    async with working(dialogue, shared_server.url) as (worker, _):
        job = await made(worker)
        result = worker.result_of(job, BannerResult)
    assert result.versions[-2].unmade == 1
    assert (result.version, result.versions[-1].unmade) == (len(result.versions), 0)
    assert any("headline is set in" in note for note in result.banners[0].notes)


@pytest.mark.parametrize("name", MENDED)
async def test_what_fails_is_mended_by_a_patch(shared_server: TestServer, name: str) -> None:
    """The detectors' words reach the model, its patch makes the next version, that one holds; each has its price."""
    spec, dialogue, told = MENDED[name]
    async with working(dialogue, shared_server.url) as (worker, server):
        job = await made(worker, spec)
        result = worker.result_of(job, BannerResult)
        report = msgspec.json.decode((await worker.files(job.id))["report.json"], type=Report)
    assert told in server.requests[-1].last_turn
    assert 1 < result.version == len(result.versions) <= 4
    assert result.versions[0].failed + result.versions[0].unmade > 0
    assert (result.versions[-1].failed, result.versions[-1].unmade) == (0, 0)
    assert costs(result)[-1] == times(1)
    assert sum(cost["calls"] for cost in costs(result)) == len(server.requests) == result.tokens.calls
    assert report.rounds[-1].patch is not None
    assert report.passed


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (strategy(display_font="comic-sans"), "comic-sans"),
        (strategy(palette="sunset-fantasy"), "sunset-fantasy"),
        (strategy(palette="brand"), "'brand'"),
        ("I would rather not", "JSON"),
    ],
)
async def test_what_is_in_no_catalogue_goes_back_at_once(shared_server: TestServer, wrong: object, told: str) -> None:
    """Before anything is laid out the model is told what there is; both answers are paid for."""
    dialogue = Dialogue(strategies=[wrong, strategy()], graphs=[graph()])
    async with working(dialogue, shared_server.url) as (worker, server):
        result = worker.result_of(await made(worker), BannerResult)
    assert dialogue.asked == ["strategy", "strategy", "graph"]
    assert told in server.requests[1].last_turn
    assert costs(result) == [times(3)]


INVENTED = [piece("headline", "Rye bread at dawn", 1), piece("sub", "Now 50% off", 5), *graph()["elements"][2:]]
CIRCLE = [*graph()["relations"], order("cta", "above", "headline")]
REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "relations in a circle": (graph(relations=CIRCLE), patch(unrelate=["above(cta, headline)"]), "form a circle"),
    "a number that nobody gave": (
        graph(elements=INVENTED),
        patch(edits=[edit("sub", text="Baked at four every morning")]),
        "says 50, which is not in the brief",
    ),
    "no JSON": ("I would rather not", patch(background="dots"), "JSON is malformed"),
    "a relation with nobody": (
        graph(relations=[*graph()["relations"], order("cta", "above", "nobody")]),
        patch(background="dots"),
        "does not join two of the elements",
    ),
}
"""By name: a graph that is given twice, the patch that mends it, and what the model is told before."""


@pytest.mark.parametrize("name", REFUSED)
async def test_a_graph_that_cannot_be_used_is_mended_by_a_patch(shared_server: TestServer, name: str) -> None:
    """What stays wrong after the repair turn is a failure of the first version: the next round's patch answers it."""
    wrong, mend, told = REFUSED[name]
    dialogue = Dialogue(graphs=[wrong], patches=[mend])
    async with working(dialogue, shared_server.url) as (worker, server):
        result = worker.result_of(await made(worker), BannerResult)
    assert dialogue.asked == ["strategy", "graph", "graph", "patch"]
    assert "answer(graph)" in server.requests[-1].last_turn
    assert told in server.requests[-1].last_turn
    assert result.version == len(result.versions) == 2
    assert result.versions[0].failed + result.versions[0].unmade > 0
    assert costs(result) == [times(3), times(1)]


async def test_a_model_that_never_makes_sense_fails_with_the_best_attempt(shared_server: TestServer) -> None:
    """Neither graph nor patch can be read: the job fails by its log, and the rules' banner can be had all the same."""
    async with working(Dialogue(graphs=["I would rather not"]), shared_server.url) as (worker, _):
        job = await made(worker)
        files = await worker.files(job.id)
    assert job.error is not None
    assert job.error.code == "verification_failed"
    assert all("answer(graph) (JSON is malformed" in line for line in job.error.details)
    assert "banner-1200x628.png" in files
    assert not msgspec.json.decode(files["report.json"], type=Report).passed


async def test_a_patch_that_cannot_be_used_costs_a_round_and_no_more(shared_server: TestServer) -> None:
    """A patch of unknown names is sent back, and a second one too is passed over; the next round may still mend it."""
    wrong = patch(unrelate=["above(nobody, nothing)"])
    dialogue = Dialogue(graphs=[graph(**APART)], patches=[wrong, wrong, patch(unrelate=["left_of(headline, cta)"])])
    async with working(dialogue, shared_server.url) as (worker, server):
        result = worker.result_of(await made(worker), BannerResult)
    assert dialogue.asked[2:] == ["patch", "patch", "patch"]
    assert "above(nobody, nothing)" in server.requests[3].last_turn
    assert [version.tokens.calls for version in result.versions] == [2, 2, 1]
    assert result.version == 3


async def test_hopeless_ends_in_failure_with_the_log_and_the_best_attempt(shared_server: TestServer) -> None:
    """Every version's failures are told, line by line, and the pictures of the best one can be had all the same."""
    spec = BannerSpec(prompt=PROMPT, width=300, height=250, locks=[Lock(element="sub", ink="#6f6f6f")])
    dialogue = Dialogue(
        strategies=[strategy(palette="navy", mode="dark")],
        graphs=[graph()],
        patches=[patch(background=style) for style in ("bands", "dots", "gradient")],
    )
    async with working(dialogue, shared_server.url) as (worker, _):
        job = await made(worker, spec)
        files = await worker.files(job.id)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert (job.error.code, job.error.field) == ("verification_failed", "sub")
    assert job.error.hint
    assert [line.split()[0] for line in job.error.details] == ["v1", "v2", "v3", "v4"]
    assert all("contrast(sub): measured" in line and "limit 4.5" in line for line in job.error.details)
    report = msgspec.json.decode(files["report.json"], type=Report)
    assert not report.passed
    assert [each.summary.tokens.calls for each in report.rounds] == [2, 1, 1, 1]
    pictures = {"banner-300x250.png", *(f"v{number}-banner-300x250.png" for number in range(1, 5))}
    assert pictures <= files.keys()
    assert files["banner-300x250.png"] == files[f"v{report.version}-banner-300x250.png"]


async def test_a_contradiction_that_nobody_mends_is_told_by_name(shared_server: TestServer) -> None:
    """Nothing could be drawn: the error is the layout's own, with the relations of each version."""
    async with working(Dialogue(graphs=[graph(**APART)]), shared_server.url) as (worker, _):
        job = await made(worker)
        files = await worker.files(job.id)
    assert job.error is not None
    assert job.error.code == "layout_infeasible"
    assert all("left_of(headline, cta)" in line for line in job.error.details)
    assert {"graph.json", "report.json"} == set(files)


async def test_a_pause_asked_for_by_the_provider_repeats_no_call(shared_server: TestServer) -> None:
    """A 429 on the patch parks the job; strategy and graph are not asked for again."""
    pause = Fault("rate_limited", retry_after_s=1)
    dialogue = Dialogue(graphs=[graph(**APART)], patches=[pause, patch(unrelate=["left_of(headline, cta)"])])
    async with working(dialogue, shared_server.url) as (worker, _):
        result = worker.result_of(await made(worker), BannerResult)
    assert dialogue.asked == ["strategy", "graph", "patch", "patch"]
    assert result.version == 2
