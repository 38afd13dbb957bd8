"""Keys, prompts and payloads stay where they are: nothing of them in Redis, logs, errors or metrics.

The scripted server repeats key and prompt in every error that it answers with, whole, in part and in other letters:
whoever passes on what a provider says is found out here.
"""

from __future__ import annotations

import io
import re
from importlib.resources import files
from pathlib import Path
from typing import Any, cast, get_args

import pytest

from streamforge.broker import keys
from streamforge.broker.broker import Broker
from streamforge.config import LogsSettings
from streamforge.config.secret import Secret
from streamforge.errors import InputError, ProviderRefused, ProviderUnavailable, RateLimited, StreamForgeError
from streamforge.jobs.model import Job, JobState
from streamforge.ops import logs, metrics
from streamforge.providers.text import TextModel
from streamforge.runtime.context import Context
from streamforge.storage.objects import Objects
from streamforge.testing.model_script import Answer, Fault, FaultKind
from streamforge.testing.model_server import ModelServer
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Caller, Estimate, Limits, Scope
from streamforge.traffic.scripts import Scripts
from tests.integration.engine import Engine, Text, pipeline
from tests.integration.traffic.desk import admitted
from tests.integration.traffic.road import FIRST, SECOND, WIDE, Road, question, route

PLANTED = ("sk-planted-key-one-000111", "sk-planted-key-two-222333", "planted prompt of a customer", "planted answer")
READ = {
    "hash": ("HGETALL",),
    "string": ("GET",),
    "zset": ("ZRANGE", 0, -1, "WITHSCORES"),
    "set": ("SMEMBERS",),
    "list": ("LRANGE", 0, -1),
    "stream": ("XRANGE", "-", "+"),
}
"""What reads all of a value, by its type."""

SCOPE = Scope("acme", "large-1")


async def everything_in(client: Any) -> str:  # noqa: ANN401 - redis-py's client
    """Every key and value of the server, in whatever type."""
    parts: list[str] = []
    for name in await client.keys("*"):
        read = READ[(await client.type(name)).decode()]
        parts.append(f"{name} {await client.execute_command(*read[:1], name, *read[1:])}")
    return "\n".join(parts)


async def use(limiter: Limiter, pool: KeyPool, number: int, status: int, error: StreamForgeError | None) -> str:
    """One call with planted words all over it; what its error says."""
    who = Caller(id=f"job-{number}:design", tenant="tenant")
    try:
        async with admitted(limiter, SCOPE, pool.candidates, Estimate(100, 100), who, patience_s=0.0) as call:
            headers = {"x-api-key": pool.reveal(call.fingerprint), "body": PLANTED[3], "retry-after": "0"}
            call.hear(status, headers)
            call.use(input_tokens=len(PLANTED[2]), output_tokens=len(PLANTED[3]))
            if error is not None:
                raise error
    except StreamForgeError as raised:
        return "" if raised is error else f"{raised!r} {raised}"
    return ""


@pytest.mark.parametrize("is_verbose", [True, False])
async def test_planted_secrets_are_nowhere(broker: Broker, is_verbose: bool) -> None:
    """After calls of every outcome, waits, parking, benching and an open circuit, no planted word is anywhere."""
    written = io.StringIO()
    logs.configure(LogsSettings(level="debug" if is_verbose else "info", format="json"), written)
    pool = KeyPool("acme", [Secret(PLANTED[0]), Secret(PLANTED[1])], Limits(requests=600, concurrent=50))
    limiter = Limiter(Scripts(broker.client, broker.keys))
    ends: list[tuple[int, StreamForgeError | None]] = [
        (200, None),
        (200, ProviderUnavailable(f"cut after {PLANTED[3]}")),
        (400, InputError(PLANTED[2])),
        (500, ProviderUnavailable(PLANTED[2])),
        (429, RateLimited(PLANTED[2], retry_after_s=0.0)),
        (529, ProviderUnavailable(PLANTED[2])),
        (401, ProviderRefused(PLANTED[0])),
        (403, ProviderRefused(PLANTED[1])),
    ]
    told = [await use(limiter, pool, i, *end) for i, end in enumerate(ends * 4)]
    seen = {
        "redis": await everything_in(broker.client),
        "logs": written.getvalue(),
        "metrics": metrics.render().decode(),
        "errors": "\n".join(told) + repr(pool),
    }
    assert "limit:acme/large-1" in seen["redis"]
    assert "circuit_changed" in seen["logs"] or "key_benched" in seen["logs"]
    assert "streamforge_traffic_calls_total" in seen["metrics"]
    assert "Parked" in seen["errors"] or "NoUsableKey" in seen["errors"]
    found = {where: word for where, text in seen.items() for word in PLANTED if word in text}
    assert found == {}


SECRET_KEYS = {FIRST: "sk-ant-planted-777000", SECOND: "sk-oai-planted-888000"}
PROMPT, ANSWER = "planted words of a customer 4711", "planted answer 0815"
LUA = "".join(path.read_text() for path in (files("streamforge.traffic") / "lua").iterdir())
OURS = frozenset(re.findall(r"BASE \.\. ':(\w+)", LUA)) - {"job", "scheduled"}
"""Kinds of keys that are the traffic's own; a job's record has its input, of course."""


async def ask_planted(ctx: Context, given: Text) -> str:
    """One call with the planted words; the answer is the job's result."""
    model = ctx.use(cast("Any", TextModel))

    async def ask() -> str:
        answer = await model.complete(question(given.text, timeout_s=float(given.text.rpartition(" ")[2])))
        return str(len(answer.text))

    return await ctx.step("ask", ask, returns=str)


@pytest.mark.parametrize("scope", [FIRST, SECOND], ids=lambda scope: scope.provider)
@pytest.mark.parametrize("kind", [*get_args(FaultKind), None])
async def test_no_fault_gives_anything_away(
    shared_server: TestServer, broker: Broker, tmp_path: Path, scope: Scope, kind: FaultKind | None
) -> None:
    """A worker's job meets each fault of a provider, in both dialects: its error, all logs and metrics are clean.

    So is everything in Redis but the job's own input.
    """
    written = io.StringIO()
    logs.configure(LogsSettings(level="debug", format="json"), written)
    step = Answer(ANSWER) if kind is None else Fault(kind, text=ANSWER, retry_after_s=600)
    async with ModelServer([step], limits=WIDE) as server:
        road = Road(broker.client, [route(scope, server.url, [SECRET_KEYS[scope]])])
        recipe = pipeline(ask_planted, "planted", steps=("ask",))
        engine = Engine(
            shared_server.url, [recipe], objects=Objects.open("", tmp_path), resources={TextModel: road.text}
        )
        async with engine:
            timeout_s = 0.3 if kind in {"slow_first_token", "stalled"} else 20.0
            name = await engine.submit("planted", f"{PROMPT} {timeout_s}")
            job = await until(lambda: _at_rest(engine, name), "the job has ended, or is parked")
            told = f"{job and job.error} {await engine.store.events_since(name)}"
            server.release.set()
        assert server.requests[0].key == SECRET_KEYS[scope]
        assert PROMPT in server.requests[0].last_turn
        await road.aclose()
    client: Any = broker.client
    everything = await everything_in(client)
    ours = [line for line in everything.splitlines() if _kind_of(line) in OURS]
    seen = {
        "redis": "\n".join(ours),
        "logs": written.getvalue(),
        "metrics": metrics.render().decode(),
        "errors": told,
    }
    assert "planted" in seen["logs"], "the job's kind is in them, so its lines are"
    assert f":limit:{scope.name}" in seen["redis"]
    secrets = (PROMPT, ANSWER, *SECRET_KEYS.values())
    assert {where: word for where, text in seen.items() for word in secrets if part_of(word, text)} == {}
    assert SECRET_KEYS[scope] not in everything


RUN = 10
"""So many characters of a secret tell something of it."""


def part_of(secret: str, text: str) -> str:
    """A run of the secret that the text has, in whatever letters and spaces; an empty string for none."""
    plain, whole = (re.sub(r"\\u00a0|\s", " ", each).casefold() for each in (secret, text))
    runs = (plain[start : start + RUN] for start in range(len(plain) - RUN + 1))
    return next((run for run in runs if run in whole), "")


def test_every_key_is_in_the_table() -> None:
    """What the traffic's scripts write is listed with its lifetime, so that nobody looks for secrets elsewhere."""
    assert {"limit", "parked", "turn", "ledger", "claim", "unpaid", "credits"} <= OURS
    assert [kind for kind in OURS if f"``P:{{0}}:{kind}" not in str(keys.__doc__)] == []


def test_every_way_of_quoting_is_found() -> None:
    """The search would see each way in which the scripted server repeats a secret."""
    for way in (PROMPT.upper(), PROMPT[:RUN], f"x{PROMPT[-RUN:]}", PROMPT.replace(" ", "\u00a0"), repr(PROMPT.title())):
        assert part_of(PROMPT, f"bad: {way}...")
    assert not part_of(PROMPT, "planted, wordy")


async def _at_rest(engine: Engine, name: str) -> Job | None:
    job = await engine.store.get(name)
    return job if job.is_terminal or job.state is JobState.SCHEDULED else None


def _kind_of(line: str) -> str:
    """Of a line of ``everything_in``, the kind of its key."""
    return [*line.split("'")[1].split(":"), "", ""][2]
