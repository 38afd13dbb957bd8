"""What the limiter and the ledger cost a call: microseconds, and round trips to Redis.

    .venv/bin/python benchmarks/limiter_cost.py [--calls 5000]

A call's admission, with money held for it, and its settlement, with its charge written down, in one process: one call
after the other, and 64 at once. ``ping`` is the least that a round trip costs here.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import uvloop

from streamforge.broker.connection import connect
from streamforge.broker.keys import Keys
from streamforge.config import RedisSettings
from streamforge.config.secret import Secret
from streamforge.ops import metrics
from streamforge.testing.server import TestServer
from streamforge.traffic.call import AdmittedCall
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Caller, Estimate, Limits, Scope
from streamforge.traffic.money import Charge, Hold
from streamforge.traffic.prices import Used
from streamforge.traffic.scripts import Scripts

SCOPE = Scope("cost", "model")
HOLD = Hold(tenant="default", amount=5000, lease_ms=60_000, day_limit=10**12)
AT_ONCE = {"alone": 1, "64_at_once": 64}


async def cost(url: str, calls: int) -> dict[str, Any]:
    """Microseconds for a call's admission and settlement together: of time, of this process and of Redis."""
    client: Any = connect(RedisSettings(), url)
    limiter = Limiter(Scripts(client, Keys()))
    endless = Limits(requests=10**9, input_tokens=10**9, output_tokens=10**9, concurrent=10**6)
    pool = KeyPool("cost", [Secret(f"key-of-the-benchmark-{n}") for n in range(3)], endless)

    async def call(name: str) -> None:
        who = Caller(id=name)
        admitted = await limiter.admit(SCOPE, pool.candidates, Estimate(100, 100), who, hold=HOLD)
        admitted.use(input_tokens=90, output_tokens=50)
        await limiter.settle(admitted, charge=_charge(name, admitted))

    found: dict[str, Any] = {}
    for how, at_once in AT_ONCE.items():
        await call(f"first-{how}")
        before = await _spent(client)
        for first in range(0, calls, at_once):
            await asyncio.gather(*(call(f"{how}-{number}") for number in range(first, first + at_once)))
        found[how] = _each(before, await _spent(client), len(range(0, calls, at_once)) * at_once)
    before = await _spent(client)
    for _ in range(calls):
        await client.execute_command("PING")
    found["ping"] = _each(before, await _spent(client), calls)
    await client.aclose()
    return found


def _charge(name: str, call: AdmittedCall) -> Charge:
    return Charge(
        id=f"{name}.step.1",
        call=name,
        hold=call.hold,
        job_id=name,
        tenant=HOLD.tenant,
        step="step",
        scope=SCOPE,
        fingerprint=call.fingerprint,
        used=Used(input_tokens=90, output_tokens=50),
        cost=1000,
        is_answered=True,
    )


def _each(before: dict[str, float], after: dict[str, float], calls: int) -> dict[str, float]:
    return {what: round((after[what] - before[what]) / calls, 3) for what in before}


async def _spent(client: Any) -> dict[str, float]:  # noqa: ANN401 - redis-py's client
    """So far: microseconds by each clock, and round trips."""
    cpu = await client.info("cpu")
    return {
        "us": time.perf_counter() * 1e6,
        "cpu_us": time.process_time() * 1e6,
        "redis_cpu_us": (cpu["used_cpu_user"] + cpu["used_cpu_sys"]) * 1e6,
        "trips": metrics.REGISTRY.get_sample_value("streamforge_redis_traffic_trips_total") or 0.0,
    }


def main() -> None:
    """Measure over a server of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=5000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sf-") as home, TestServer(Path(home)) as server:
        found = uvloop.run(cost(server.url, given.calls))
    print(msgspec.json.format(msgspec.json.encode(found)).decode())


if __name__ == "__main__":
    main()
