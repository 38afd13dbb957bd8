"""What no single setting can know: whether the settings fit together."""

from __future__ import annotations

import difflib
import ipaddress
import zoneinfo
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

from cronsim import CronSim, CronSimError

from streamforge.config.tree import Settings

REDIS_SCHEMES = ("redis", "rediss", "unix")
STORAGE_SCHEMES = ("file", "memory", "s3", "gs", "az")
ARCHIVE_SCHEMES = ("sqlite", "postgresql", "postgres", "mariadb", "mysql")
MODEL_SCHEMES = ("http", "https")
_KNOWN_PROVIDERS = ("anthropic", "openai")

SPARE_CONNECTIONS = 10
"""What a daemon holds besides the one connection of each queue that waits for its jobs."""

_Check = tuple[tuple[str, ...], Callable[[Settings], str | None]]
_Broken = tuple[tuple[str, ...], str]
"""The keys that a problem is about, the one to change first, and the problem."""


def contradictions(settings: Settings, failed: Collection[str]) -> list[str]:
    """Every rule the settings break, as ``section.key: why``; rules about a ``failed`` key are left out."""
    return [
        f"{keys[0]}: {why} (from {_origin(settings, keys)})"
        for keys, why in _broken(settings)
        if not any(key in failed for key in keys)
    ]


def _broken(settings: Settings) -> Iterator[_Broken]:
    for keys, rule in _CHECKS:
        if why := rule(settings):
            yield keys, why
    yield from _unserved_queues(settings)
    yield from _impossible_times(settings)
    yield from _bad_providers(settings)
    yield from _bad_chains(settings)


def _origin(settings: Settings, keys: tuple[str, ...]) -> str:
    named = [settings.source(key) for key in keys if key in settings.sources]
    return ", ".join(dict.fromkeys(named)) or "default"


def _lease(settings: Settings) -> str | None:
    worker = settings.worker
    if worker.lease_s > 2 * worker.renew_s:
        return None
    return (
        f"{worker.lease_s:g} must be more than twice worker.renew_s ({worker.renew_s:g}), "
        "or one late renewal loses jobs"
    )


def _retry(settings: Settings) -> str | None:
    worker = settings.worker
    if worker.retry_cap_s >= worker.retry_base_s:
        return None
    return f"{worker.retry_cap_s:g} must be at least worker.retry_base_s ({worker.retry_base_s:g})"


def _step_timeouts(settings: Settings) -> str | None:
    jobs = settings.jobs
    return _soft_below_hard("step", jobs.step_soft_timeout_s, jobs.step_timeout_s)


def _job_timeouts(settings: Settings) -> str | None:
    jobs = settings.jobs
    if jobs.job_timeout_s < jobs.step_timeout_s:
        return f"{jobs.job_timeout_s:g} must be at least jobs.step_timeout_s ({jobs.step_timeout_s:g})"
    return _soft_below_hard("job", jobs.job_soft_timeout_s, jobs.job_timeout_s)


def _soft_below_hard(what: str, soft_s: float, hard_s: float) -> str | None:
    if soft_s < hard_s:
        return None
    return f"{hard_s:g} must be more than jobs.{what}_soft_timeout_s ({soft_s:g}; 0 is no soft limit)"


def _step_value(settings: Settings) -> str | None:
    jobs = settings.jobs
    if jobs.step_value_max_bytes >= jobs.inline_bytes:
        return None
    return f"{jobs.step_value_max_bytes} must be at least jobs.inline_bytes ({jobs.inline_bytes})"


def _body(settings: Settings) -> str | None:
    if settings.api.max_body_bytes >= settings.jobs.max_input_bytes or not settings.api.enabled:
        return None
    return (
        f"{settings.api.max_body_bytes} must be at least jobs.max_input_bytes "
        f"({settings.jobs.max_input_bytes}), or the largest inputs cannot be sent"
    )


def _connections(settings: Settings) -> str | None:
    needed = len(settings.worker.queues) + SPARE_CONNECTIONS
    if settings.redis.max_connections >= needed:
        return None
    return (
        f"{settings.redis.max_connections} must be at least {needed}: one for each of the "
        f"{len(settings.worker.queues)} in worker.queues, and {SPARE_CONNECTIONS}"
    )


def _unserved_queues(settings: Settings) -> Iterator[_Broken]:
    for name in settings.queues:
        if name not in settings.worker.queues:
            served = ", ".join(settings.worker.queues)
            why = f"worker.queues does not have it, so it has no effect; add it there, or remove the table ({served})"
            yield (f"queues.{name}.concurrency", "worker.queues"), why


def _impossible_times(settings: Settings) -> Iterator[_Broken]:
    for name, cron in settings.cron.items():
        if why := _schedule(cron.schedule):
            yield (f"cron.{name}.schedule",), why
        if why := _timezone(cron.timezone):
            yield (f"cron.{name}.timezone",), why


def _schedule(text: str) -> str | None:
    try:
        first = next(CronSim(text, datetime.now(UTC)), None)
    except CronSimError as error:
        return f"{text!r} is no schedule: {str(error).lower()}; write five fields as in a crontab, such as '30 2 * * *'"
    return None if first else f"{text!r} never comes"


def _timezone(name: str) -> str | None:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # not there, no name of a zone, a directory
        near = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
        return f"no time zone is called {name!r}" + (f", did you mean {near[0]!r}?" if near else "")
    return None


def _redis_url(settings: Settings) -> str | None:
    url = settings.redis.url
    if not url:
        return None
    if _scheme(url) not in REDIS_SCHEMES:
        return "expected a URL that starts with redis://, rediss:// or unix://"
    return None if _has_good_port(url) else "its port is no number from 1 to 65535"


def _storage_url(settings: Settings) -> str | None:
    url = settings.storage.url
    if "://" not in url or _scheme(url) in STORAGE_SCHEMES:
        return None
    return f"expected a directory or a URL of {', '.join(f'{scheme}://' for scheme in STORAGE_SCHEMES)}"


def _archive_url(settings: Settings) -> str | None:
    """A driver's name after the scheme is allowed, and not heeded."""
    url = settings.archive.url
    if url in ("", "off") or ("://" in url and _scheme(url).partition("+")[0] in ARCHIVE_SCHEMES):
        return None
    return f"expected off, or a URL of {', '.join(f'{scheme}://' for scheme in ARCHIVE_SCHEMES)}"


def _llm_timeouts(settings: Settings) -> str | None:
    llm = settings.llm
    if llm.timeout_s >= llm.soft_timeout_s:
        return None
    return f"{llm.timeout_s:g} must be at least llm.soft_timeout_s ({llm.soft_timeout_s:g})"


def _bad_providers(settings: Settings) -> Iterator[_Broken]:
    for name, provider in settings.providers.items():
        if why := _endpoint(provider.base_url):
            yield (f"providers.{name}.base_url",), why
        elif not provider.base_url and name not in _KNOWN_PROVIDERS:
            known = " and ".join(_KNOWN_PROVIDERS)
            why = f"missing: of {known} alone the address is known, and another's keys must not go there"
            yield (f"providers.{name}.base_url",), why
        elif not provider.base_url and provider.api not in ("auto", name):
            yield (f"providers.{name}.api",), f"{provider.api} is not what {name}'s own address speaks; leave it out"


def _bad_chains(settings: Settings) -> Iterator[_Broken]:
    """A chain of models that do not exist, or whose provider has no key, or with something after the last resort."""
    for section, own in (("llm", "offline"), ("images", ""), ("speech", "local")):
        chain: tuple[str, ...] = getattr(settings, section).chain
        is_text = section == "llm"
        reasons = (_why_not_asked(settings, name, own, is_text=is_text) for name in chain)
        if why := next(filter(None, reasons), None):
            yield (f"{section}.chain",), why
        elif len(set(chain)) < len(chain) or "offline" in chain[:-1]:
            yield (f"{section}.chain",), "name each model once, and offline last, for it always answers"


def _why_not_asked(settings: Settings, name: str, own: str, *, is_text: bool) -> str | None:
    provider, _, model = name.partition("/")
    if not model:
        return None if name == own else f"{name} is not a model for this, write provider/model"
    held = settings.providers.get(provider)
    if held is None:
        known = difflib.get_close_matches(provider, settings.providers, n=1)
        return f"{name} needs [providers.{provider}]" + (f", did you mean {known[0]}?" if known else "")
    if not (held.keys or held.keys_file or held.base_url):
        return f"{name} needs providers.{provider}.keys (or a base_url, for a server of your own that asks for none)"
    if not is_text and (held.api == "anthropic" or (held.api == "auto" and provider == "anthropic")):
        return f"{name} writes text alone: name a model of a provider that speaks the OpenAI format"
    return None


def _endpoint(url: str) -> str | None:
    if not url or (_scheme(url) in MODEL_SCHEMES and urlsplit(url).hostname and _has_good_port(url)):
        return None
    return "expected http://host or https://host, with :port where it needs one"


def _scheme(url: str) -> str:
    """The part before the colon; nothing where there is none, or the rest is no address."""
    try:
        return urlsplit(url).scheme
    except ValueError:  # an unfinished IPv6 address
        return ""


def _has_good_port(url: str) -> bool:
    try:
        return urlsplit(url).port != 0
    except ValueError:
        return False


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; of names, only localhost is trusted to mean that."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


_CHECKS: tuple[_Check, ...] = (
    (("worker.lease_s", "worker.renew_s"), _lease),
    (("worker.retry_cap_s", "worker.retry_base_s"), _retry),
    (("jobs.step_timeout_s", "jobs.step_soft_timeout_s"), _step_timeouts),
    (("jobs.job_timeout_s", "jobs.job_soft_timeout_s", "jobs.step_timeout_s"), _job_timeouts),
    (("jobs.step_value_max_bytes", "jobs.inline_bytes"), _step_value),
    (("api.max_body_bytes", "jobs.max_input_bytes", "api.enabled"), _body),
    (("redis.max_connections", "worker.queues"), _connections),
    (("redis.url",), _redis_url),
    (("storage.url",), _storage_url),
    (("archive.url",), _archive_url),
    (("llm.timeout_s", "llm.soft_timeout_s"), _llm_timeouts),
)
