"""The command line against a running daemon."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.conftest import Launch, prepare
from tests.acceptance.daemon import PATIENCE_S, PROGRAM, DaemonProcess, wait_for
from tests.acceptance.gates import Gates

BRIEF = json.dumps({"prompt": "Open day at the observatory, 3 May, free entry", "width": 300, "height": 250})
BROKEN = json.dumps({"prompt": "Broken logo", "logo": "data:image/png;base64,AAAA"})


def ask(daemon: DaemonProcess, *arguments: str, code: int = 0, given: str | None = None) -> str:
    """Standard output of a command that ends with ``code``; what it says to the user is one line or nothing."""
    done = daemon.command(*arguments, given=given)
    assert done.returncode == code, done.stderr
    said = done.stderr.splitlines()
    assert len(said) == (code not in {0, 1})
    assert not said or said[0].startswith("streamforge: ")
    return done.stdout if code in {0, 1} else said[0]


def test_submit_prints_the_id(daemon: DaemonProcess) -> None:
    """The id alone, ready for a shell variable; with --json an object."""
    job_id = ask(daemon, "submit", "banner", "--input", BRIEF).strip()
    assert daemon.outcome(job_id)["state"] == "succeeded"
    told = json.loads(ask(daemon, "submit", "banner", "--input", BRIEF, "--json"))
    assert told["is_new"]
    assert daemon.outcome(told["job_id"])["state"] == "succeeded"


def test_input_from_file_and_stdin(daemon: DaemonProcess) -> None:
    """@FILE and @- are read; a file that is not there is named."""
    (daemon.home / "brief.json").write_text(BRIEF, encoding="utf-8")
    for source, given in (("@brief.json", None), ("@-", BRIEF)):
        job_id = ask(daemon, "submit", "banner", "--input", source, given=given).strip()
        assert daemon.outcome(job_id)["state"] == "succeeded"
    assert "nowhere.json" in ask(daemon, "submit", "banner", "--input", "@nowhere.json", code=2)


def test_wait_follows_the_job(daemon: DaemonProcess) -> None:
    """--wait shows the events and ends with the job's end: 0, or 1 and the error."""
    shown = ask(daemon, "submit", "banner", "--input", BRIEF, "--wait")
    assert [word for word in ("job.queued", "step.completed", "job.succeeded", "image/png") if word not in shown] == []
    failed = ask(daemon, "submit", "banner", "--input", BROKEN, "--wait", code=1)
    assert "asset_rejected: logo:" in failed
    (line,) = [line for line in failed.splitlines() if "job.failed" in line]
    assert "asset_rejected  logo: " in line
    assert line.endswith(")")
    assert json.loads(ask(daemon, "submit", "banner", "--input", BROKEN, "--wait", "--json", code=1))["error"]["hint"]


def test_own_id_and_idempotency_key(daemon: DaemonProcess) -> None:
    """The same id or key gives the same job; a key with another input is refused with 2."""
    keyed = ("--idempotency-key", "order-77", "--json")
    first = json.loads(ask(daemon, "submit", "banner", "--input", BRIEF, *keyed))
    again = json.loads(ask(daemon, "submit", "banner", "--input", BRIEF, *keyed))
    assert (first["is_new"], again) == (True, {"job_id": first["job_id"], "is_new": False})
    other = BRIEF.replace("3 May", "4 May")
    assert first["job_id"] in ask(daemon, "submit", "banner", "--input", other, *keyed, code=2)
    for _ in range(2):
        assert ask(daemon, "submit", "banner", "--input", BRIEF, "--id", "mine-1").strip() == "mine-1"
    assert daemon.outcome("mine-1")["state"] == "succeeded"


def test_status_and_watch(daemon: DaemonProcess) -> None:
    """Both show a job, for people and as JSON; watch replays what has been and ends at the end."""
    job_id = ask(daemon, "submit", "banner", "--input", BRIEF).strip()
    events = [json.loads(line) for line in ask(daemon, "watch", job_id, "--json").splitlines()]
    assert (events[0]["type"], events[-1]["type"]) == ("job.queued", "job.succeeded")
    assert "job.succeeded" in ask(daemon, "watch", job_id)
    assert "succeeded  100 %" in ask(daemon, "status", job_id)
    assert json.loads(ask(daemon, "status", job_id, "--json"))["status"] == "SUCCESS"


def test_errors_are_one_line(daemon: DaemonProcess) -> None:
    """What does not fit is told in one line that names the field and the fix, with the documented exit code."""
    assert "did you mean 'banner'?" in ask(daemon, "submit", "baner", "--input", "{}", code=2)
    assert "prompt: " in ask(daemon, "submit", "banner", "--input", "{}", code=2)
    assert "not valid JSON" in ask(daemon, "submit", "banner", "--input", "{", code=2)
    assert "id: " in ask(daemon, "submit", "banner", "--input", BRIEF, "--id", "a/b", code=2)
    for command in (("status", "nobody"), ("watch", "nobody"), ("dead", "show", "1-1"), ("dead", "requeue", "x")):
        ask(daemon, *command, code=4)
    ask(daemon, "dead", "list", "--before", "x", code=4)
    ask(daemon, "submit", "banner", "--input", BRIEF, "--set", "worker", code=2)


def test_debug_shows_the_traceback(daemon: DaemonProcess) -> None:
    """--debug adds the traceback before the line."""
    done = daemon.command("status", "nobody", "--debug")
    assert done.returncode == 4
    assert done.stderr.startswith("Traceback")
    assert done.stderr.splitlines()[-1].startswith("streamforge: job_id:")


def test_usage_errors(daemon: DaemonProcess) -> None:
    """The parser's own errors have exit code 2 as well; help and version have 0."""
    for wrong in (["submit"], ["dead", "list", "--count", "0"], ["nonsense"], []):
        assert daemon.command(*wrong).returncode == 2
    assert daemon.command("--version").stdout.startswith("streamforge ")
    assert daemon.command("submit", "--help").returncode == 0


def test_dead_letters(daemon: DaemonProcess) -> None:
    """Letters are listed newest first and shown with their original fields; JSON has them whole."""
    job_id = daemon.xadd(kind="banner", prompt="Colour by name", brand_colors="red")
    entry = job_id.removeprefix("in-")
    letter = wait_for(lambda: daemon.letters(entry=entry), "the dead letter")[0]["id"]
    assert ask(daemon, "dead", "list", "--count", "1").startswith(letter)
    assert json.loads(ask(daemon, "dead", "list", "--json", "--count", "1"))[0]["id"] == letter
    assert letter not in ask(daemon, "dead", "list", "--before", letter)
    shown = ask(daemon, "dead", "show", letter)
    assert [word for word in ("expected #rgb or #rrggbb", "brand_colors = red") if word not in shown] == []
    assert json.loads(ask(daemon, "dead", "show", letter, "--json"))["fields"]["prompt"] == "Colour by name"


def test_requeue_after_the_cause_is_mended(launch: Launch, home: Path) -> None:
    """A message of a kind that was not installed runs once it is, by requeueing its dead letter."""
    shutil.rmtree(home / "packages")
    daemon = launch(redis__prefix="mended").start()
    inbox, letters = "mended:inbox", "mended:{0}:dead"
    (home / "gates").mkdir()
    gates = Gates(home / "gates")
    gates.open("late")
    message = json.dumps({"folder": str(gates.folder), "name": "late"})
    daemon.call("XADD", inbox, "*", "kind", "gate", "input", message)
    wait_for(lambda: daemon.call("XLEN", letters), "the dead letter")
    daemon.stop()

    prepare(home)
    daemon.start()
    letter = ask(daemon, "dead", "list").split()[0]
    job_id = ask(daemon, "dead", "requeue", letter).split()[-1]
    wait_for(lambda: daemon.command("status", job_id).returncode == 0, "the job to appear")
    assert "job.succeeded" in ask(daemon, "watch", job_id)
    assert ask(daemon, "dead", "list") == ""


def test_kinds(daemon: DaemonProcess) -> None:
    """Kinds of installed packages are listed with their steps; one's input is shown as JSON Schema."""
    assert [line.split()[0] for line in ask(daemon, "kinds").splitlines()] == ["banner", "gate"]
    assert "BannerSpec" in json.loads(ask(daemon, "kinds", "banner"))["$defs"]
    assert "did you mean" in ask(daemon, "kinds", "bannr", code=2)


def test_config(daemon: DaemonProcess) -> None:
    """Settings are checked, with a name suggested for what is none, and shown with secrets masked, also in URLs."""
    assert "can be used" in ask(daemon, "config", "check")
    assert "did you mean worker.concurrency?" in ask(daemon, "config", "check", "--set", "worker.concurency=3", code=2)
    secret = "sk-very-secret"  # noqa: S105 - a lure
    lures = (f"providers.anthropic.keys={secret}", f"redis.url=redis://:{secret}@127.0.0.1:1/0")
    shown = ask(daemon, "config", "show", *(word for lure in lures for word in ("--set", lure)))
    assert secret not in shown
    assert 'keys = ["********"]' in shown
    assert "[worker]" in ask(daemon, "config", "example")


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        (
            "embedded.server=/nope",
            "embedded.server: /nope is not a program that can be run (from flag embedded.server)",
        ),
        ("paths.data_dir=/proc/x", "paths.data_dir: cannot use /proc/x: nothing can be written in /proc"),
        ("paths.data_dir=/dev/null/x", "/dev/null is no directory"),
        ("redis.url=redis://h:notaport", "redis.url: its port is no number"),
        ("providers.anthropic.base_url=nonsense", "providers.anthropic.base_url: expected http://host"),
        ("jobs.result_ttl_s=1e300", "jobs.result_ttl_s: expected float > 0 and <= 315360000"),
    ],
)
def test_config_check_finds_what_a_start_would(daemon: DaemonProcess, setting: str, told: str) -> None:
    """A program that is not there, a directory that cannot be made, an address that is none: 2, naming the setting."""
    assert told in ask(daemon, "config", "check", "--set", setting, code=2)


def test_config_check_reports_all_at_once_and_leaves_nothing(daemon: DaemonProcess, tmp_path: Path) -> None:
    """Directory and program are told together; a directory that could be made is not made by asking."""
    both = ("--set", "embedded.server=/nope", "--set", "paths.data_dir=/proc/x")
    said = daemon.command("config", "check", *both)
    assert (said.returncode, len(said.stderr.splitlines())) == (2, 3)
    ask(daemon, "config", "check", "--set", f"paths.data_dir={tmp_path}/a/b")
    assert list(tmp_path.iterdir()) == []


def test_what_programs_read(daemon: DaemonProcess) -> None:
    """With --json what operators see and do is JSON."""
    now = json.loads(ask(daemon, "top", "--json"))
    assert [worker["name"] for worker in now["workers"]] == ["acceptance"]
    assert now["queues"][0]["queue"] == "default"
    turned = [json.loads(ask(daemon, "queues", act, "parked", "--json")) for act in ("pause", "resume")]
    assert [(each["paused"], each["changed"]) for each in turned] == [(True, True), (False, True)]
    assert json.loads(ask(daemon, "models", "credit", "acme", "--json"))["left_usd"] == 0
    entry = daemon.xadd(kind="nobody-knows", input="{}").removeprefix("in-")
    letter = wait_for(lambda: daemon.letters(entry=entry), "the dead letter")[0]["id"]
    assert json.loads(ask(daemon, "dead", "purge", letter, "--json")) == {"forgotten": [letter]}


def test_submit_counts_bytes(daemon: DaemonProcess) -> None:
    """An input over jobs.max_input_bytes is refused here too, naming the field and the setting."""
    brief = json.dumps({"prompt": "ä" * 60}, ensure_ascii=False)
    said = ask(daemon, "submit", "banner", "--input", brief, "--set", "jobs.max_input_bytes=100", code=2)
    assert "prompt: " in said
    assert "jobs.max_input_bytes" in said


@pytest.mark.parametrize(
    "words", [["status", "x"], ["watch", "x"], ["dead", "list"], ["submit", "banner", "--input", BRIEF]], ids=" ".join
)
def test_no_daemon(launch: Launch, words: list[str]) -> None:
    """Without a daemon every command that needs one ends with 3 and says what to start."""
    assert "start `streamforge run`" in (said := ask(launch(), *words, code=3))
    assert "--set paths.data_dir=" in said


def test_daemon_killed_and_its_server_too(launch: Launch) -> None:
    """A socket that nobody listens on any more is told as such, with 3."""
    daemon = launch().start()
    daemon.kill()
    daemon.clean_up()
    ask(daemon, "status", "x", code=3)
    assert "Redis does not answer" in ask(daemon, "dead", "list", "--set", "redis.url=redis://127.0.0.1:1", code=3)


def test_reader_that_leaves_early(daemon: DaemonProcess) -> None:
    """A closed pipe, as `| head` makes, ends a command quietly."""
    for words in (["submit", "banner", "--input", BRIEF, "--wait"], ["config", "show"]):
        with subprocess.Popen(
            [PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=daemon.home, env=daemon.environment
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(30) == 0


def test_interrupted_wait(daemon: DaemonProcess) -> None:
    """Ctrl-C ends the waiting with 130 and no word but the warning of an unserved queue; the job goes on."""
    words = [PROGRAM, "submit", "banner", "--input", BRIEF, "--wait", "--set", "worker.name=x", "--queue", "nobody"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=daemon.home, env=daemon.environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        job_id = process.stdout.readline().decode().strip()
        assert b"job.queued" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        try:
            assert process.wait(PATIENCE_S) == 130
        finally:
            process.kill()
        (warning,) = process.stderr.read().splitlines()
        assert b"queue 'nobody' is not in worker.queues (default)" in warning
    assert daemon.record(job_id)["state"] == "queued"


def test_files_of_the_directory_are_no_modules(launch: Launch) -> None:
    """A file that is called like a module of Python is not imported in its place, in no process of the daemon."""
    daemon = launch(pool__slots=1)
    for name in ("copy", "types", "struct"):
        (daemon.home / f"{name}.py").write_text("raise RuntimeError('imported from the directory')\n")
    daemon.start()
    assert (
        daemon.outcome(daemon.xadd(kind="banner", prompt="Bread at dawn", width=300, height=250))["state"]
        == "succeeded"
    )
    assert "imported from the directory" not in daemon.stderr()


def test_port_option(launch: Launch) -> None:
    """The option --port of run overrides the settings."""
    daemon = launch(api__port=1).spawn("--port", "0")
    ready = wait_for(lambda: daemon.events("daemon_ready"), "daemon_ready in the log")
    assert not ready[0]["http"].endswith(":1")
