"""What models do and cost: over HTTP, or straight from the daemon's Redis. Both tell the same."""

from __future__ import annotations

import argparse
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import date
from typing import TYPE_CHECKING, Protocol

from streamforge.api.circuits import Circuits
from streamforge.api.money import credits_of, day_of
from streamforge.cli.desk import as_told, client_at, url_of
from streamforge.cli.keys import DEFAULT_TENANT
from streamforge.cli.main import OK
from streamforge.cli.session import broker_of, run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.client import Cost, Credits, Day
from streamforge.client import Models as Standing
from streamforge.config import Settings
from streamforge.errors import InvalidInput
from streamforge.models import Models, outside_models
from streamforge.traffic.prices import micros

if TYPE_CHECKING:
    from streamforge.client import AsyncClient

TENANT = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"
ME = "me"


class MoneyDesk(Protocol):
    """What these commands need; a client of the HTTP interface has it. ``me`` is the caller's own tenant."""

    async def spending(self, tenant: str = ME, *, day: str = "") -> Day:
        """A tenant's day."""
        ...

    async def credits(self, tenant: str = ME) -> Credits:
        """A tenant's credits."""
        ...

    async def grant(self, tenant: str, usd: float, payment: str) -> bool:
        """Give credits, once for each payment."""
        ...

    async def models(self) -> Standing:
        """How the models stand."""
        ...

    async def lift_models(self) -> Standing:
        """Have all of them tried at once."""
        ...


def health(args: argparse.Namespace) -> int:
    """Each model's circuit, and the keys that their providers have refused; with --lift, let them be tried at once."""

    async def show(desk: MoneyDesk) -> None:
        standing = await (desk.lift_models() if args.lift else desk.models())
        if args.json:
            print_json(standing)
            return
        for circuit in standing.circuits:
            left = f" for {circuit.open_ms / 1000:.0f} s" if circuit.open_ms else ""
            print_line(f"{circuit.model:<40}{circuit.state}{left}")
        for key in standing.keys:
            what = "may be tried again" if key.lifted else f"refused ({key.reason})"
            print_line(f"{key.provider}  key {key.fingerprint} {key.model}  {what}")

    return _with_desk(args, show)


def spent(args: argparse.Namespace) -> int:
    """What a tenant's calls came to on a day, in all and by model."""
    _require_day(args.day)

    async def show(desk: MoneyDesk) -> None:
        told = await desk.spending(args.tenant or ME, day=args.day)
        if args.json:
            print_json(told)
            return
        for name, cost in {**told.models, "all": told.total}.items():
            print_line(f"{name:<40}{_in_words(cost)}")

    return _with_desk(args, show)


def credit(args: argparse.Namespace) -> int:
    """Grant credits to a tenant, once for each id; without an amount, show its balance."""
    if not re.fullmatch(TENANT, args.tenant):
        raise InvalidInput(f"{args.tenant[:80]!r} is no tenant's name", field="tenant", hint="A-Z, a-z, 0-9, _ . @ -")
    if args.usd is not None and not args.id:
        raise InvalidInput("a grant needs an id", field="--id", hint="the payment's: it counts once")

    async def grant(desk: MoneyDesk) -> None:
        if args.usd is not None:
            await desk.grant(args.tenant, args.usd, args.id)
        held = await desk.credits(args.tenant)
        if args.json:
            print_json(held)
            return
        rows = {"left": held.left_usd, "granted": held.granted_usd, "spent": held.spent_usd, "held": held.held_usd}
        print_line(f"{held.tenant}  " + "  ".join(f"{name} {dollars:.4f} USD" for name, dollars in rows.items()))

    return _with_desk(args, grant)


def _with_desk(args: argparse.Namespace, act: Callable[[MoneyDesk], Awaitable[None]]) -> int:
    async def run() -> int:
        async with _desk_of(args) as desk:
            await act(desk)
        return OK

    return run_async(run())


@asynccontextmanager
async def _desk_of(args: argparse.Namespace) -> AsyncGenerator[MoneyDesk | AsyncClient]:
    if url := url_of(args):
        async with client_at(url) as client:
            yield client
        return
    settings = settings_from(args)
    async with broker_of(settings) as broker:
        yield StoredMoney(settings, Models(settings, broker))


class StoredMoney:
    """A ``MoneyDesk`` over Redis; it sees every tenant."""

    def __init__(self, settings: Settings, models: Models) -> None:
        names, providers = outside_models(settings), tuple(settings.providers)
        self._models = models
        self._circuits = Circuits(models.circuits, models.benches, names, providers)

    async def spending(self, tenant: str = ME, *, day: str = "") -> Day:
        """A tenant's day."""
        return as_told(Day, await day_of(self._models.books, _whose(tenant), date.fromisoformat(day) if day else None))

    async def credits(self, tenant: str = ME) -> Credits:
        """A tenant's credits."""
        return as_told(Credits, await credits_of(self._models.credits, _whose(tenant)))

    async def grant(self, tenant: str, usd: float, payment: str) -> bool:
        """Give credits, once for each payment."""
        return (await self._models.credits.grant(_whose(tenant), micros(usd), payment)).is_new

    async def models(self) -> Standing:
        """How the models stand."""
        return as_told(Standing, await self._circuits.look())

    async def lift_models(self) -> Standing:
        """Have all of them tried at once."""
        return as_told(Standing, await self._circuits.look(lift=True))


def _whose(tenant: str) -> str:
    return DEFAULT_TENANT if tenant == ME else tenant


def _in_words(cost: Cost) -> str:
    tokens = f"{cost.input_tokens + cost.cache_read_tokens + cost.cache_write_tokens} in, {cost.output_tokens} out"
    media = f", {cost.images} images, {cost.audio_ms / 1000:g} s audio" if cost.images or cost.audio_ms else ""
    unknown = f", {cost.unpriced_calls} calls without a price" if cost.unpriced_calls else ""
    return f"{cost.usd:>10.4f} USD  {cost.calls} calls, {tokens}{media}{unknown}"


def _require_day(text: str) -> None:
    try:
        date.fromisoformat(text or "2000-01-01")
    except ValueError:
        raise InvalidInput(f"{text[:40]!r} is no day", field="--day", hint="such as 2026-11-30 (UTC)") from None
