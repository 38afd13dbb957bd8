"""Models: which are asked, what they have cost, and a scripted server that stands in for them."""

from __future__ import annotations

import argparse
import re
import sys
from datetime import date
from typing import Any

from streamforge.cli.fake_designer import designing
from streamforge.cli.main import OK
from streamforge.cli.session import broker_of, run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.config.check import is_loopback
from streamforge.errors import InvalidInput
from streamforge.models import Models, keys_of, prices, text_chain
from streamforge.testing.model_accounts import KeyLimits
from streamforge.testing.model_script import faults_from
from streamforge.testing.model_server import serve
from streamforge.traffic.keys import fingerprint
from streamforge.traffic.ledger import Sums
from streamforge.traffic.model import Scope
from streamforge.traffic.prices import AS_OF, FREE, MICROS, Price, micros

EPOCH = date(1970, 1, 1)
TENANT = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"


def list_models(args: argparse.Namespace) -> int:
    """Each chain in the order in which its models are asked, with their prices; each provider with its keys."""
    settings = settings_from(args)
    table = prices(settings.models)
    chains = {"llm": text_chain(settings), "images": settings.images.chain, "speech": settings.speech.chain}
    keys = {
        name: [fingerprint(key.reveal()) for key in keys_of(name, provider)]
        for name, provider in settings.providers.items()
    }
    if args.json:
        priced = {
            role: [{"model": name, "price": table.of(_scope(name))} for name in chain] for role, chain in chains.items()
        }
        print_json({"chains": priced, "keys": keys, "prices_as_of": AS_OF})
        return OK
    for role, chain in chains.items():
        print_line(f"{role}.chain")
        for name in chain:
            print_line(f"  {name:<40}{_price_in_words(table.of(_scope(name)))}")
    for name, provider in settings.providers.items():
        known = ", ".join(keys[name]) or "none"
        print_line(f"providers.{name}  keys: {known}  at: {provider.base_url or 'its own address'}")
    print_line(f"built-in prices as of {AS_OF}")
    return OK


def health(args: argparse.Namespace) -> int:
    """Each model's circuit, and the keys that their providers have refused; with --lift, let them be tried at once."""

    async def show() -> int:
        settings = settings_from(args)
        async with broker_of(settings) as broker:
            models = Models(settings, broker)
            chains = (*text_chain(settings), *settings.images.chain, *settings.speech.chain)
            circuits = [await _circuit(models, _scope(name), args) for name in chains if "/" in name]
            benched = [key for provider in settings.providers for key in await _benched(models, provider, args)]
        if args.json:
            print_json({"circuits": circuits, "keys": benched})
        for told in [] if args.json else circuits:
            left = f" for {told['open_ms'] / 1000:.0f} s" if told["open_ms"] else ""
            print_line(f"{told['model']:<40}{told['state']}{left}")
        for told in [] if args.json else benched:
            what = "may be tried again" if told["lifted"] else f"refused ({told['reason']})"
            print_line(f"{told['provider']}  key {told['fingerprint']} {told['model']}  {what}")
        return OK

    return run_async(show())


async def _circuit(models: Models, scope: Scope, args: argparse.Namespace) -> dict[str, Any]:
    if args.lift:
        await models.circuits.close(scope)
    circuit = await models.circuits.look(scope)
    return {"model": scope.name, "state": circuit.state, "open_ms": circuit.open_ms}


async def _benched(models: Models, provider: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """The keys that a provider has refused."""
    return [
        {
            "provider": provider,
            "fingerprint": key.fingerprint,
            "model": key.model,
            "reason": key.reason,
            "lifted": bool(args.lift and await models.benches.pardon(provider, key.fingerprint, key.model)),
        }
        for key in await models.benches.look(provider)
    ]


def _scope(name: str) -> Scope:
    provider, _, model = name.partition("/")
    return Scope(provider, model)


def spent(args: argparse.Namespace) -> int:
    """What a tenant's calls came to on a day, in all and by model."""
    day = _day(args.day)

    async def show() -> int:
        settings = settings_from(args)
        async with broker_of(settings) as broker:
            books = Models(settings, broker).books
            number = await books.today() if day is None else (day - EPOCH).days
            sums, by_model = await books.day(args.tenant, number), await books.day_by_model(args.tenant, number)
        if args.json:
            print_json({"tenant": args.tenant, "total": sums, "models": by_model})
            return OK
        for name, held in {**by_model, "all": sums}.items():
            print_line(f"{name:<40}{_sums_in_words(held)}")
        return OK

    return run_async(show())


def credit(args: argparse.Namespace) -> int:
    """Grant credits to a tenant, once for each id; without an amount, show its balance."""
    if not re.fullmatch(TENANT, args.tenant):
        raise InvalidInput(f"{args.tenant[:80]!r} is no tenant's name", field="tenant", hint="A-Z, a-z, 0-9, _ . @ -")

    async def grant() -> int:
        settings = settings_from(args)
        async with broker_of(settings) as broker:
            credits_ = Models(settings, broker).credits
            if args.usd is not None:
                if not args.id:
                    raise InvalidInput("a grant needs an id", field="--id", hint="the payment's: it counts once")
                await credits_.grant(args.tenant, micros(args.usd), args.id)
            balance = await credits_.balance(args.tenant)
        rows = {name: getattr(balance, name) / MICROS for name in ("left", "granted", "spent", "held")}
        if args.json:
            print_json({"tenant": args.tenant, **{f"{name}_usd": dollars for name, dollars in rows.items()}})
            return OK
        print_line(f"{args.tenant}  " + "  ".join(f"{name} {dollars:.4f} USD" for name, dollars in rows.items()))
        return OK

    return run_async(grant())


def serve_fake(args: argparse.Namespace) -> int:
    """Answer as Anthropic's and OpenAI's APIs do, with what fits the request, and with faults by chance."""
    if not is_loopback(args.host):
        raise InvalidInput(f"{args.host} is not a loopback address", field="--host", hint="it is for local work alone")
    try:
        script = faults_from(args.faults, seed=args.seed, answer=designing)
    except ValueError as error:
        raise InvalidInput(str(error), field="--faults", hint="such as rate_limited=0.05,stalled=0.01") from None
    limits = KeyLimits(requests=args.requests_per_min, tokens=args.tokens_per_min)
    run_async(serve(args.host, args.port, script, limits=limits, ready=_tell_address))
    return OK


def _tell_address(url: str) -> None:
    print_line(url)
    sys.stderr.write(
        "in another terminal, or in its environment:\n"
        f"  STREAMFORGE_PROVIDERS__ANTHROPIC__BASE_URL={url} STREAMFORGE_PROVIDERS__ANTHROPIC__KEYS=any \\\n"
        "  streamforge run\n"
    )


def _price_in_words(price: Price | None) -> str:
    if price is None:
        return "no price: [models] can give it one"
    if price == FREE:
        return "free"
    parts = {"input": price.input, "output": price.output, "image": price.image, "minute": price.audio_minute}
    return ", ".join(f"{name} ${dollars:g}" for name, dollars in parts.items() if dollars)


def _sums_in_words(sums: Sums) -> str:
    tokens = f"{sums.input_tokens + sums.cache_read_tokens + sums.cache_write_tokens} in, {sums.output_tokens} out"
    media = f", {sums.images} images, {sums.audio_ms / 1000:g} s audio" if sums.images or sums.audio_ms else ""
    unknown = f", {sums.unpriced_calls} calls without a price" if sums.unpriced_calls else ""
    return f"{sums.cost_uusd / MICROS:>10.4f} USD  {sums.calls} calls, {tokens}{media}{unknown}"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise InvalidInput(f"{text[:40]!r} is no day", field="--day", hint="such as 2026-11-30 (UTC)") from None
