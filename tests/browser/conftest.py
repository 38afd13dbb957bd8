"""A browser and a daemon for all tests here, and a tab for each."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.acceptance.conftest import prepare
from tests.acceptance.daemon import DaemonProcess
from tests.acceptance.gates import Gates
from tests.browser.desk import Desk, apart, desk_on, end_of, submit

ABSENT = "Chromium is not installed: nothing here proves that the dashboard works (apt-get install chromium)"

AUTUMN = {
    "prompt": "Autumn Tasting Week at Blue Bean Coffee. 30% off each roast until Sunday. Order at bluebean.example",
    "brand_colors": ["#12355b", "#ea8349"],
    "sizes": ["1200x628", "300x250", "728x90"],
}
WORDLESS = {"prompt": "🎉🎉🎉🎉"}
"""A brief that no headline can be made of."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; in CI it must be there. Its loop runs as long as it does, so it does not outlive a module."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        if os.environ.get("CI") == "true":
            pytest.fail(ABSENT)
        pytest.skip(ABSENT)
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu"]
        started = playwright.chromium.launch(executable_path=program, args=flags)
        yield started
        started.close()


@contextmanager
def daemon_with(**settings: object) -> Generator[DaemonProcess]:
    """A daemon with the pipeline that waits at gates, and one that takes files."""
    with tempfile.TemporaryDirectory(prefix="sf-") as name:
        home = Path(name).resolve()
        prepare(home)
        fixed: dict[str, object] = {
            "worker__max_attempts": 1,
            "worker__grace_s": 0,
            "pipelines__modules": "tests.browser.album:PIPELINE",
        }
        process = DaemonProcess(home, **fixed, **settings)
        try:
            yield apart(process.start)
        finally:
            apart(process.clean_up)


@pytest.fixture(scope="session")
def daemon() -> Iterator[DaemonProcess]:
    """One that asks for no key. Two slots: a job at its gate holds one."""
    with daemon_with(pool__slots=2) as made:
        yield made


@pytest.fixture(scope="session")
def guarded() -> Iterator[DaemonProcess]:
    """One that asks everybody for a key."""
    with daemon_with(pool__slots=1, api__auth="always") as made:
        yield made


@pytest.fixture
def desk(browser: Browser, daemon: DaemonProcess) -> Iterator[Desk]:
    """A tab on the open daemon."""
    with desk_on(browser, daemon, viewport={"width": 1280, "height": 900}) as made:
        yield made


@pytest.fixture
def gates(tmp_path: Path) -> Iterator[Gates]:
    """Gate jobs of this test alone; at its end every gate is open, so that none holds a slot."""
    made = Gates(tmp_path)
    yield made
    made.open(*(path.stem for path in tmp_path.glob("*.pids")))


@pytest.fixture(scope="session")
def banner(daemon: DaemonProcess) -> str:
    """A banner that is done."""
    job_id = submit(daemon, "banner", AUTUMN)
    assert end_of(daemon, job_id) == "succeeded", daemon.record(job_id).get("error")
    return job_id


@pytest.fixture(scope="session")
def failed(daemon: DaemonProcess) -> str:
    """A banner that has failed, and left a dead letter."""
    job_id = submit(daemon, "banner", WORDLESS, id="no-words")
    assert end_of(daemon, job_id) == "failed"
    return job_id
