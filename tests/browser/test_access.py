"""The dashboard for everybody: with axe, by keyboard alone, on narrow screens, light and dark."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from playwright.sync_api import Browser, expect

from tests.acceptance.daemon import DaemonProcess
from tests.acceptance.gates import Gates
from tests.browser.desk import Desk, at_gate, desk_on, end_of, submit

pytestmark = pytest.mark.long

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
RUN = "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"
GRAVE = {"serious", "critical"}
VIEWS = ("/", "/jobs", "/dead", "/try", "/try/gate", "/try/album", "/gallery", "/webhooks", "/keys")


def grave(desk: Desk) -> list[str]:
    """What axe finds serious or critical on the page: the rule, and where."""
    if not desk.page.evaluate("'axe' in window"):
        desk.page.evaluate(AXE)
    found = cast("list[dict[str, Any]]", desk.page.evaluate(RUN))
    return [
        f"{each['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for each in found
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_grave(
    browser: Browser, daemon: DaemonProcess, banner: str, failed: str, gates: Gates, theme: Literal["light", "dark"]
) -> None:
    """On each view, with a job that runs, one that is done and one that failed: no serious or critical issue."""
    running = at_gate(daemon, gates, f"axe-{theme}")
    with desk_on(browser, daemon, color_scheme=theme, reduced_motion="reduce") as desk:
        for path in (*VIEWS, f"/jobs/{banner}", f"/jobs/{failed}", f"/jobs/{running}"):
            assert grave(desk.open(path)) == [], path
        desk.open(f"/jobs/{banner}").button("Constraint graph").click()
        for summary in desk.page.locator("summary").all():
            summary.click()
        assert grave(desk) == []


def test_axe_finds_nothing_grave_in_dialogs_and_menus(browser: Browser, daemon: DaemonProcess, failed: str) -> None:
    """The dialogs, and the menu of narrow screens."""
    with desk_on(browser, daemon, viewport={"width": 360, "height": 740}, reduced_motion="reduce") as desk:
        desk.open("/dead").page.get_by_role("button", name=f"More about Job {failed}").click()
        assert grave(desk) == []
        desk.button("Close").click()
        desk.button("Menu").click()
        expect(desk.page.get_by_role("link", name="Gallery")).to_be_visible()
        assert grave(desk) == []
        desk.page.keyboard.press("Escape")
        expect(desk.button("Menu")).to_be_focused()
        desk.open("/keys").button("New key").click()
        assert grave(desk) == []


def test_axe_finds_nothing_grave_at_the_door(browser: Browser, guarded: DaemonProcess) -> None:
    """The form to log in."""
    with desk_on(browser, guarded) as desk:
        assert grave(desk.open()) == []


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_is_cut_off(browser: Browser, daemon: DaemonProcess, banner: str, failed: str, width: int) -> None:
    """No view is wider than its window."""
    with desk_on(browser, daemon, viewport={"width": width, "height": 800}) as desk:
        cut = [path for path in (*VIEWS, f"/jobs/{banner}", f"/jobs/{failed}") if desk.open(path).is_cut()]
        assert cut == []


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_long_names_leave_room_for_the_rest(browser: Browser, daemon: DaemonProcess, width: int) -> None:
    """Kinds, queues and tenants of as many letters as there may be push nothing out of the window."""
    name = "n" * 64
    daemon.xadd(kind=name, input="{}", tenant=name)
    submit(daemon, "gate", {"folder": "/", "name": "far off"}, id=f"far-{width}", queue=name, tenant=name, delay_s=7e4)
    with desk_on(browser, daemon, viewport={"width": width, "height": 800}) as desk:
        for path, text in (("/", "message in the inbox"), ("/jobs", "far off"), ("/dead", "message in the inbox")):
            desk.open(path)
            expect(desk.page.get_by_text(text).first).to_be_visible()
            assert not desk.is_cut()
            for button in desk.page.get_by_role("button", name="Requeue").all():
                expect(button).to_be_in_viewport(ratio=1)


def test_by_keyboard_alone(desk: Desk) -> None:
    """From the skip link over the navigation to a form that is filled in and sent, and back out of a dialog."""
    page = desk.open().page
    keys = page.keyboard
    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("link", name="Try", exact=True).focus()
    keys.press("Enter")
    expect(desk.heading).to_have_text("Try")
    expect(desk.heading).to_be_focused()
    page.get_by_label("What should it say").focus()
    keys.type("Spring sale at Fern Florists. Order now")
    for _ in range(60):
        keys.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Generate":
            break
    keys.press("Enter")
    open_job = page.get_by_role("link", name="Open job")
    open_job.focus()
    keys.press("Enter")
    expect(desk.heading).to_be_focused()
    expect(page.locator(".job-head .badge")).to_have_text("succeeded")


def test_a_dialog_holds_the_focus_and_gives_it_back(desk: Desk, gates: Gates) -> None:
    """The focus begins on the harmless answer, stays within, and is where it was after Escape."""
    desk.open(f"/jobs/{at_gate(desk.daemon, gates, 'held')}")
    opener = desk.button("Cancel job")
    opener.focus()
    desk.page.keyboard.press("Enter")
    expect(desk.dialog.get_by_role("button", name="Keep it")).to_be_focused()
    for _ in range(4):
        desk.page.keyboard.press("Tab")
        assert desk.page.evaluate(
            "document.activeElement.closest('dialog') || document.activeElement === document.body"
        )
    desk.page.keyboard.press("Escape")
    expect(desk.dialog).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_row_that_goes_leaves_the_focus_in_the_list(desk: Desk, tmp_path: Path) -> None:
    """Whoever requeues one letter after another by keyboard is not sent back to the top of the page."""
    folder = tmp_path / "later"
    for name in ("focus-0", "focus-1"):
        submit(desk.daemon, "gate", {"folder": str(folder), "name": "g"}, id=name, tenant="keyboard")
        assert end_of(desk.daemon, name) == "failed"
    desk.open("/dead?tenant=keyboard")
    folder.mkdir()
    (folder / "g.open").touch()
    first = desk.page.get_by_role("button", name="Requeue Job focus-1")
    first.focus()
    desk.page.keyboard.press("Enter")
    expect(first).to_have_count(0)
    expect(desk.page.get_by_role("button", name="Requeue Job focus-0")).to_be_focused()


def test_the_switch_of_colours_is_kept(desk: Desk) -> None:
    """Light and dark can be chosen against the system, and a reload keeps the choice."""
    desk.open()
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    system = desk.page.evaluate(ground)
    switch = desk.page.get_by_role("button", name="Colours")
    switch.click()
    switch.click()
    expect(switch).to_have_text("Dark")
    dark = desk.page.evaluate(ground)
    assert dark != system
    desk.page.reload()
    desk.heading.wait_for()
    assert desk.page.evaluate(ground) == dark
