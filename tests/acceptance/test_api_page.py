"""The examples of docs/api.md do what the page says, against a real daemon."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import DaemonProcess

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    """The page's first example in that language."""
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def daemon(launch: Launch) -> DaemonProcess:
    """One that makes banners by rule."""
    return launch(llm__chain="offline", pool__slots=1).start()


def test_curl(daemon: DaemonProcess, tmp_path: Path) -> None:
    """Line by line: the job is handed in, asked for, followed to its end, and its file fetched."""
    if shutil.which("curl") is None:
        if os.environ.get("CI"):
            pytest.fail("curl is not installed")
        pytest.skip("curl is not installed: apt-get install curl")
    script = "set -e\n" + block("sh").replace("http://127.0.0.1:8080", daemon.url)
    done = subprocess.run(
        ["/bin/sh", "-c", script], capture_output=True, text=True, cwd=tmp_path, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "event: job.succeeded" in done.stdout
    assert '"state":"succeeded"' in done.stdout
    assert (tmp_path / "banner-1200x628.png").read_bytes().startswith(b"\x89PNG")


def test_python(daemon: DaemonProcess, tmp_path: Path) -> None:
    """As it stands on the page, with the address in the environment."""
    done = subprocess.run(
        [sys.executable, "-c", block("python")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**daemon.environment, "STREAMFORGE_URL": daemon.url},
        timeout=50,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "succeeded ['banner-300x250.png'" in done.stdout
    assert "job.succeeded" in done.stdout
    assert (tmp_path / "banner.png").read_bytes().startswith(b"\x89PNG")
