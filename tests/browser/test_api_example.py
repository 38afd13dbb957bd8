"""The JavaScript example of docs/api.md, as it stands there, in a page of the daemon."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.acceptance.daemon import DaemonProcess

pytestmark = pytest.mark.long

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def test_the_example(browser: Browser, daemon: DaemonProcess) -> None:
    """It hands a job in, waits for it, and tells its state and files."""
    found = re.search(r"^```js\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    code = re.sub(r"^import (\{.*?\}) from (.*?);$", r"const \1 = await import(\2);", found[1], flags=re.MULTILINE)
    said: list[str] = []
    page = browser.new_page()
    try:
        page.on("console", lambda message: said.append(message.text))
        page.goto(f"{daemon.url}/static/streamforge-client.js")
        page.evaluate(f"async () => {{ {code} }}")
    finally:
        page.close()
    assert said
    assert said[-1].startswith("succeeded")
    assert "banner-300x250.png" in said[-1]
