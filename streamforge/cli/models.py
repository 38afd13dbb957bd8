"""Models: which the settings name, and a scripted server that stands in for them."""

from __future__ import annotations

import argparse
import sys
from datetime import date

from streamforge.cli.fake_designer import designing
from streamforge.cli.main import OK
from streamforge.cli.session import run_async, settings_from
from streamforge.cli.text import print_json, print_line
from streamforge.config.check import is_loopback
from streamforge.errors import InvalidInput
from streamforge.models import keys_of, prices, text_chain
from streamforge.testing.model_accounts import KeyLimits
from streamforge.testing.model_script import faults_from
from streamforge.testing.model_server import serve
from streamforge.traffic.keys import fingerprint
from streamforge.traffic.model import Scope
from streamforge.traffic.prices import AS_OF, FREE, Price

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


def _scope(name: str) -> Scope:
    provider, _, model = name.partition("/")
    return Scope(provider, model)


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
