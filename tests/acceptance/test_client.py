"""The Python client against a real daemon: submit, wait, stream, download, list; and its refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from streamforge.client import ApiError, AsyncClient, Client, JobNotSuccessful, ServerAway, WaitedTooLong
from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import DaemonProcess

BRIEF = {"prompt": "Kettle & Crumb bakery, opens Friday, www.kettle.example", "width": 300, "height": 250}
LOGO = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><rect width="40" height="20" fill="#c00"/></svg>'
BAD_LOGO = {"prompt": "Kettle & Crumb bakery", "logo": "data:image/png;base64,AAAA"}


@pytest.fixture
def daemon(launch: Launch) -> DaemonProcess:
    """One that makes banners by rule."""
    return launch(llm__chain="offline", pool__slots=1).start()


@pytest.fixture
def client(daemon: DaemonProcess) -> Client:
    """A client of it."""
    return Client(daemon.url)


def test_a_job_from_submit_to_file(client: Client, tmp_path: Path) -> None:
    """One call hands in and waits; the job tells its story; its file comes as bytes, or is written where wanted."""
    with client:
        job = client.run("banner", BRIEF, timeout_s=60)
        assert (job.state, job.status, job.progress) == ("succeeded", "SUCCESS", 100.0)
        assert [step.name for step in job.timeline][:1] == ["strategy"]
        assert job.steps.completed >= 3
        data = client.download(job.id, "banner-300x250.png")
        assert isinstance(data, bytes)
        assert data.startswith(b"\x89PNG")
        written = client.download(job.id, "banner-300x250.png", tmp_path / "b.png")
        assert (tmp_path / "b.png").read_bytes() == data
        assert written == tmp_path / "b.png"


def test_the_same_key_is_the_same_job(client: Client) -> None:
    """An idempotency key makes a repeated submission the first one's job; another input under it is refused."""
    with client:
        first = client.submit("banner", BRIEF, key="k-1")
        again = client.submit("banner", BRIEF, key="k-1")
        assert (first.is_new, again.is_new, again.job_id) == (True, False, first.job_id)
        with pytest.raises(ApiError) as caught:
            client.submit("banner", {**BRIEF, "width": 320}, key="k-1")
        assert caught.value.status == 409


def test_events_come_once_and_in_order(client: Client) -> None:
    """From the beginning to the end, each once; from an id on, only what follows it."""
    with client:
        job_id = client.submit("banner", BRIEF).job_id
        seen = list(client.events(job_id))
        assert (seen[0].type, seen[-1].type) == ("job.queued", "job.succeeded")
        assert len({event.id for event in seen}) == len(seen)
        rest = list(client.events(job_id, last_id=seen[2].id))
        assert [event.id for event in rest] == [event.id for event in seen[3:]]


def test_a_job_that_fails_says_why(client: Client) -> None:
    """``run`` raises with the job's code and hint; ``wait`` gives the job as it ended."""
    with client:
        with pytest.raises(JobNotSuccessful) as caught:
            client.run("banner", BAD_LOGO, timeout_s=60)
        job = client.wait(caught.value.job_id)
        assert job.error is not None
        assert job.error.code == caught.value.reason
        assert job.error.friendly


def test_many_at_once_and_in_lists(client: Client) -> None:
    """A batch takes the good ones and refuses the bad one; a list pages through all, newest first."""
    with client:
        jobs = [{"kind": "banner", "input": BRIEF, "delay_s": 3600} for _ in range(5)]
        answers = client.submit_many([*jobs, {"kind": "nobody", "input": {}}])
        assert [("error" in answer) for answer in answers] == [False] * 5 + [True]
        listed = [job.id for job in client.jobs(state="scheduled", limit=50)]
        assert sorted(listed) == sorted(answer["job_id"] for answer in answers[:5])
        assert [job.id for job in client.jobs(limit=2)] == listed[:2]
        client.cancel(listed[0], reason="not needed")
        assert client.job(listed[0]).state == "cancelled"
        client.retry(listed[0])
        assert client.wait(listed[0], timeout_s=60).state == "succeeded"


def test_waiting_ends_and_the_job_goes_on(client: Client) -> None:
    """A limit on waiting is no limit on the job."""
    with client:
        job_id = client.submit("banner", BRIEF, delay_s=3600).job_id
        with pytest.raises(WaitedTooLong):
            client.wait(job_id, timeout_s=0.5)
        assert client.job(job_id).state == "scheduled"


def test_refusals_name_what_is_wrong(client: Client) -> None:
    """Field and hint of the problem document arrive; an unknown job is a 404; nobody there is told as such."""
    with client:
        with pytest.raises(ApiError) as caught:
            client.submit("banner", {"prompt": ""})
        assert (caught.value.status, caught.value.field) == (422, "input.prompt")
        with pytest.raises(ApiError) as caught:
            client.job("nobody")
        assert caught.value.status == 404
    with Client("http://127.0.0.1:1", tries=1) as nowhere:
        for ask in (lambda: nowhere.job("x"), lambda: nowhere.download("x", "y"), lambda: list(nowhere.events("x"))):
            with pytest.raises(ServerAway):
                ask()


async def test_the_same_without_blocking(daemon: DaemonProcess) -> None:
    """``AsyncClient`` does what ``Client`` does."""
    async with AsyncClient(daemon.url) as client:
        job = await client.run("banner", BRIEF, timeout_s=60)
        assert job.has_succeeded
        kinds = [event.type async for event in client.events(job.id)]
        assert kinds[-1] == "job.succeeded"
        assert [found.id async for found in client.jobs(limit=1)] == [job.id]
        data = await client.download(job.id, "banner-300x250.png")
        assert isinstance(data, bytes)
        assert (await client.queues())[0].queue == "default"
        assert [worker.name for worker in await client.workers()] == ["acceptance"]
        with pytest.raises(ApiError) as caught:
            await client.download(job.id, "nothing.png")
        assert caught.value.status == 404
    async with AsyncClient("http://127.0.0.1:1", tries=1) as nowhere:
        with pytest.raises(ServerAway):
            await nowhere.download("x", "y")


def test_a_logo_is_sent_along(client: Client, tmp_path: Path) -> None:
    """Files go before the job starts, from memory or from a path; the same can be done step by step."""
    path = tmp_path / "logo.svg"
    path.write_bytes(LOGO)
    with client:
        brief = {**BRIEF, "logo": "upload:logo.svg"}
        assert client.run("banner", brief, files={"logo.svg": path}, timeout_s=60).has_succeeded
        made = client.create("banner", brief, "logo.svg")
        assert made.state == "created"
        assert client.upload(made.job_id, "logo.svg", LOGO).size == len(LOGO)
        assert client.process(made.job_id).is_new
        assert client.wait(made.job_id, timeout_s=60).has_succeeded


async def test_administration(daemon: DaemonProcess) -> None:
    """Kinds, keys and webhooks, each made, listed, changed and gone."""
    async with AsyncClient(daemon.url) as client:
        assert "banner" in [kind.kind for kind in await client.kinds()]
        assert "prompt" in (await client.kind("banner")).input_schema["$defs"]["BannerSpec"]["properties"]
        key = await client.create_key(tenant="acme", scopes=["read"], note="n")
        assert (await client.rotate_key(key.id)).key != key.key
        assert [(each.tenant, each.note) async for each in client.keys(limit=9)] == [("acme", "n")]
        await client.revoke_key(key.id)
        assert [each async for each in client.keys(limit=9)] == []
        hook = await client.create_webhook("https://hooks.example/x", events=["job.failed"])
        assert (await client.rotate_webhook(hook.id)).secret != hook.secret
        delivery = await client.test_webhook(hook.id)
        assert [each.id async for each in client.deliveries(hook.id)] == [delivery]
        assert [each.events async for each in client.webhooks()] == [["job.failed"]]
        await client.delete_webhook(hook.id)
        assert [each async for each in client.webhooks()] == []


def test_commands_over_http(daemon: DaemonProcess) -> None:
    """With ``--url`` a command speaks HTTP, follows a job by its stream, and prints what it prints over Redis."""
    over = ("--url", daemon.url)
    made = daemon.command("submit", "banner", "--input", json.dumps(BRIEF), "--wait", *over)
    assert made.returncode == 0, made.stderr
    assert "job.succeeded" in made.stdout
    there, here = daemon.command("jobs", *over), daemon.command("jobs")
    assert there.stdout == here.stdout
    assert made.stdout.split()[0] in here.stdout


def test_a_file_is_sent_along_by_command(daemon: DaemonProcess) -> None:
    """``--file`` over HTTP; over Redis it is refused, and so is one that is not there."""
    (daemon.home / "logo.svg").write_bytes(LOGO)
    words = ("submit", "banner", "--input", json.dumps({**BRIEF, "logo": "upload:logo.svg"}), "--wait", "--json")
    made = daemon.command(*words, "--file", "logo.svg", "--url", daemon.url)
    assert json.loads(made.stdout)["state"] == "succeeded", made.stderr
    assert daemon.command(*words, "--file", "logo.svg").returncode == 2
    assert daemon.command(*words, "--file", "nowhere.svg", "--url", daemon.url).returncode == 2


def test_a_worker_is_drained_over_http(launch: Launch) -> None:
    """The daemon that is asked ends itself, and the command with it."""
    daemon = launch(pool__slots=1).start()
    done = daemon.command("drain", "--all", "--json", "--url", daemon.url)
    assert json.loads(done.stdout) == {"drained": ["acceptance"], "left": []}, done.stderr
    assert daemon.exit_code() == 0


@pytest.mark.parametrize("words", [("queues", "list"), ("workers",), ("dead", "list"), ("kinds",)], ids=" ".join)
def test_operators_see_the_same_over_http(daemon: DaemonProcess, words: tuple[str, ...]) -> None:
    """What an operator asks for is the same by either way."""
    there, here = daemon.command(*words, "--url", daemon.url), daemon.command(*words)
    assert (there.returncode, there.stdout) == (here.returncode, here.stdout) == (0, here.stdout)


@pytest.mark.parametrize(
    ("words", "code"),
    [(("status", "nobody"), 4), (("submit", "banner", "--input", "{}"), 2)],
)
def test_refusals_over_http_have_the_same_exit_codes(daemon: DaemonProcess, words: tuple[str, ...], code: int) -> None:
    """Nothing there is 4, wrong input 2."""
    assert daemon.command(*words, "--url", daemon.url).returncode == code


def test_nobody_at_the_url(launch: Launch) -> None:
    """A daemon that is away is 3, as Redis is."""
    assert launch().command("dead", "list", "--url", "http://127.0.0.1:1").returncode == 3
