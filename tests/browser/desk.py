"""The dashboard in a browser, over a real daemon: what the tests do and see there."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar
from urllib.parse import quote

from playwright.sync_api import Browser, Locator, Page, expect

from tests.acceptance.daemon import DaemonProcess
from tests.acceptance.gates import Gates

P = ParamSpec("P")
T = TypeVar("T")

PATIENCE_MS = 20_000
"""For what takes a second on an idle machine."""

BROKEN_LOAD = "Failed to load resource"
"""What the console says of every answer that is an error; tests ask for those on purpose."""

expect.set_options(timeout=PATIENCE_MS)


class Desk:
    """A tab on a daemon's dashboard; ``complaints`` are the page's own errors, and what its policy refused."""

    def __init__(self, page: Page, daemon: DaemonProcess) -> None:
        self.page = page
        self.daemon = daemon
        self.complaints: list[str] = []
        self._is_open = False
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self._heard(message.type, message.text))

    def open(self, path: str = "/") -> Desk:
        """Show a view, and wait for its heading and for what it loads."""
        address = f"http://127.0.0.1:{self.daemon.port}/#{path}"
        if self._is_open:
            self.page.evaluate("path => { location.hash = path; }", path)
        else:
            self.page.goto(address)
            self._is_open = True
        self.heading.wait_for()
        expect(self.page.get_by_label("Loading")).to_have_count(0)
        return self

    @property
    def heading(self) -> Locator:
        """The view's."""
        return self.page.get_by_role("heading", level=1)

    def button(self, name: str) -> Locator:
        """The button of that name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def region(self, name: str) -> Locator:
        """The card of that name."""
        return self.page.get_by_role("region", name=name, exact=True)

    def row(self, text: str) -> Locator:
        """The table's row that says so."""
        return self.page.get_by_role("row").filter(has_text=text)

    @property
    def dialog(self) -> Locator:
        """The one that is open."""
        return self.page.get_by_role("dialog")

    def is_cut(self) -> bool:
        """Whether the page is wider than its window."""
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not text.startswith(BROKEN_LOAD):
            self.complaints.append(text)


@contextmanager
def desk_on(browser: Browser, daemon: DaemonProcess, **context: Any) -> Generator[Desk]:  # noqa: ANN401 - Playwright's own
    """A tab with a profile of its own; at its end it must have had nothing to complain of."""
    made = browser.new_context(**context)
    desk = Desk(made.new_page(), daemon)
    try:
        yield desk
        assert desk.complaints == []
    finally:
        made.close()


def apart(act: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do it on another thread: Playwright's loop runs on this one, where none of one's own can be run beside it."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(act, *args, **kwargs).result()


def submit(daemon: DaemonProcess, kind: str, given: dict[str, Any], **fields: object) -> str:
    """A job by HTTP; its id."""
    answer = daemon.post("/api/v1/jobs", json.dumps({"kind": kind, "input": given, **fields}).encode())
    assert answer.status == 202, answer.body
    return str(answer.json()["job_id"])


def end_of(daemon: DaemonProcess, job_id: str) -> str:
    """Wait for the job's end; the state that it ended in."""
    return apart(daemon.outcome, job_id)["state"]


def at_gate(daemon: DaemonProcess, gates: Gates, name: str) -> str:
    """A job that runs and waits at its gate; its id."""
    return apart(gates.submit, daemon, name)


def state_of(daemon: DaemonProcess, job_id: str) -> str:
    """The job's state."""
    return str(daemon.get(f"/api/v1/jobs/{quote(job_id)}").json()["state"])
