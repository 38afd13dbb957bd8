"""Who may come in, what each sees, and that what users write stays text."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.daemon import DaemonProcess
from tests.browser.desk import Desk, apart, desk_on, submit

pytestmark = pytest.mark.long

MARKUP = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><b>50% off</b> \u202eevil'


@pytest.fixture
def door(browser: Browser, guarded: DaemonProcess) -> Iterator[Desk]:
    """A tab on the daemon that asks for a key."""
    with desk_on(browser, guarded) as made:
        yield made


def key(daemon: DaemonProcess, *arguments: str) -> str:
    """A new API key."""
    made = daemon.command("keys", "create", "--json", *arguments)
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["key"])


def log_in(desk: Desk, secret: str) -> None:
    """Fill in the form."""
    desk.page.get_by_label("API key").fill(secret)
    desk.button("Sign in").click()


def test_without_a_key_nothing_is_shown(door: Desk) -> None:
    """Whatever the address names, a stranger gets the form, and a wrong key gets a reason."""
    door.open("/jobs")
    expect(door.heading).to_have_text("Sign in")
    expect(door.page.get_by_role("table")).to_have_count(0)
    log_in(door, "sf_wrong_key")
    expect(door.page.get_by_role("alert")).to_contain_text("The API key is not good")
    expect(door.page.get_by_label("API key")).to_be_focused()


def test_an_operator_logs_in_and_out(door: Desk) -> None:
    """A good key opens the view that was asked for; after signing out the page knows nothing any more."""
    door.open("/keys")
    log_in(door, key(door.daemon, "--admin", "--note", "the desk"))
    expect(door.heading).to_have_text("Keys")
    expect(door.row("the desk")).to_contain_text("this session")
    assert door.page.evaluate("document.cookie") == ""
    door.button("Sign out").click()
    expect(door.heading).to_have_text("Sign in")
    door.page.reload()
    expect(door.heading).to_have_text("Sign in")


def test_a_reader_may_only_look(door: Desk) -> None:
    """A key with the scope read sees jobs, and neither a form nor keys, nor another tenant's job."""
    operator = key(door.daemon, "--admin")
    body = json.dumps(
        {"kind": "gate", "id": "secret", "input": {"folder": "/", "name": "x"}, "delay_s": 9000, "tenant": "rival"}
    )
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {operator}"}
    assert door.daemon.ask("POST", "/api/v1/jobs", headers, body.encode()).status == 202
    door.open("/jobs")
    log_in(door, key(door.daemon, "--tenant", "acme", "--scope", "read"))
    expect(door.page.get_by_text("No jobs yet")).to_be_visible()
    names = door.page.get_by_role("navigation").get_by_role("link").all_inner_texts()
    assert names == ["Overview", "Jobs", "Dead letters", "Gallery", "API"]
    expect(door.open("/").region("Spending today")).to_contain_text("$0.00")
    door.open("/jobs/secret")
    expect(door.heading).to_have_text("There is no such job")
    for path in ("/keys", "/webhooks", "/try"):
        expect(door.open(path).heading).to_contain_text("is not open to this key")
    expect(door.button("New key")).to_have_count(0)


def test_a_session_ends_with_its_key(door: Desk) -> None:
    """Once its key is revoked, a page that is open asks for another one."""
    secret = key(door.daemon, "--admin")
    door.open("/")
    log_in(door, secret)
    expect(door.heading).to_have_text("Overview")
    assert door.daemon.command("keys", "revoke", secret.split("_")[1]).returncode == 0
    expect(door.heading).to_have_text("Sign in")


def test_a_key_is_made_and_shown_once(desk: Desk) -> None:
    """A new key's secret is told in a dialog, this once, and the key is in the list; what is wrong is told before."""
    desk.open("/keys")
    desk.button("New key").click()
    desk.page.get_by_label("Note").fill("for the shop")
    desk.page.get_by_role("textbox", name="Tenant").fill("no tenant!")
    desk.button("Make key").click()
    expect(desk.dialog.get_by_role("alert")).to_contain_text("enant")
    desk.page.get_by_role("textbox", name="Tenant").fill("shop")
    desk.button("Make key").click()
    secret = desk.page.get_by_label("The secret").input_value()
    assert secret.startswith("sf_")
    desk.button("I have it").click()
    expect(desk.row("for the shop")).to_be_visible()
    assert secret not in desk.page.content()


def test_a_webhook_is_made_and_deleted(desk: Desk) -> None:
    """A new address is told with its signing secret, this once; it is in the list until it is deleted."""
    desk.open("/webhooks")
    desk.button("New webhook").click()
    desk.page.get_by_role("textbox", name="Address").fill("https://hooks.example.com/streamforge")
    desk.button("Make webhook").click()
    assert desk.page.get_by_label("The secret").input_value().startswith("whsec_")
    desk.button("I have it").click()
    expect(desk.row("https://hooks.example.com/streamforge")).to_contain_text("job.succeeded")
    desk.page.get_by_role("button", name="Test https").click()
    expect(desk.page.locator(".toast")).to_contain_text("A test is on its way")
    desk.page.get_by_role("button", name="Deliveries to").click()
    expect(desk.dialog).to_contain_text("webhook.ping")
    desk.button("Close").click()
    desk.page.get_by_role("button", name="Delete the webhook").click()
    desk.dialog.get_by_role("button", name="Delete").click()
    expect(desk.page.get_by_text("No webhooks")).to_be_visible()


def test_no_key_is_asked_for_on_this_machine(desk: Desk) -> None:
    """Where the daemon listens on loopback alone, the dashboard is simply there."""
    expect(desk.open().heading).to_have_text("Overview")
    expect(desk.button("Sign out")).to_have_count(0)


def test_markup_stays_text(desk: Desk) -> None:
    """Prompts, messages and names that hold markup are shown as they are, and nothing in them runs."""
    job_id = submit(desk.daemon, "banner", {"prompt": MARKUP, "brand_name": MARKUP[:80], "sizes": ["300x250"]})
    apart(desk.daemon.outcome, job_id)
    desk.daemon.xadd(kind=MARKUP, input="{}", tenant=MARKUP)
    desk.open(f"/jobs/{job_id}").page.locator("summary", has_text="Input").click()
    expect(desk.page.get_by_role("region", name="Input")).to_contain_text("<img src=x onerror=")
    for path in ("/", "/dead", "/gallery", f"/try/banner?from={job_id}", "/jobs?q=%3Cimg%20src%3Dx%3E"):
        desk.open(path)
        assert desk.page.evaluate("window.hacked ?? null") is None
        assert desk.page.locator("img[src=x], main script, main b").count() == 0
    desk.open("/dead")
    expect(desk.page.get_by_role("table")).to_contain_text("<script>")


def test_a_strange_address_is_told(desk: Desk) -> None:
    """An address that names no view, or no job, says so."""
    expect(desk.open("/nowhere/<b>").heading).to_have_text("There is no such page")
    expect(desk.open("/jobs/%3Cimg%20src%3Dx%3E").heading).to_have_text("There is no such job")
    expect(desk.open("/jobs/%E0%A4%A").heading).to_have_text("There is no such job")
