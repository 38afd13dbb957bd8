"""The scripts of limits and money, behind one typed function each.

Before a call one question holds its place and its money, after it one ends both: what belongs together happens together
or not at all, and a worker that dies in between leaves leases that run out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import msgspec
import redis.asyncio as aioredis
from msgspec import Struct

from streamforge.broker.keys import Keys
from streamforge.errors import ConfigError
from streamforge.jobs.acts import act
from streamforge.traffic.headers import Told
from streamforge.traffic.model import Caller, Candidate, Estimate, Go, Scope, Settled, Wait
from streamforge.traffic.money import Charge, Hold, Keeping, Moved, Refused, hold_name
from streamforge.traffic.outcome import Outcome
from streamforge.traffic.rules import Rules
from streamforge.traffic.trips import Trips

_GO, _WAIT, _PARK, _BENCHED = 1, 0, -1, -2
_MADE, _OTHER_AMOUNT = 1, -2
_NO_SCOPE = Scope("", "")

Money = Mapping[str, object]
"""What a script is told of money."""

_PARTS: Mapping[str, tuple[str, ...]] = {
    "admit": ("limits", "parked", "room", "money", "holds"),
    "settle": ("limits", "parked", "room", "money", "ledger"),
    "renew": ("limits",),
    "charge": ("parked", "money", "ledger"),
    "credit": ("parked", "money"),
}
"""Each script, with what precedes it besides ``lib.lua``."""


class Report(Struct, frozen=True, kw_only=True):
    """How a call ended. Tokens are None where nobody knows them; ``bench_reason`` and ``bench_ms`` go with BAD_KEY.

    ``told`` is what the provider's headers said, ``told_age_ms`` how long ago.
    """

    outcome: Outcome
    input_tokens: int | None = None
    output_tokens: int | None = None
    retry_after_s: float | None = None
    told: Told = Told()
    told_age_ms: int = 0
    bench_reason: str = ""
    bench_ms: int = 0
    is_whole_key: bool = False
    duration_ms: int = 0


class Scripts:
    """The Lua scripts over one client. Raises BrokerUnavailable and ConfigError.

    A charge and an entry are known by their names, and may be repeated; the others may not.
    """

    def __init__(
        self, client: aioredis.Redis, keys: Keys, rules: Rules | None = None, *, keeping: Keeping | None = None
    ) -> None:
        self.rules = rules or Rules()
        self._keys = keys
        self._keeping = keeping or Keeping()
        self._trips = Trips(client, load_sources(self.rules))

    async def admit(  # noqa: PLR0913, RUF100 - what is known of a call
        self,
        scope: Scope,
        candidates: Sequence[Candidate],
        estimate: Estimate,
        caller: Caller,
        *,
        patience_ms: int,
        nonce: str,
        hold: Hold | None = None,
    ) -> Go | Wait | Refused | None:
        """Whether the call may go, its money held; None where every key is benched."""
        name = "" if hold is None else hold_name(nonce, hold.amount)
        code, first, second, third = await self._ask(
            "admit",
            scope,
            None if hold is None else hold.as_lua(name, self._keeping),
            caller=caller.id,
            flow=caller.flow,
            weight=caller.share,
            input=estimate.input_tokens,
            output=estimate.output_tokens,
            patience_ms=patience_ms,
            nonce=nonce,
            keys=[candidate.as_lua() for candidate in candidates],
        )
        if code == _GO:
            return Go(first.decode(), second.decode(), bool(third), name)
        if code in (_WAIT, _PARK):
            return Wait(int(first), second.decode(), code == _PARK)
        return None if code == _BENCHED else Refused(second.decode(), int(first), bool(third))

    async def settle(
        self, scope: Scope, candidate: Candidate, reservation: str, report: Report, charge: Charge | None = None
    ) -> Settled:
        """End a reservation, and write down what its call came to."""
        used = (report.input_tokens, report.output_tokens)
        held, breaker, benched, cooldown, made_room, charged = await self._ask(
            "settle",
            scope,
            None if charge is None else charge.as_lua(self._keeping),
            key=candidate.as_lua(),
            reservation=reservation,
            outcome=report.outcome,
            input=-1 if used[0] is None else used[0],
            output=-1 if used[1] is None else used[1],
            retry_ms=-1 if report.retry_after_s is None else round(report.retry_after_s * 1000),
            told=report.told.limits,
            remaining=report.told.remaining,
            told_age_ms=report.told_age_ms,
            bench_ms=report.bench_ms,
            bench_whole="1" if report.is_whole_key else "",
            reason=report.bench_reason,
            duration_ms=report.duration_ms,
        )
        return Settled(bool(held), breaker.decode(), bool(benched), int(cooldown), bool(made_room), int(charged))

    async def renew(self, scope: Scope, held: Sequence[tuple[str, str, bool]], gone: Sequence[str] = ()) -> list[bool]:
        """Whether each reservation (fingerprint, id, whether its answer has begun) still holds, renewed.

        ``gone`` are callers' members that will not ask again (``member_of``).
        """
        return [bool(code) for code in await self._ask("renew", scope, held=held, gone=gone)]

    async def charge(self, charge: Charge) -> int:
        """Write down what a call came to that could not be settled; what the tenant pays for it, in micro-dollars."""
        return int(await self._ask("charge", charge.scope, charge.as_lua(self._keeping)))

    async def credit(self, tenant: str, entry: str, amount: int) -> Moved:
        """Move a tenant's balance by an amount (micro-dollars; below 0: spent), once for each ``entry``.

        Raises ConfigError where the entry was made before with another amount.
        """
        done = act("credits.moved", tenant, tenant, {"entry": entry, "amount_uusd": amount})
        asked = {"tenant": tenant, "entry": entry, "amount": amount, "act": done.decode()}
        code, balance = await self._ask("credit", _NO_SCOPE, asked)
        if code == _OTHER_AMOUNT:
            raise ConfigError("this entry was made before, with another amount", field="entry")
        return Moved(code == _MADE, code >= 0, int(balance))

    async def _ask(self, name: str, scope: Scope, money: Money | None = None, **ask: object) -> Any:  # noqa: ANN401 - a script's reply
        names = {"scope": scope.name, "provider": scope.provider, "model": scope.model}
        blob = msgspec.msgpack.encode({**names, "money": money, **ask})
        return await self._trips.ask(name, self._keys.model(scope.name), self._keys.base, blob)


def member_of(caller: Caller, estimate: Estimate) -> str:
    """How a caller stands among those who wait."""
    return f"{caller.id}|{estimate.input_tokens}|{estimate.output_tokens}"


def load_sources(rules: Rules) -> dict[str, str]:
    """Each script by name, with the rules and its parts before it."""
    folder = files("streamforge.traffic") / "lua"
    head = f"local RULES = {rules.as_lua()}\n"
    texts = {path.name: path.read_text() for path in folder.iterdir() if path.name.endswith(".lua")}
    return {
        name: head + "".join(texts[f"{part}.lua"] for part in ("lib", *parts, name)) for name, parts in _PARTS.items()
    }
