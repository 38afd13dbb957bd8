"""A gateway over a scripted model server and the test's Redis; also as a process of its own, to be killed.

python -m tests.integration.traffic.road <redis url> <server url> <first job> <jobs>
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import redis.asyncio as aioredis
from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.broker.connection import connect
from streamforge.broker.keys import Keys
from streamforge.config import RedisSettings
from streamforge.config.secret import Secret
from streamforge.errors import ProviderRefused, Snooze, TransientError
from streamforge.jobs.caller import STEP, JobCaller, calling
from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.text import TextModel, TextRequest, TextResponse, Turn
from streamforge.testing.model_accounts import KeyLimits
from streamforge.testing.model_script import FaultKind
from streamforge.testing.model_server import ModelServer
from streamforge.traffic.budgets import Allowance, Budgets
from streamforge.traffic.gateway import Gate, GatewayText, Route
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.ledger import Books, Entry, Ledger, Sums
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Limits, Scope
from streamforge.traffic.prices import Price, Prices, Used
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Scripts

FIRST = Scope("anthropic", "claude-sonnet-5-5")
SECOND = Scope("openai", "gpt-test")
KEYS = {FIRST: ("sk-ant-first-000111222", "sk-ant-second-333444"), SECOND: ("sk-oai-only-555666777",)}
WIDE = KeyLimits(requests=10**9, input_tokens=10**9, output_tokens=10**9)
"""What a server with this allows never refuses, and what it counts goes by length."""

PRICES = Prices({SECOND.name: Price(input=1.0, output=4.0)})
RULES = Rules(
    cooldown_ms=20, cooldown_least_ms=20, recheck_ms=200, park_least_ms=20, park_gap_ms=1, breaker_least=10**6
)
"""Short pauses, and a circuit that stays closed: tests here are about money."""


def model_of(scope: Scope, url: str, key: str) -> TextModel:
    """What talks to a model."""
    if scope.provider == "anthropic":
        return AnthropicText(api_key=key, model=scope.model, base_url=url)
    return OpenAIChat(api_key=key, model=scope.model, base_url=url)


def route(
    scope: Scope, url: str, keys: Sequence[str] = (), *, takes_idempotency_keys: bool = False
) -> Route[TextModel]:
    """A way to the server, with these keys or all of the provider's."""
    pool = KeyPool(scope.provider, [Secret(key) for key in keys or KEYS[scope]], Limits(requests=10**9))

    def make(key: str) -> TextModel:
        return model_of(scope, url, key)

    return Route[TextModel](scope=scope, pool=pool, make=make, takes_idempotency_keys=takes_idempotency_keys)


class Road:
    """All that a call passes, in this process."""

    def __init__(
        self,
        client: aioredis.Redis,
        routes: Sequence[Route[TextModel]],
        own: Mapping[str, Allowance] | None = None,
        *,
        rules: Rules = RULES,
        patience_s: float = 5.0,
    ) -> None:
        scripts = Scripts(client, Keys(), rules)
        self.limiter = Limiter(scripts)
        self.ledger = Ledger(scripts)
        budgets = Budgets(own=own)
        self.gate = Gate(self.limiter, self.ledger, budgets, PRICES, patience_s=patience_s)
        self.text = GatewayText(routes, self.gate)

    async def aclose(self) -> None:
        """Close what was opened."""
        await self.gate.aclose()


PLAIN = TextRequest(system="Answer.", turns=(), max_tokens=100, timeout_s=20.0)


def question(words: str = "hello", **other: Any) -> TextRequest:  # noqa: ANN401 - any of TextRequest's
    """A request that asks for a little."""
    return replace(PLAIN, turns=(Turn("user", words),), **other)


async def attempt(road: Road, job: str, tenant: str = "default", *, calls: int = 2) -> list[TextResponse]:
    """One attempt of a job: a step with so many calls."""
    with calling(JobCaller(job, tenant)):
        token = STEP.set("write")
        try:
            return [await road.text.complete(question(f"{job} asks {number}")) for number in range(calls)]
        finally:
            STEP.reset(token)


async def finish(road: Road, job: str, tenant: str = "default") -> bool:
    """Attempts of a job until one ends well; whether it was not refused for good."""
    for _ in range(100):
        try:
            await attempt(road, job, tenant)
        except (TransientError, Snooze):
            continue
        except ProviderRefused:
            return False
        return True
    raise AssertionError(f"{job} did not end in a hundred attempts")


async def day_of(books: Books, tenant: str = "default") -> Sums:
    """The tenant's day so far."""
    return await books.day(tenant, await books.today())


async def entries_of(broker: Broker, books: Books) -> list[Entry]:
    """All calls of all jobs."""
    client: Any = broker.client
    names = [name.decode().rpartition(":")[2] for name in await client.keys("*:ledger:*")]
    return [entry for name in names for entry in await books.job(name)]


def counted_by(server: ModelServer) -> Used:
    """What the server's answers cost, whole ones and what it told of broken ones, all keys together."""
    tallies = [account.tally for account in server.accounts.values()]
    return Used(
        input_tokens=sum(tally.input_tokens + tally.broken_tokens.input for tally in tallies),
        output_tokens=sum(tally.output_tokens + tally.broken_tokens.output for tally in tallies),
        cache_read_tokens=sum(tally.cache_read_tokens + tally.broken_tokens.cache_read for tally in tallies),
        cache_write_tokens=sum(tally.cache_write_tokens + tally.broken_tokens.cache_write for tally in tallies),
    )


def each(share: float, *kinds: FaultKind) -> dict[FaultKind, float]:
    """That share of each fault."""
    return dict.fromkeys(kinds, share)


async def main(redis_url: str, server_url: str, first: int, jobs: int) -> None:
    """Run jobs, a few at a time."""
    client = connect(RedisSettings(), redis_url)
    road = Road(client, [route(FIRST, server_url, KEYS[FIRST][:1], takes_idempotency_keys=True)])
    numbers = iter(range(first, first + jobs))

    async def worker() -> None:
        for number in numbers:
            await finish(road, f"job-{number}")

    await asyncio.gather(*(worker() for _ in range(8)))
    await road.aclose()
    await client.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
