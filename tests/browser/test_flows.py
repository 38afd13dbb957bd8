"""What people do in the dashboard, from the form to the picture, and what operators do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from tests.acceptance.gates import Gates
from tests.browser.desk import Desk, apart, at_gate, end_of, state_of, submit

pytestmark = pytest.mark.long

FESTIVAL = "Summer festival by the lake. Three days, forty bands. Get tickets"

TIMES = " \u00d7 "
"""Between the sides of a canvas."""

HARD, ELSEWHERE = "must hold", "not on this canvas"

NOTE_PROGRESS = """() => {
  window.seen = [];
  const note = ({ target: bar }) => bar.matches(".run *") && window.seen.push(Number(bar.ariaValueNow));
  const notes = new MutationObserver((changes) => changes.forEach(note));
  notes.observe(document.body, { subtree: true, attributeFilter: ["aria-valuenow"] });
}"""
"""Keep every value that the progress bar shows."""


def test_from_the_form_to_the_picture(desk: Desk) -> None:
    """A brief typed into the form becomes a picture on the same page, its progress told on the way."""
    page = desk.open("/try").page
    page.get_by_label("What should it say").fill("Winter sale 40% off at Fjord & Pine. Shop now at fjordpine.example")
    desk.button("Add colour").click()
    page.get_by_label("Colour 1 as hex").fill("#1d3557")
    page.evaluate(NOTE_PROGRESS)
    desk.button("Generate").click()

    picture = desk.region("Result").get_by_role("img", name="Result banner-1200x628.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])") == [
        1200,
        628,
    ]
    steps = page.evaluate("window.seen")
    assert steps == sorted(steps)
    assert len({step for step in steps if 0 < step < 100}) >= 2, steps
    expect(page.get_by_role("status").filter(has_text="The job is done.")).to_have_count(1)

    page.get_by_role("link", name="Open job").click()
    expect(desk.heading).to_have_text("banner")
    expect(desk.region("Steps")).to_contain_text("paint[1200x628]")
    expect(desk.region("Verification")).to_contain_text("checks hold")


def orders(graph: dict[str, Any], told: dict[str, Any]) -> list[tuple[str, bool]]:
    """Which elements the graph puts above which, and whether they stand so on this canvas."""
    boxes = {box["id"]: box for box in told["boxes"]}
    asked = [(each["a"], each["b"]) for each in graph["relations"] if each["rel"] == "above" and each["hard"]]
    shown = [(boxes[a], boxes[b]) for a, b in asked if a in boxes and b in boxes]
    return [(f"{a['id']} above {b['id']}", a["y"] + a["height"] <= b["y"] + 6) for a, b in shown]


def test_a_job_shows_its_graph_its_checks_and_its_files(desk: Desk, banner: str) -> None:
    """Over each canvas: a box for every element, and no relation that does not hold there. Checks, files and input."""
    page = desk.open(f"/jobs/{banner}").page
    job = desk.daemon.get(f"/api/v1/jobs/{banner}").json()
    report, graph = (desk.daemon.get(f"/api/v1/artifacts/{banner}/{name}.json").json() for name in ("report", "graph"))
    for told in report["rounds"][-1]["banners"]:
        desk.button(f"{told['size']['width']}{TIMES}{told['size']['height']}").click()
        desk.button("Constraint graph").click()
        expect(page.locator(".graph .box")).to_have_count(len(told["boxes"]))
        assert told["boxes"]
        desk.page.locator("summary", has_text="relation").click()
        for name, is_kept in orders(graph, told):
            expect(page.locator(".relations li", has_text=name)).to_contain_text(HARD if is_kept else ELSEWHERE)
        desk.button("Picture").click()
        expect(page.locator(".graph")).to_have_count(0)
        expect(desk.region("Verification").locator("tbody tr")).to_have_count(len(told["checks"]))
    expect(desk.region("Files").get_by_role("listitem")).to_have_count(len(job["artifacts"]))
    page.locator("summary", has_text="Input").click()
    expect(desk.page.get_by_role("region", name="Input")).to_contain_text("Autumn Tasting Week")


def test_every_version_has_its_picture(desk: Desk) -> None:
    """Of a banner that was mended in vain, each version can be looked at, and says which of its checks fail."""
    heavy = {"prompt": FESTIVAL, "brand_colors": ["#12355b", "#ea8349"], "sizes": ["1200x628"], "max_kb": 10}
    job_id = submit(desk.daemon, "banner", heavy)
    assert end_of(desk.daemon, job_id) == "failed"
    rounds = desk.daemon.get(f"/api/v1/artifacts/{job_id}/report.json").json()["rounds"]
    assert len(rounds) >= 2
    versions = desk.open(f"/jobs/{job_id}").page.get_by_role("group", name="Version").get_by_role("button")
    expect(versions).to_have_count(len(rounds))
    for told, version in zip(rounds, versions.all(), strict=True):
        version.click()
        picture = desk.page.locator(".stage img")
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.get_attribute("src") == f"/api/v1/artifacts/{job_id}/{told['banners'][0]['files'][0]['name']}"
        assert picture.evaluate("image => image.naturalWidth") == 1200
        expect(desk.page.get_by_role("table", name="Checks that fail")).to_contain_text("weight")
    expect(desk.region("What went wrong")).to_contain_text("What helps:")


def test_a_models_text_is_shown_as_it_is_written(desk: Desk, gates: Gates) -> None:
    """Deltas of a step's text add up on the job's page, markup and all, until the step has ended."""
    job_id = at_gate(desk.daemon, gates, "writing")
    deltas = [{"step": "wait", "offset": 0, "text": "A <b>big</b> "}, {"step": "wait", "offset": 13, "text": "sale"}]
    told = [
        {"id": "", "type": "step.delta", "job_id": job_id, "at_ms": 1, "attempt": 1, "data": each} for each in deltas
    ]
    stream = "".join(f"event: step.delta\ndata: {json.dumps(each)}\n\n" for each in told)
    events = f"**/jobs/{job_id}/events?*"
    desk.page.route(events, lambda route: route.fulfill(content_type="text/event-stream", body=stream))
    desk.open(f"/jobs/{job_id}")
    expect(desk.page.locator(".draft")).to_have_text("A <b>big</b> sale")
    desk.page.unroute(events)
    gates.open(job_id)
    expect(desk.page.locator(".job-head .badge")).to_have_text("succeeded")
    expect(desk.page.locator(".draft")).to_be_hidden()


def test_a_job_is_followed_without_a_reload(desk: Desk, gates: Gates) -> None:
    """What a job's page shows moves with the job: running, then succeeded, with each event in its log."""
    job_id = at_gate(desk.daemon, gates, "followed")
    desk.open(f"/jobs/{job_id}")
    expect(desk.page.get_by_text("1 of 2 steps")).to_be_visible()
    gates.open(job_id)
    expect(desk.page.locator(".job-head .badge")).to_have_text("succeeded")
    expect(desk.page.get_by_role("list", name="Log")).to_contain_text("job.succeeded")


def test_a_running_job_is_cancelled(desk: Desk, gates: Gates) -> None:
    """Cancelling asks first: kept, the job runs on; confirmed, it ends."""
    job_id = at_gate(desk.daemon, gates, "unwanted")
    desk.open(f"/jobs/{job_id}")
    desk.button("Cancel job").click()
    desk.dialog.get_by_role("button", name="Keep it").click()
    assert state_of(desk.daemon, job_id) == "running"
    desk.button("Cancel job").click()
    desk.dialog.get_by_role("button", name="Cancel job").click()
    expect(desk.page.locator(".job-head .badge")).to_have_text("cancelled")
    assert state_of(desk.daemon, job_id) == "cancelled"
    expect(desk.button("Retry")).to_be_visible()


def test_a_cancelled_job_is_retried(desk: Desk, gates: Gates) -> None:
    """A retry takes the job up again, its finished steps kept, and the page follows it to its end."""
    job_id = at_gate(desk.daemon, gates, "again")
    desk.daemon.post(f"/api/v1/jobs/{job_id}/cancel", b"{}")
    assert end_of(desk.daemon, job_id) == "cancelled"
    desk.open(f"/jobs/{job_id}")
    desk.button("Retry").click()
    apart(gates.waiting, job_id, tries=2)
    gates.open(job_id)
    expect(desk.page.locator(".job-head .badge")).to_have_text("succeeded")
    assert gates.notes(job_id) == 1
    numbers = desk.region("Attempts").locator("strong").all_inner_texts()
    assert numbers == ["1", "2"]
    expect(desk.region("Steps")).to_contain_text("Attempt 2")
    expect(desk.page.get_by_role("list", name="Log")).to_contain_text("attempt 2 on")


def test_a_dead_letter_is_requeued(desk: Desk, tmp_path: Path) -> None:
    """Once its cause is mended, a dead letter that is requeued leaves the list, and its job is done."""
    folder = tmp_path / "later"
    job_id = submit(desk.daemon, "gate", {"folder": str(folder), "name": "g"}, id="no-folder")
    assert end_of(desk.daemon, job_id) == "failed"
    desk.open("/dead?kind=gate")
    folder.mkdir()
    (folder / "g.open").touch()
    desk.page.get_by_role("button", name=f"Requeue Job {job_id}").click()
    expect(desk.row(job_id)).to_have_count(0)
    assert end_of(desk.daemon, job_id) == "succeeded"


def test_a_dead_letter_is_deleted(desk: Desk) -> None:
    """Deleting a letter asks first, and takes it off the list; its job stays."""
    job_id = submit(desk.daemon, "banner", {"prompt": "🎈🎈🎈"}, id="to-forget")
    assert end_of(desk.daemon, job_id) == "failed"
    desk.open("/dead")
    desk.page.get_by_role("button", name=f"More about Job {job_id}").click()
    expect(desk.dialog).to_contain_text("🎈🎈🎈")
    desk.dialog.get_by_role("button", name="Delete…").click()
    desk.dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(desk.row(job_id)).to_have_count(0)
    assert state_of(desk.daemon, job_id) == "failed"


def test_jobs_are_found_and_paged(desk: Desk) -> None:
    """Filters leave what fits, stand in the address, and pages are added until there are no more."""
    for number in range(60):
        submit(desk.daemon, "gate", {"folder": "/", "name": "x"}, id=f"paged-{number:02}", queue="parked", delay_s=9000)
    rows = desk.open("/jobs?queue=parked").page.locator("tbody tr")
    expect(rows).to_have_count(50)
    desk.button("Show more").click()
    expect(rows).to_have_count(60)
    desk.page.get_by_label("Search").fill("paged-07")
    expect(rows).to_have_count(1)
    assert "q=paged-07" in desk.page.url
    desk.page.get_by_label("State").select_option("failed")
    expect(desk.page.get_by_text("No job fits")).to_be_visible()
    desk.button("Clear filters").click()
    expect(rows.first).to_be_visible()


def test_a_new_job_shows_up_in_the_list(desk: Desk) -> None:
    """The list of jobs is live: a job that is handed in elsewhere appears without a reload."""
    desk.open("/jobs")
    submit(desk.daemon, "gate", {"folder": "/", "name": "x"}, id="from-elsewhere", delay_s=9000)
    expect(desk.row("from-elsewhere")).to_be_visible()


def test_a_queue_is_paused_and_resumed(desk: Desk) -> None:
    """The overview stops a queue and lets it go on."""
    desk.open()
    pause = desk.page.get_by_role("button", name="Pause the queue default")
    pause.click()
    expect(desk.row("default").filter(has_text="paused")).to_be_visible()
    desk.page.get_by_role("button", name="Resume the queue default").click()
    expect(pause).to_be_visible()
    assert desk.daemon.get("/api/v1/queues").json()["items"][0]["paused"] is False


def test_any_kind_has_a_form(desk: Desk, tmp_path: Path) -> None:
    """A kind without a form of its own gets one from its schema, and the job has what was typed."""
    (tmp_path / "typed.open").touch()
    page = desk.open("/try/gate").page
    page.get_by_label("Folder").fill(str(tmp_path))
    page.get_by_label("Name").fill("typed")
    desk.button("Generate").click()
    expect(desk.region("Result")).to_contain_text("succeeded")
    assert (tmp_path / "typed.note").exists()


def test_a_refused_brief_is_told_at_its_field(desk: Desk) -> None:
    """What the server does not accept is said in words, beside the field that it is about."""
    page = desk.open("/try").page
    page.get_by_label("What should it say").fill("A fine sale")
    page.get_by_label("Width").fill("8192")
    page.get_by_label("Height").fill("8192")
    desk.button("Add size").click()
    desk.button("Generate").click()
    expect(page.get_by_role("alert")).to_contain_text("over the limit of 16 MP")
    expect(page.get_by_role("group", name="Sizes")).to_contain_text("16 MP")


def test_a_server_that_does_not_answer(desk: Desk, failed: str) -> None:
    """Without the server a view says so, and offers to try again, which then works."""
    jobs = "**/api/v1/jobs?*"
    desk.page.route(jobs, lambda route: route.abort())
    desk.open("/jobs?state=failed")
    expect(desk.page.get_by_role("alert")).to_contain_text("The server does not answer.")
    desk.page.unroute(jobs)
    desk.button("Try again").click()
    expect(desk.row(failed)).to_be_visible()


def test_what_is_not_known_is_no_zero(desk: Desk) -> None:
    """While the server does not answer, the overview says so, and not how much waits and runs."""
    api = re.compile("/api/v1/(queues|workers|dead)")
    desk.page.route(api, lambda route: route.abort())
    strip = desk.open().page.locator(".strip")
    expect(desk.page.get_by_role("alert").first).to_contain_text("The server does not answer.")
    expect(strip).to_contain_text("no answer")
    expect(strip).not_to_contain_text("nothing waits")
    assert [strip.locator("dd").nth(place).inner_text() for place in (0, 2, 8)] == ["\u2013"] * 3
    desk.page.unroute(api)
    expect(strip).to_contain_text("1 worker")


def test_a_job_that_could_not_be_shown_is_when_it_can(desk: Desk, failed: str) -> None:
    """A page that was opened while the server was away shows its job as soon as there is an answer."""
    jobs = re.compile(f"/api/v1/jobs/{failed}$")
    desk.page.route(jobs, lambda route: route.abort())
    desk.open(f"/jobs/{failed}")
    expect(desk.heading).to_have_text("The job cannot be shown")
    desk.page.unroute(jobs)
    expect(desk.page.locator(".job-head .badge")).to_have_text("failed")
    expect(desk.button("Retry")).to_be_visible()


def text(name: str, data: bytes) -> FilePayload:
    """A file that says of itself that it is text."""
    return {"name": name, "mimeType": "text/plain", "buffer": data}


def test_files_are_sent_from_the_form(desk: Desk) -> None:
    """A kind that takes files has a field for them: they are uploaded, and the job has each."""
    page = desk.open("/try/album").page
    page.get_by_label("Title").fill("Two texts")
    page.get_by_label("Files").set_input_files([text("one.txt", b"one"), text("three.txt", b"three")])
    desk.button("Generate").click()
    expect(desk.region("Result")).to_contain_text("succeeded")
    page.get_by_role("link", name="Open job").click()
    page.locator("summary", has_text="Result").click()
    told = desk.page.get_by_role("region", name="Result").locator("visible=true").last
    assert json.loads(told.inner_text()) == {"one.txt": 3, "three.txt": 5}


def test_a_file_of_a_type_that_is_not_taken_is_told(desk: Desk) -> None:
    """What the server says of a file stands in the form, and another one can be sent in its place."""
    page = desk.open("/try/album").page
    page.get_by_label("Title").fill("A program")
    page.get_by_label("Files").set_input_files([text("a.txt", b"\x89PNG\r\n\x1a\n")])
    desk.button("Generate").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_label("Files").set_input_files([text("a.txt", b"text")])
    desk.button("Generate").click()
    expect(desk.region("Result")).to_contain_text("succeeded")


def test_phones_write_names_and_addresses_as_they_are(desk: Desk) -> None:
    """Fields of one line do not begin large, those for addresses have the keys for them, and messages keep them."""
    page = desk.open("/try/album").page
    field = page.get_by_label("Source url")
    assert [field.get_attribute(name) for name in ("autocapitalize", "inputmode")] == ["off", "url"]
    said = "https://x.example is not to be asked"
    written = "async (text) => (await import('/static/parts.js')).sentence(text)"
    assert page.evaluate(written, said) == f"{said}."
    assert page.evaluate(written, "field is empty") == "Field is empty."


def test_a_stored_kit_is_offered(desk: Desk) -> None:
    """Brand kits of the tenant can be chosen in the form, and the job names the one that was."""
    kit = json.dumps({"name": "Acme"}).encode()
    headers = {"Content-Type": "application/json"}
    assert desk.daemon.ask("PUT", "/api/v1/kits/acme?tenant=default", headers, kit).status < 300
    page = desk.open("/try").page
    page.get_by_label("Brand kit").select_option("acme")
    page.get_by_label("What should it say").fill("Tents for everybody. Shop now")
    with page.expect_request("**/api/v1/jobs") as sent:
        desk.button("Generate").click()
    assert json.loads(sent.value.post_data or "{}")["input"]["brand_kit"] == "acme"


def test_settings_of_a_job_are_used_again(desk: Desk, banner: str) -> None:
    """The form can begin with what an earlier job was given."""
    page = desk.open(f"/jobs/{banner}").page
    page.get_by_role("link", name="Use these settings").click()
    expect(page.get_by_label("What should it say")).to_have_value(re.compile("^Autumn Tasting"))
    expect(page.get_by_label("Colour 2 as hex")).to_have_value("#ea8349")
    expect(page.get_by_label(f"300{TIMES}250")).to_be_checked()
    expect(page.get_by_label(f"1080{TIMES}1080")).not_to_be_checked()
