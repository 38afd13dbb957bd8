"""How long the event loop is held up while thousands of answers stream in at once, and what they take of memory.

    .venv/bin/python -m benchmarks.streams [--streams 2000] [--rates 2,5,10] [--opening 10,0] [--json FILE]

Each row is a process of its own with one loop (uvloop) that keeps ``--streams`` calls open, each heard by a listener
and by progress. Calls begin one after the other over ``--opening`` seconds, or all at once (0); each answer brings so
many pieces a second (40 characters, in a packet of its own), until all calls have been open together for
``--seconds``. Asked for is a lag of at most 50 ms at the 99th percentile.

Lag is by how much a look at the clock that is due every 10 ms comes late. A loop that stands still for 300 ms is late
for 30 looks, and all of them count. ``open`` is while calls begin, ``steady`` while all are open, ``end`` while they
end. In brackets: less the time that the loop's thread was ready to run and had to wait for a core meanwhile, by the
system's own count; that is what the program itself does, on a machine that others use too.

The server is another process, in the wire format of ``streamforge.testing`` but without its scripts and accounts, so
that it takes little: its share of a core is printed (``server``), beside the loop's own (``busy``) and how much of the
time that waited (``wait``).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import multiprocessing as mp
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import msgspec
import uvloop
from msgspec import Struct

from streamforge.config import LogsSettings
from streamforge.ops import garbage, logs
from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.text import Progress, TextModel, TextRequest, Turn, Usage
from streamforge.testing.anthropic_dialect import AnthropicDialect
from streamforge.testing.model_accounts import Tokens
from streamforge.testing.model_script import Seen
from streamforge.testing.openai_dialect import OpenAIDialect

TICK_S, LOOK_S = 0.005, 0.01
PIECE = "It has forty characters, this very text."
FIRST_PIECE_S = 0.5
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"


class Plan(Struct, frozen=True, kw_only=True):
    """What a row measures. ``rate`` is pieces a second and stream."""

    provider: str
    rate: float
    streams: int
    opening_s: float
    seconds: float

    @property
    def pieces(self) -> int:
        """Of an answer: enough for the last one that begins to be open with the first."""
        return round((self.opening_s + self.seconds + 2) * self.rate)


class Lag(Struct, frozen=True, kw_only=True):
    """How late the loop was; ``own`` is without the time that it was kept from running by other programs."""

    p99_ms: float
    longest_ms: float
    own_p99_ms: float
    own_longest_ms: float


class Row(Struct, frozen=True, kw_only=True):
    """What came of it; shares are of one core, all but lags are of the steady phase."""

    plan: Plan
    failed: int
    events_per_s: float
    lags: dict[str, Lag]
    busy: float
    waited: float
    server_busy: float
    rss_mb: float


class Desk:
    """The server's streams, by the moment within each period at which their next piece is due."""

    def __init__(self, plan: Plan) -> None:
        dialect = AnthropicDialect() if plan.provider == "anthropic" else OpenAIDialect(())
        seen = Seen({}, {"model": "m", "messages": [], "stream": True, "stream_options": {"include_usage": True}})
        tokens = Tokens(input=10, output=plan.pieces * 10)
        self.first = HEAD + b"request-id: req_1\r\n\r\n" + _chunk(dialect.opening(seen, tokens) + dialect.first())
        self.piece = _chunk(dialect.piece(seen, PIECE))
        self.last = _chunk(dialect.ending(seen, "end", tokens)) + b"0\r\n\r\n"
        self.pieces = plan.pieces
        self.period = max(1, round(1 / plan.rate / TICK_S))
        self._due: list[list[Line]] = [[] for _ in range(self.period)]
        self._places = 0

    def add(self, line: Line) -> None:
        """Serve it from now on; streams are spread over the period."""
        self._places += 1
        self._due[self._places * 7 % self.period].append(line)

    async def run(self) -> None:
        """Send what is due, for ever."""
        loop = asyncio.get_running_loop()
        tick, began = 0, loop.time()
        while True:
            tick += 1
            await asyncio.sleep(max(0.0, began + tick * TICK_S - loop.time()))
            due = self._due[tick % self.period]
            due[:] = [line for line in due if line.go_on(loop.time())]


class Line(asyncio.Protocol):
    """A connection of a client: one request after the other."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._rest = b""
        self._left = 0
        self._from = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep it."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Begin an answer when the request is whole."""
        self._rest += data
        head, gap, body = self._rest.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:] if b": " in line)
        if gap and len(body) >= int(fields.get(b"content-length", b"0")):
            self._rest = b""
            self._left = self._desk.pieces
            self._from = asyncio.get_running_loop().time() + FIRST_PIECE_S
            self._transport.write(self._desk.first)
            self._desk.add(self)

    def go_on(self, now: float) -> bool:
        """Send the next piece, or the end; whether there is more to come."""
        if self._transport.is_closing():
            return False
        if now < self._from:
            return True
        self._left -= 1
        self._transport.write(self._desk.piece if self._left > 0 else self._desk.last)
        return self._left > 0


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def serve(plan: Plan, told: Connection) -> None:
    """The server's process: tells its port; then, whenever asked, the seconds of processor it has used."""

    async def run() -> None:
        desk = Desk(plan)
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Line(desk), "127.0.0.1", 0, backlog=4096)
        loop.add_reader(told.fileno(), lambda: (told.recv(), told.send(time.process_time())))
        told.send(server.sockets[0].getsockname()[1])
        await desk.run()

    uvloop.run(run())


class Ear:
    """Hears what a limiter would."""

    def __init__(self) -> None:
        self.events = 0

    def hear(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer's head."""

    def use(self, *, input_tokens: int | None = None, output_tokens: int | None = None) -> None:
        """Tokens."""

    def bill(self, usage: Usage) -> None:
        """Tokens."""

    def progress(self, progress: Progress) -> None:
        """A piece."""
        del progress
        self.events += 1


class Clock:
    """How long this thread ran and how long it waited for a core, by the system's count."""

    def __init__(self) -> None:
        self._file = Path("/proc/thread-self/schedstat").open("rb", buffering=0)  # noqa: SIM115 - as long as the process

    def read(self) -> tuple[float, float]:
        """Both in seconds."""
        ran, waited = self._file.read().split()[:2]
        self._file.seek(0)
        return int(ran) / 1e9, int(waited) / 1e9


class Watch:
    """How late the loop is, by phase: as the clock shows it, and less what the thread waited for a core meanwhile."""

    def __init__(self, clock: Clock) -> None:
        self.phase = "open"
        self._clock = clock
        self._lags: dict[str, list[tuple[float, float]]] = {}

    async def run(self) -> None:
        """Look at the clock when it is time to, and see how late that is; for ever."""
        loop = asyncio.get_running_loop()
        due = loop.time() + LOOK_S
        waited = 0.0
        while True:
            await asyncio.sleep(max(0.0, due - loop.time()))
            now = loop.time()
            before, (_, waited) = waited, self._clock.read()
            while due <= now:
                self._lags.setdefault(self.phase, []).append((now - due, max(0.0, now - due - (waited - before))))
                due += LOOK_S

    def lags_ms(self) -> dict[str, Lag]:
        """By phase, and over all."""
        every = [lag for lags in self._lags.values() for lag in lags]
        return {phase: _lag_ms(lags) for phase, lags in self._lags.items()} | {"all": _lag_ms(every)}


def _lag_ms(lags: list[tuple[float, float]]) -> Lag:
    seen, own = (sorted(1000 * each for each in kind) for kind in zip(*lags, strict=True))
    at = int(0.99 * (len(seen) - 1))
    return Lag(p99_ms=seen[at], longest_ms=seen[-1], own_p99_ms=own[at], own_longest_ms=own[-1])


def model_of(provider: str, url: str) -> TextModel:
    """The model that is measured."""
    make = {"anthropic": AnthropicText, "openai": OpenAIChat}[provider]
    return make(api_key="a-key-for-the-benchmark", model="m", base_url=url)


async def stream(plan: Plan, told: Connection) -> Row:
    """Hold the streams open, and watch the loop."""
    model = model_of(plan.provider, f"http://127.0.0.1:{told.recv()}")
    ear, clock = Ear(), Clock()
    watch = Watch(clock)
    request = TextRequest(
        system="s", turns=(Turn("user", "hi"),), timeout_s=3600, on_progress=ear.progress, listener=ear
    )
    failed: list[Exception] = []

    async def call(number: int) -> None:
        await asyncio.sleep(number * plan.opening_s / plan.streams)
        try:
            await model.complete(request)
        except Exception as error:  # noqa: BLE001 - counted, and the first of them shown
            failed.append(error)

    await asyncio.to_thread(lambda: __import__("anthropic"))
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch.run(), name="watch")
        calls = [group.create_task(call(number), name="call") for number in range(plan.streams)]
        await asyncio.sleep(plan.opening_s + 2)
        watch.phase = "steady"
        before, events, began = usage(clock, told), ear.events, time.monotonic()
        await asyncio.sleep(plan.seconds - 2)
        after, passed_s = usage(clock, told), time.monotonic() - began
        events = ear.events - events
        watch.phase = "end"
        await asyncio.wait(calls)
        watching.cancel()
    await model.aclose()
    if failed:
        print(f"{len(failed)} failed: {failed[0]!r}")
    busy, waited, server_busy = ((b - a) / passed_s for a, b in zip(before, after, strict=True))
    return Row(
        plan=plan,
        failed=len(failed),
        events_per_s=events / passed_s,
        lags=watch.lags_ms(),
        busy=busy,
        waited=waited,
        server_busy=server_busy,
        rss_mb=_peak_mb(),
    )


def usage(clock: Clock, told: Connection) -> tuple[float, float, float]:
    """Seconds that this thread ran, that it waited for a core, and that the server ran."""
    told.send(None)
    return *clock.read(), told.recv()


def _peak_mb() -> float:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def measure(plan: Plan) -> Row:
    """A row, in this process, with a server in another."""
    logs.configure(LogsSettings(level="error", format="json"))
    garbage.collect_seldom()  # as the daemon does
    ours, theirs = mp.Pipe()
    server = mp.get_context("spawn").Process(target=serve, args=(plan, theirs), daemon=True)
    server.start()
    try:
        return uvloop.run(stream(plan, ours))
    finally:
        server.terminate()
        server.join()


def shown(row: Row) -> str:
    """A line of the table."""
    phases = "".join(
        f" | {lag.p99_ms:5.0f} {lag.longest_ms:5.0f} ({lag.own_p99_ms:4.0f} {lag.own_longest_ms:4.0f})"
        for lag in (row.lags[phase] for phase in ("open", "steady", "end", "all"))
    )
    plan = row.plan
    return (
        f"{plan.provider:>9} {plan.rate:4g} {plan.opening_s:4g} s {row.events_per_s:7,.0f}{phases} | "
        f"{row.busy:4.0%} {row.waited:4.0%} {row.server_busy:4.0%} | {row.rss_mb:4.0f} {row.failed:4}"
    )


def main() -> None:
    """Print the table; write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=2000)
    parser.add_argument("--rates", default="2,5,10")
    parser.add_argument("--providers", default="anthropic,openai")
    parser.add_argument("--opening", default="10,0")
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    print(f"{args.streams} streams; lag in ms: p99, longest (both without waiting for a core)")
    heads = "".join(f" | {phase:^23}" for phase in ("open", "steady", "end", "all"))
    print(f" provider rate opened events/s{heads} | busy wait server | MB failed")
    rows: list[Row] = []
    for provider in args.providers.split(","):
        for opening_s in map(float, args.opening.split(",")):
            for rate in map(float, args.rates.split(",")):
                plan = Plan(
                    provider=provider, rate=rate, streams=args.streams, opening_s=opening_s, seconds=args.seconds
                )
                with ProcessPoolExecutor(1, mp_context=mp.get_context("spawn")) as pool:
                    rows.append(pool.submit(measure, plan).result())
                print(shown(rows[-1]), flush=True)
    if args.json:
        args.json.write_bytes(msgspec.json.encode(rows))


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
