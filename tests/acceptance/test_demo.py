"""`streamforge demo`: one command, one banner, nothing left behind."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess, Popen

import pytest
from PIL import Image

from tests.acceptance import processes
from tests.acceptance.daemon import PATIENCE_S, PROGRAM, wait_for

LOGO = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20">'
    '<rect width="40" height="20" rx="4" fill="#0a5"/><circle cx="20" cy="10" r="7" fill="#fff"/></svg>'
)


class Demo:
    """The command in a directory of its own; ``home`` is also where its temporary files go."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.tag = uuid.uuid4().hex
        self.temporary = home / "t"
        self.temporary.mkdir()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(self.temporary),
            processes.TAG: self.tag,
        }

    def start(self, *arguments: str) -> Popen[str]:
        """Begin a demo."""
        return Popen(
            [PROGRAM, "demo", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.home,
            env=self.environment,
            start_new_session=True,
        )

    def run(self, *arguments: str, code: int = 0) -> CompletedProcess[str]:
        """A whole demo, which ends with ``code`` and leaves nothing."""
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == code, err
        self.assert_nothing_left()
        return CompletedProcess(process.args, code, out, err)

    def assert_nothing_left(self) -> None:
        """No process and no temporary file."""
        wait_for(lambda: not processes.tagged(self.tag, self.home), "no process of the demo left")
        assert list(self.temporary.iterdir()) == []

    def only_file(self, directory: str) -> Image.Image:
        """The one picture in ``directory``."""
        (path,) = (self.home / directory).glob("banner-*")
        with Image.open(path) as image:
            image.load()
            return image


@pytest.fixture
def demo(home: Path) -> Iterator[Demo]:
    """A demo whose leftovers are ended."""
    made = Demo(home)
    yield made
    processes.end([found.pid for found in processes.tagged(made.tag, home)])


def test_prompt_and_size(demo: Demo) -> None:
    """A prompt and a size make that banner; the verification is shown, every line of it passed."""
    said = demo.run("--prompt", "Night run, 12 June, register now", "--size", "728x90", "--out", "made/here").stdout
    assert demo.only_file("made/here").size == (728, 90)
    lines = said.splitlines()
    table = lines[next(i for i, line in enumerate(lines) if line.startswith("check  ")) + 1 :]
    rows = table[: table.index("")]
    assert {row.split()[0] for row in rows} >= {"contrast", "text_overflow", "margin"}
    assert {row.split()[-1] for row in rows} == {"ok"}
    assert "designer: offline" in said
    assert "made/here/banner-728x90.png" in said


def test_brief_with_logo(demo: Demo) -> None:
    """A JSON brief may name its logo by a path beside it."""
    folder = demo.home / "briefs"
    folder.mkdir()
    (folder / "logo.svg").write_text(LOGO, encoding="utf-8")
    brief = {"prompt": "Kayak tours, book today", "logo": "logo.svg", "width": 300, "height": 250}
    (folder / "brief.json").write_text(json.dumps(brief), encoding="utf-8")
    assert "examine" in demo.run("--brief", "briefs/brief.json").stdout
    assert demo.only_file("out").size == (300, 250)


def test_brief_of_plain_text(demo: Demo) -> None:
    """A text file is the prompt."""
    (demo.home / "brief.txt").write_text("Piano lessons for beginners. First one free.\n", encoding="utf-8")
    demo.run("--brief", "brief.txt")
    assert demo.only_file("out").size == (1200, 628)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--size", "big"], "--size: 'big' is no size; write width x height in pixels"),
        (["--size", "9" * 5000 + "x9"], "is no size"),
        (["--size", "0x0"], "sizes is 0x0; each side has 16 to 8192 pixels"),
        (["--size", ""], "--size: '' is no size"),
        (["--prompt", ""], "prompt: expected text of 3 to 4000 characters"),
        (["--size", "8000x8000"], "choose a smaller canvas"),
        (["--brief", "nowhere.json"], "--brief: cannot read 'nowhere.json': no such file"),
        (["--brief", "latin.txt"], "it is not UTF-8"),
        (["--brief", "nested.json"], "nested.json is not valid JSON"),
        (["--logo", "nowhere.png"], "logo: cannot read nowhere.png: no such file"),
        (["--prompt", "  "], "prompt: "),
        (["--prompt", "Fine", "--out", "file"], "--out: cannot write into file: file is no directory"),
        (["--prompt", "Fine", "--out", "file/below"], "--out: cannot write into file/below"),
        (["--prompt", "Fine", "--out", "/proc/banners"], "nothing can be written in /proc"),
        (["--set", "worker.nam=x"], "did you mean worker.name?"),
    ],
)
def test_refused(demo: Demo, arguments: list[str], told: str) -> None:
    """What cannot be done ends with 2 and one line; nothing is left."""
    (demo.home / "file").touch()
    (demo.home / "latin.txt").write_bytes(b"caf\xe9")
    (demo.home / "nested.json").write_text('{"a":' * 100_000, encoding="utf-8")
    done = demo.run(*arguments, code=2)
    said = done.stderr
    assert "--out" not in arguments or not done.stdout  # before any work
    assert said.startswith("streamforge: ")
    assert told in said
    assert len(said.splitlines()) == 1


def test_logo_that_cannot_be_used(demo: Demo) -> None:
    """A job that fails is an exit code of 1; its event and the end tell the field, the reason and the fix."""
    (demo.home / "logo.png").write_bytes(base64.b64decode("AAAA"))
    said = demo.run("--prompt", "With a logo", "--logo", "logo.png", code=1)
    lines = said.stdout.splitlines()
    (failed,) = [line for line in lines if "job.failed" in line]
    assert "logo: " in failed
    assert "no PNG, JPEG or WebP" in failed
    assert failed.endswith(")")
    assert [line.split()[0] for line in lines if line.startswith("  ")][-2:] == ["error", "hint"]
    assert "asset_rejected: logo: " in said.stdout


def test_settings_of_a_daemon_do_not_hinder(demo: Demo) -> None:
    """A settings file made for a daemon, with queues, Redis and storage of its own, leaves the demo as it is."""
    elsewhere = '[redis]\nurl = "redis://127.0.0.1:1"\n[worker]\nqueues = ["others"]\n[storage]\nurl = "kept"\n'
    (demo.home / "streamforge.toml").write_text(elsewhere, encoding="utf-8")
    demo.run("--size", "300x250")
    assert demo.only_file("out").size == (300, 250)
    assert not (demo.home / "kept").exists()


@pytest.mark.parametrize("moment", ["daemon ready", "step.completed"])
@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(demo: Demo, moment: str, which: signal.Signals) -> None:
    """Ctrl-C in the middle, which a terminal sends to the whole group, ends with 130, quietly, and leaves nothing."""
    with demo.start("--size", "4000x3900") as process:
        assert process.stdout is not None
        assert process.stderr is not None
        while moment not in process.stdout.readline() and process.poll() is None:
            pass
        os.killpg(process.pid, which)
        process.stdout.read()
        said = process.stderr.read()
        assert process.wait(PATIENCE_S) == 130
    assert said == ""
    demo.assert_nothing_left()


def test_reader_that_leaves_early(demo: Demo) -> None:
    """A closed pipe ends the demo quietly, and nothing is left."""
    with demo.start() as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(PATIENCE_S) == 0
    demo.assert_nothing_left()
