"""The models that the settings name, each call within its limits and on the ledger: a part of the composition root.

    models = Models(settings, broker, rack.call)
    supervisor = Supervisor([redis, *models.services, ...])
    text = models.text()            # a TextModel over the chain llm.chain; None where there is no outside model

Without services and broker running no call is admitted.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from msgspec.structs import replace

from streamforge.broker.broker import Broker
from streamforge.config import BudgetSettings, ModelSettings, ProviderSettings, Secret, Settings
from streamforge.errors import ConfigError, ProviderRefused, ProviderUnavailable, StepTimeout, StreamForgeError
from streamforge.ops.service import Service
from streamforge.providers.access import checked_key
from streamforge.providers.anthropic import AnthropicText
from streamforge.providers.failover import MovesOn
from streamforge.providers.images import ImageModel
from streamforge.providers.local_speech import LocalSpeech, is_installed
from streamforge.providers.metered import MeteredText
from streamforge.providers.openai_chat import OpenAIChat
from streamforge.providers.openai_images import OpenAIImages
from streamforge.providers.openai_speech import OpenAISpeech
from streamforge.providers.refusals import ContentRefused
from streamforge.providers.speech import SpeechModel
from streamforge.providers.text import TextModel
from streamforge.providers.timeouts import Timeouts
from streamforge.traffic.benches import Benches
from streamforge.traffic.breaker import Breaker
from streamforge.traffic.budgets import Allowance, Budgets, Credits
from streamforge.traffic.gate import Gate, Model, Route
from streamforge.traffic.gateway import GatewayImages, GatewaySpeech, GatewayText
from streamforge.traffic.keys import KeyPool
from streamforge.traffic.ledger import Books, Ledger
from streamforge.traffic.limiter import Limiter
from streamforge.traffic.model import Limits, Parked, Scope
from streamforge.traffic.money import Keeping
from streamforge.traffic.prices import FREE, PUBLISHED, Price, Prices
from streamforge.traffic.rules import Rules
from streamforge.traffic.scripts import Scripts

OFFLINE: Final = "offline"
LOCAL: Final = "local"
LOCAL_SCOPE: Final = Scope(LOCAL, "tiny.en")

USUAL_TEXT: Final = ("anthropic/claude-opus-5-5", "openai/gpt-6.1-terra")
"""Asked in this order where ``llm.chain`` names none: those whose provider has a key."""

M = TypeVar("M", bound=Model)
Offload = Callable[..., Awaitable[Any]]
"""Calls a function in a pool child; see ``Rack.call``."""


class Models:
    """Everything that calls to models share in one process. ``services`` must run while calls are made."""

    def __init__(self, settings: Settings, broker: Broker, offload: Offload | None = None) -> None:
        """Needs no network yet. Raises ConfigError for keys or chains that cannot be used."""
        require_prices(settings)
        self._settings = settings
        self._offload = offload
        rules, client, keys = Rules(), broker.client, broker.keys
        ledger = settings.ledger
        keeping = Keeping(
            job_ms=round(ledger.job_ttl_s * 1000),
            day_ms=round(ledger.day_ttl_s * 1000),
            stream_max=ledger.stream_max,
        )
        scripts = Scripts(client, keys, rules, keeping=keeping)
        limiter, writing = Limiter(scripts), Ledger(scripts)
        self.services: tuple[Service, ...] = (limiter, writing)
        self.books = Books(client, keys)
        self.benches = Benches(client, keys)
        self.circuits = Breaker(client, keys)
        self.credits = Credits(client, keys, scripts)
        self.budgets = Budgets(*allowances(settings))
        self.gate = Gate(limiter, writing, self.budgets, prices(settings.models), weights=_weights(settings))
        self._pools = {name: _pool(name, held) for name, held in settings.providers.items()}

    def reload(self, settings: Settings) -> None:
        """Go on with the budgets and the tenants' weights of these settings.

        Raises ConfigError, and changes nothing, where money is limited and a model has no price.
        """
        require_prices(settings)
        self.budgets.reload(*allowances(settings))
        self.gate.reload(_weights(settings))

    @property
    def imports(self) -> tuple[str, ...]:
        """Modules that the first call would have to wait for."""
        providers = {name.partition("/")[0] for name in text_chain(self._settings)}
        held = [(name, self._settings.providers[name]) for name in providers if name in self._settings.providers]
        return ("anthropic",) if any(is_anthropic(name, provider) for name, provider in held) else ()

    def text(self) -> GatewayText | None:
        """The chain of language models; None where ``offline`` is the only one."""
        llm = self._settings.llm
        names = [name for name in text_chain(self._settings) if name != OFFLINE]
        routes = [self._route(name, self._text, soft_timeout_s=llm.soft_timeout_s) for name in names]
        return GatewayText(routes, self.gate, moves_on=moves_on(self._settings)) if routes else None

    def images(self) -> GatewayImages | None:
        """The chain of image models; None where there is none."""
        routes = [self._route(name, self._images) for name in self._settings.images.chain]
        return GatewayImages(routes, self.gate) if routes else None

    def speech(self) -> GatewaySpeech | None:
        """The chain of speech models; None where there is none, or the local one is not installed."""
        chain = self._settings.speech.chain or ((LOCAL,) if self._offload and is_installed() else ())
        routes = [self._local() if name == LOCAL else self._route(name, self._speech) for name in chain]
        return GatewaySpeech(routes, self.gate) if routes else None

    def _route(self, name: str, make: Callable[[str, str, str], M], **terms: float) -> Route[M]:
        provider, _, model = name.partition("/")
        held = self._settings.providers[provider]
        return Route(
            scope=Scope(provider, model),
            pool=self._pools[provider],
            make=partial(make, provider, model),
            limits=_own_limits(self._settings.models.get(name)),
            takes_idempotency_keys=held.takes_idempotency_keys,
            **terms,
        )

    def _text(self, provider: str, model: str, key: str) -> TextModel:
        held = self._settings.providers[provider]
        timeouts = _timeouts(held)
        if is_anthropic(provider, held):
            claude = AnthropicText(api_key=key, model=model, base_url=held.base_url or None, timeouts=timeouts)
            return MeteredText(claude, provider)
        chat = OpenAIChat(api_key=key, model=model, base_url=held.base_url, timeouts=timeouts)
        return MeteredText(chat, provider)

    def _images(self, provider: str, model: str, key: str) -> ImageModel:
        held = self._settings.providers[provider]
        timeout_s = self._settings.images.timeout_s
        return OpenAIImages(
            api_key=key, model=model, base_url=held.base_url, timeout_s=timeout_s, timeouts=_timeouts(held)
        )

    def _speech(self, provider: str, model: str, key: str) -> SpeechModel:
        held = self._settings.providers[provider]
        return OpenAISpeech(api_key=key, model=model, base_url=held.base_url, timeouts=_timeouts(held))

    def _local(self) -> Route[SpeechModel]:
        if self._offload is None:
            raise ConfigError("the local speech model needs pool children", field="speech.chain")
        offload = self._offload
        return Route(scope=LOCAL_SCOPE, pool=KeyPool(LOCAL), make=lambda _: LocalSpeech(offload))


def text_chain(settings: Settings) -> tuple[str, ...]:
    """The language models in the order in which they are asked; ``offline`` where there is no other."""
    if settings.llm.chain:
        return settings.llm.chain
    usual = [name for name in USUAL_TEXT if _has_key(settings, name.partition("/")[0])]
    return tuple(usual) or (OFFLINE,)


def outside_models(settings: Settings) -> tuple[str, ...]:
    """Every outside model that may be asked, ``provider/model``, in the order of the chains."""
    chains = (*text_chain(settings), *settings.images.chain, *settings.speech.chain)
    return tuple(name for name in chains if "/" in name)


def moves_on(settings: Settings) -> MovesOn:
    """Which errors lead to the next model of the chain."""
    llm = settings.llm
    return MovesOn(rate_limits=llm.failover_on_rate_limits, refusals=llm.failover_on_refusals)


def leads_offline(settings: Settings) -> Callable[[StreamForgeError], bool]:
    """Which errors of all models lead to the offline one at the chain's end: all but a busy model, and money."""
    refused = (ProviderRefused, ProviderUnavailable, StepTimeout)
    leads_on = moves_on(settings)

    def judge(error: StreamForgeError) -> bool:
        if isinstance(error, Parked):
            return error.why == "breaker"
        return leads_on(error) or (isinstance(error, refused) and not isinstance(error, ContentRefused))

    return judge


def is_anthropic(name: str, provider: ProviderSettings) -> bool:
    """Which of the two wire formats a provider speaks."""
    return provider.api == "anthropic" or (provider.api == "auto" and name == "anthropic")


def prices(models: Mapping[str, ModelSettings]) -> Prices:
    """The built-in prices with those of the settings before them. Raises ConfigError for half a price."""
    own = {name: _price(name, held) for name, held in models.items()}
    return Prices({name: price for name, price in own.items() if price is not None})


def require_prices(settings: Settings) -> None:
    """Where money is limited every model that may be asked must have a price. Raises ConfigError for one without."""
    usual, own = allowances(settings)
    if not any(allowance.is_limited for allowance in (usual, *own.values())):
        return
    table = prices(settings.models)
    for name in (*text_chain(settings), *settings.images.chain, *settings.speech.chain):
        provider, _, model = name.partition("/")
        if table.of(Scope(provider, model)) is None:
            why = f"{name} has no price, and there are budgets: what it costs could not be held against them"
            raise ConfigError(why, field=f"models.{name}.input_usd", hint="0 is a price, too; give output_usd as well")


def require_usable(settings: Settings) -> None:
    """What a start would find wrong with keys, their files and prices. Raises ConfigError."""
    require_prices(settings)
    for name, provider in settings.providers.items():
        keys_of(name, provider)


def allowances(settings: Settings) -> tuple[Allowance, dict[str, Allowance]]:
    """What tenants may spend: the usual, and who may spend something else."""
    own = {name: _allowance(held.budget_day_usd, held.prepaid) for name, held in settings.tenants.items()}
    usual: BudgetSettings = settings.budgets
    return _allowance(usual.day_usd, usual.prepaid), own


def keys_of(name: str, provider: ProviderSettings) -> Sequence[Secret]:
    """A provider's keys, those of its file with them: one a line, without blank lines and those that begin with #.

    Raises ConfigError where the file cannot be read or has none, or for what is no key.
    """
    field = f"providers.{name}.keys"
    found = list(provider.keys)
    if provider.keys_file:
        found += [Secret(line) for line in _lines(provider.keys_file, f"{field}_file")]
    for key in found:
        checked_key(key.reveal(), field, "a key is one word of plain characters")
    return found


def _weights(settings: Settings) -> dict[str, float]:
    return {name: tenant.weight for name, tenant in settings.tenants.items()}


def _lines(path: str, field: str) -> list[str]:
    try:
        text = Path(path).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigError(f"cannot read {path}: {why}", field=field) from None
    lines = [line.strip() for line in text.splitlines()]
    keys = [line for line in lines if line and not line.startswith("#")]
    if not keys:
        raise ConfigError(f"there is no key in {path}", field=field, hint="one a line")
    return keys


def _pool(name: str, provider: ProviderSettings) -> KeyPool:
    return KeyPool(name, keys_of(name, provider), _limits(provider))


def _has_key(settings: Settings, provider: str) -> bool:
    held = settings.providers.get(provider)
    return held is not None and bool(held.keys or held.keys_file)


def _limits(held: ProviderSettings | ModelSettings) -> Limits:
    return Limits(
        requests=held.requests_per_min,
        input_tokens=held.input_tokens_per_min,
        output_tokens=held.output_tokens_per_min,
        tokens=held.tokens_per_min,
        concurrent=held.concurrent,
    )


def _own_limits(model: ModelSettings | None) -> Limits | None:
    limits = _limits(model) if model is not None else Limits()
    return None if limits == Limits() else limits


def _timeouts(provider: ProviderSettings) -> Timeouts:
    return Timeouts(
        connect_s=provider.connect_timeout_s,
        first_token_s=provider.first_token_timeout_s,
        idle_s=provider.idle_timeout_s,
    )


def _price(name: str, model: ModelSettings) -> Price | None:
    """None where no price is given at all; what is not given of one is the built-in one's."""
    given = {field.removesuffix("_usd"): getattr(model, field) for field in model.__struct_fields__ if "_usd" in field}
    given = {kind: dollars for kind, dollars in given.items() if dollars >= 0}
    if not given:
        return None
    known = PUBLISHED.get(name)
    if known is None and len({"input", "output"} & given.keys()) == 1:
        raise ConfigError(
            "one of input_usd and output_usd is missing", field=f"models.{name}", hint="0 is a price, too"
        )
    return replace(known or FREE, **given)


def _allowance(day_usd: float, is_prepaid: bool) -> Allowance:
    return Allowance(day_usd=day_usd or None, is_prepaid=is_prepaid)
