"""The settings of outside models: who provides them, what they may do and cost, and which is asked for what."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streamforge.config.limits import Count, CountOrNone, ModelName, Seconds, SecondsOrNone
from streamforge.config.secret import Secret

Limit = CountOrNone
Dollars = Annotated[float, Meta(ge=0, le=1e6)]
UNPRICED = -1.0
"""Stands for a price that nobody gave."""
DollarsOrUnknown = Annotated[float, Meta(ge=UNPRICED, le=1e6)]


class ProviderSettings(Struct, frozen=True, kw_only=True):
    """One provider of models: its address, its keys, and what each key may do with a model in a minute."""

    api: Annotated[
        Literal["auto", "anthropic", "openai"],
        Meta(
            description="Wire format: anthropic, openai (that of vLLM, Ollama, LiteLLM, too), or auto: anthropic for "
            "the provider of that name, else openai."
        ),
    ] = "auto"
    base_url: Annotated[str, Meta(description="Another endpoint; empty means the provider's own.")] = ""
    keys: Annotated[
        tuple[Secret, ...],
        Meta(
            description="API keys; calls go to the one with the most room. $ANTHROPIC_API_KEY and $OPENAI_API_KEY are "
            "the fallbacks of providers.anthropic and providers.openai.",
            examples=[()],
        ),
    ] = ()
    keys_file: Annotated[str, Meta(description="File of further keys, one a line.")] = ""
    takes_idempotency_keys: Annotated[
        bool, Meta(description="Whether a repeated call with the same Idempotency-Key is one call to the provider.")
    ] = False
    requests_per_min: Annotated[Limit, Meta(description="Requests a minute with one key; 0 is no limit.")] = 0
    input_tokens_per_min: Annotated[
        Limit, Meta(description="Input tokens a minute with one key (cache reads apart); 0 is no limit.")
    ] = 0
    output_tokens_per_min: Annotated[Limit, Meta(description="Output tokens a minute with one key; 0 is no limit.")] = 0
    tokens_per_min: Annotated[
        Limit, Meta(description="Input and output together, where a provider counts so; 0 is no limit.")
    ] = 0
    concurrent: Annotated[Limit, Meta(description="Calls at once with one key; 0 is no limit.")] = 0
    connect_timeout_s: Annotated[Seconds, Meta(description="How long connecting may take.")] = 5.0
    first_token_timeout_s: Annotated[Seconds, Meta(description="How long the first piece of an answer may take.")] = (
        60.0
    )
    idle_timeout_s: Annotated[Seconds, Meta(description="The longest silence within an answer.")] = 30.0


class ModelSettings(Struct, frozen=True, kw_only=True):
    """One model's own limits, in the place of all of its provider's, and its prices, before the built-in ones."""

    requests_per_min: Annotated[Limit, Meta(description="As in providers; where all five are 0, those hold.")] = 0
    input_tokens_per_min: Annotated[Limit, Meta(description="Input tokens a minute with one key.")] = 0
    output_tokens_per_min: Annotated[Limit, Meta(description="Output tokens a minute with one key.")] = 0
    tokens_per_min: Annotated[Limit, Meta(description="Both together.")] = 0
    concurrent: Annotated[Limit, Meta(description="Calls at once with one key.")] = 0
    input_usd: Annotated[
        DollarsOrUnknown,
        Meta(
            description="Dollars for a million input tokens; -1 is unknown, 0 is for a model of your own.",
            examples=[3.0],
        ),
    ] = UNPRICED
    output_usd: Annotated[
        DollarsOrUnknown, Meta(description="Dollars for a million output tokens.", examples=[15.0])
    ] = UNPRICED
    cache_read_usd: Annotated[
        DollarsOrUnknown, Meta(description="Dollars for a million cached tokens read; -1 is a tenth of input_usd.")
    ] = UNPRICED
    cache_write_usd: Annotated[
        DollarsOrUnknown, Meta(description="Dollars for a million tokens cached; -1 is five quarters of input_usd.")
    ] = UNPRICED
    image_usd: Annotated[DollarsOrUnknown, Meta(description="Dollars for an image.")] = UNPRICED
    audio_minute_usd: Annotated[DollarsOrUnknown, Meta(description="Dollars for a minute of audio.")] = UNPRICED


class BudgetSettings(Struct, frozen=True, kw_only=True):
    """What each tenant's calls to models may cost; [tenants.*] may say otherwise for one."""

    day_usd: Annotated[Dollars, Meta(description="Dollars a tenant may spend in a day (UTC); 0 is no limit.")] = 0.0
    prepaid: Annotated[bool, Meta(description="Whether a tenant may spend no more than its credits.")] = False


class LedgerSettings(Struct, frozen=True, kw_only=True):
    """How long the record of what calls to models cost stays in Redis."""

    job_ttl_s: Annotated[Seconds, Meta(description="A job's calls, after the last of them.")] = 7 * 86_400.0
    day_ttl_s: Annotated[Seconds, Meta(description="A tenant's sums of a day.")] = 400 * 86_400.0
    stream_max: Annotated[Count, Meta(description="Calls in the stream of charges, for whoever keeps the books.")] = (
        100_000
    )


class LlmSettings(Struct, frozen=True, kw_only=True):
    """The language models that design and write."""

    chain: Annotated[
        tuple[ModelName, ...],
        Meta(
            description="Models in the order in which they are asked, as provider/model; offline may be the last, or "
            "the only one. Empty: Claude, then GPT, of those with a key; offline where there is none.",
            examples=[("anthropic/claude-opus-5-5", "openai/gpt-6.1-terra", "offline")],
        ),
    ] = ()
    effort: Annotated[
        Literal["low", "medium", "high", "xhigh", "max"],
        Meta(description="How hard the model thinks: low, medium, high, xhigh or max."),
    ] = "medium"
    max_tokens: Annotated[Count, Meta(description="Tokens one answer may have.")] = 8000
    soft_timeout_s: Annotated[
        Seconds, Meta(description="Time one model has for an answer; then the next of the chain is asked.")
    ] = 60.0
    timeout_s: Annotated[Seconds, Meta(description="Time for an answer, all models of the chain together.")] = 120.0
    failover_on_rate_limits: Annotated[
        bool, Meta(description="Ask the next model of the chain, too, where one has no room; else wait for it.")
    ] = False
    failover_on_refusals: Annotated[
        bool, Meta(description="Ask the next model of the chain, too, where one refuses the content.")
    ] = False


class ImagesSettings(Struct, frozen=True, kw_only=True):
    """The image models that draw hero pictures; asked for each brief that brings no picture of its own."""

    chain: Annotated[
        tuple[ModelName, ...],
        Meta(
            description="Models in the order in which they are asked, as provider/model; none: no picture is drawn.",
            examples=[("openai/gpt-image-2.5-flare",)],
        ),
    ] = ()
    timeout_s: Annotated[Seconds, Meta(description="Time one picture may take.")] = 120.0


class SpeechSettings(Struct, frozen=True, kw_only=True):
    """The models that turn speech into text."""

    chain: Annotated[
        tuple[ModelName, ...],
        Meta(
            description="Models in the order in which they are asked, as provider/model; local is the one of the "
            "voice extra. Empty: local where it is installed.",
            examples=[("openai/gpt-transcribe", "local")],
        ),
    ] = ()
    timeout_s: Annotated[SecondsOrNone, Meta(description="Time one recording may take.")] = 300.0
