"""The examples as their readers would use them: real daemons, from the files as they lie there."""

from __future__ import annotations

import asyncio
import contextlib
import json
import runpy
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.daemon import PATIENCE_S, ROOT, DaemonProcess, wait_for

EXAMPLES = ROOT / "examples"
THUMBNAILS = EXAMPLES / "thumbnails"

BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


class ExampleDaemon(DaemonProcess):
    """A daemon whose environment has some variables more."""

    def __init__(self, home: Path, variables: dict[str, str] | None = None, **settings: object) -> None:
        super().__init__(home, **settings)
        self._variables = variables or {}

    @property
    def environment(self) -> dict[str, str]:
        """The usual, and those."""
        return {**super().environment, **self._variables}


@contextlib.contextmanager
def running(daemon: ExampleDaemon) -> Generator[ExampleDaemon]:
    """Start the daemon; end it whatever happens."""
    try:
        yield daemon.start()
    finally:
        daemon.clean_up()


def artifact(daemon: DaemonProcess, job_id: str, name: str) -> bytes:
    """A file of a job, over HTTP."""
    answer = daemon.get(f"/api/v1/artifacts/{job_id}/{name}")
    assert answer.status == 200
    return answer.body


# ---- hello: one file, named by the settings beside it ----


@pytest.fixture
def hello(home: Path) -> Iterator[ExampleDaemon]:
    """A daemon that was started in a copy of the example's directory."""
    for path in (EXAMPLES / "hello").glob("*.*"):
        shutil.copy(path, home)
    with running(ExampleDaemon(home)) as daemon:
        yield daemon


def test_a_pipeline_in_one_file(hello: ExampleDaemon) -> None:
    """Jobs from the inbox and from the command line come to their end, with result and file."""
    ended = hello.outcome(hello.xadd(kind="hello", name="Grace", times=2))
    assert json.loads(ended["result"]) == "Hello, Grace!\nHello, Grace!"
    done = hello.command("submit", "hello", "--input", '{"name": "Ada"}', "--json")
    assert done.returncode == 0, done.stderr
    job_id = json.loads(done.stdout)["job_id"]
    assert hello.outcome(job_id)["state"] == "succeeded"
    assert hello.steps(job_id, "step.completed") == ["compose"]
    assert artifact(hello, job_id, "hello.txt") == b"Hello, Ada!"


def test_what_its_docstring_says(hello: ExampleDaemon) -> None:
    """The command in it works as it is written there."""
    text = (EXAMPLES / "hello" / "hello.py").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "$ streamforge submit" in line]
    assert '--input \'{"name": "Ada"}\' --wait' in line
    done = hello.command("submit", "hello", "--input", '{"name": "Ada"}', "--wait")
    assert done.returncode == 0, done.stderr
    assert "job.succeeded" in done.stdout
    refused = hello.command("submit", "hello", "--input", '{"nom": "Ada"}')
    assert (refused.returncode, "nom" in refused.stderr) == (2, True)


# ---- thumbnails: a package with an entry point ----


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example's wheel, built from a copy by what is installed here: nothing is fetched."""
    folder = tmp_path_factory.mktemp("wheel")
    source = shutil.copytree(THUMBNAILS, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(folder)], cwd=source, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture
def fake_gallery() -> Iterator[Any]:
    """The example's own gallery, in a thread with an event loop, since these tests are no coroutines."""
    gallery = runpy.run_path(str(THUMBNAILS / "tests" / "fake_gallery.py"))["FakeGallery"]()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="gallery")
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(gallery.__aenter__(), loop).result(PATIENCE_S)
        yield gallery
        asyncio.run_coroutine_threadsafe(gallery.__aexit__(), loop).result(PATIENCE_S)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def thumbnails(home: Path, wheel: Path, fake_gallery: Any) -> Iterator[ExampleDaemon]:  # noqa: ANN401 - a FakeGallery
    """A daemon in whose environment the example's wheel is installed, and its folder and gallery are named."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(home / "packages")
    pictures = home / "pictures"
    pictures.mkdir()
    for name in ("demo-set.png",):
        shutil.copy(ROOT / "docs" / "images" / name, pictures)
    (pictures / "notes.txt").write_text("no picture", encoding="utf-8")
    variables = {"THUMBNAILS_PICTURES": str(pictures), "THUMBNAILS_GALLERY": fake_gallery.url}
    with running(ExampleDaemon(home, variables)) as daemon:
        yield daemon


def test_a_pipeline_in_a_package(thumbnails: ExampleDaemon, fake_gallery: Any) -> None:  # noqa: ANN401 - the same
    """Found by its entry point; its jobs are published once each, however they were handed in."""
    album = json.dumps({"title": "Demo", "pictures": ["demo-set.png", "notes.txt"], "size_px": 100})
    from_inbox = thumbnails.xadd(kind="thumbnails", input=album)
    done = thumbnails.command("submit", "thumbnails", "--input", album, "--json")
    assert done.returncode == 0, done.stderr
    from_cli = json.loads(done.stdout)["job_id"]
    for job_id in (from_inbox, from_cli):
        ended = thumbnails.outcome(job_id)
        assert ended["state"] == "succeeded", ended
        result = json.loads(ended["result"])
        assert result["thumbnails"] == ["demo-set-100.jpg"]
        assert [skipped["picture"] for skipped in result["skipped"]] == ["notes.txt"]
        assert artifact(thumbnails, job_id, "demo-set-100.jpg").startswith(b"\xff\xd8\xff")
        assert artifact(thumbnails, job_id, "sheet.jpg").startswith(b"\xff\xd8\xff")
    assert sorted(fake_gallery.keys.values()) == [1, 1]


def test_a_parked_job_outlives_its_daemon(thumbnails: ExampleDaemon, fake_gallery: Any) -> None:  # noqa: ANN401 - the same
    """While the gallery takes its time the job waits without a slot; after a restart it goes on, publishing once."""
    fake_gallery.looks = 1
    job_id = thumbnails.xadd(kind="thumbnails", input='{"title": "Slow", "pictures": ["demo-set.png"]}')
    wait_for(lambda: thumbnails.record(job_id).get("state") == "scheduled", "the job is parked")
    thumbnails.stop()
    thumbnails.start()
    thumbnails.call("ZADD", "streamforge:{0}:scheduled", 0, job_id)  # its 30 s are over
    assert thumbnails.outcome(job_id)["state"] == "succeeded"
    assert list(fake_gallery.keys.values()) == [1]
    assert thumbnails.steps(job_id, "step.replayed") == ["thumbnail", "sheet", "publish"]


def test_the_packages_own_tests_pass() -> None:
    """As its readers run them, in its directory."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=THUMBNAILS,
        capture_output=True,
        text=True,
        check=False,
        timeout=55,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
