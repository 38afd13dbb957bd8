"""Banners by models, through a daemon: over a chain, within budgets, on the ledger; and the commands about them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Generator, Iterator
from contextlib import contextmanager

import pytest

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import PROGRAM, DaemonProcess

pytestmark = pytest.mark.long

BRIEF = {"prompt": "Kettle & Crumb bakery, opens Friday, www.kettle.example", "width": 300, "height": 250}
CLAUDE = "anthropic/claude-opus-5-5"
GPT = "openai/gpt-6.1-terra"


@pytest.fixture
def fakes() -> Iterator[dict[str, str]]:
    """A fake server that answers, one that always fails, by name."""
    with serving() as well, serving("--faults", "server_error=1") as broken:
        yield {"well": well, "broken": broken}


@contextmanager
def serving(*options: str) -> Generator[str]:
    """The address of ``models serve-fake`` on a free port."""
    words = [PROGRAM, "models", "serve-fake", "--port", "0", *options]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def chained(launch: Launch, anthropic: str, openai: str, **settings: object) -> DaemonProcess:
    """A daemon over two providers at these addresses."""
    return launch(
        providers__anthropic__base_url=anthropic,
        providers__anthropic__keys="sk-a",
        providers__openai__base_url=openai,
        providers__openai__keys="sk-o",
        **settings,
    ).start()


def report_of(daemon: DaemonProcess, job: str) -> dict[str, object]:
    """The job's report."""
    return json.loads(daemon.get(f"/api/v1/artifacts/{job}/report.json").body)


def submitted(daemon: DaemonProcess) -> str:
    """A banner's job id."""
    return json.loads(daemon.post("/api/v1/generate", json.dumps(BRIEF).encode()).body)["job_id"]


def test_the_next_model_of_the_chain_answers(launch: Launch, fakes: dict[str, str]) -> None:
    """Where the first provider is broken the second one designs; the report names it, and the ledger its calls."""
    daemon = chained(launch, fakes["broken"], fakes["well"])
    job = submitted(daemon)
    assert daemon.outcome(job)["state"] == "succeeded"
    assert report_of(daemon, job)["designer"] == "openai:gpt-6.1-terra"
    spent = json.loads(daemon.command("models", "spent", "--json").stdout)
    assert spent["models"][GPT]["calls"] == 2
    assert spent["total"]["usd"] == spent["models"][GPT]["usd"] > 0


def test_rules_answer_at_the_end_of_the_chain(launch: Launch, fakes: dict[str, str]) -> None:
    """Where every model is broken and the chain ends offline, the offline designer makes it, and the report says so."""
    daemon = chained(launch, fakes["broken"], fakes["broken"], llm__chain=f"{CLAUDE},{GPT},offline")
    job = submitted(daemon)
    assert daemon.outcome(job)["state"] == "succeeded"
    assert report_of(daemon, job)["designer"] == "offline"


def test_a_spent_budget_ends_the_job_at_once(launch: Launch, fakes: dict[str, str]) -> None:
    """It is not tried again, no call is made, and the error says what to do; credits pay for a prepaid tenant."""
    daemon = chained(launch, fakes["well"], fakes["well"], budgets__prepaid="true")
    job = submitted(daemon)
    ended = daemon.outcome(job)
    assert (ended["state"], json.loads(str(ended["error"]))["code"]) == ("failed", "billing")
    assert json.loads(daemon.command("models", "spent", "--json").stdout)["total"]["calls"] == 0
    assert "left 2.0000 USD" in daemon.command("models", "credit", "default", "2", "--id", "p-1").stdout
    assert "left 2.0000 USD" in daemon.command("models", "credit", "default", "2", "--id", "p-1").stdout
    assert daemon.outcome(submitted(daemon))["state"] == "succeeded"
    left = daemon.command("models", "credit", "default").stdout
    assert "granted 2.0000" in left
    assert "left 2.0000" not in left


def test_the_models_are_listed_without_their_keys(launch: Launch, fakes: dict[str, str]) -> None:
    """``models list`` shows chains, prices and fingerprints."""
    daemon = chained(launch, fakes["well"], fakes["well"])
    shown = daemon.command("models", "list").stdout
    assert all(part in shown for part in (CLAUDE, GPT, "input $4", fakes["well"]))
    assert "sk-a" not in shown


def test_a_refused_key_is_shown_and_lifted(launch: Launch) -> None:
    """The key that its provider does not know is benched: operators see it, and may have it tried again."""
    with serving("--faults", "unauthorised=1") as strict:
        daemon = chained(launch, strict, strict, llm__chain=f"{CLAUDE},offline")
        assert daemon.outcome(submitted(daemon))["state"] == "succeeded"
        assert "refused (unauthorized)" in daemon.command("models", "health").stdout
        assert "may be tried again" in daemon.command("models", "health", "--lift").stdout
        assert "refused" not in daemon.command("models", "health").stdout
        over_http = json.loads(daemon.command("models", "health", "--json", "--url", daemon.url).stdout)
        assert over_http == json.loads(daemon.command("models", "health", "--json").stdout)
        assert over_http["circuits"]


def test_a_tenant_that_cannot_be_gets_no_credits(launch: Launch) -> None:
    """Money is not granted to a name that no job can carry."""
    done = launch().start().command("models", "credit", "no such name!", "5", "--id", "p")
    assert (done.returncode, "no tenant" in done.stderr) == (2, True)
