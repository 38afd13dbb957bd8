"""The models that the settings name: which are asked, with which keys, at which prices, and when rules take over."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamforge.app import Daemon, choose_designer
from streamforge.broker.broker import Broker
from streamforge.config import Settings, load
from streamforge.errors import Billing, ConfigError, ProviderUnavailable, StreamForgeError
from streamforge.models import Models, keys_of, leads_offline, prices, require_usable, text_chain
from streamforge.pipelines.banner.design.last_resort import LastResort
from streamforge.pipelines.banner.design.model import ModelDesigner
from streamforge.pipelines.banner.design.offline import OfflineDesigner
from streamforge.providers.refusals import ContentRefused, KeyRefused
from streamforge.testing.fault_table import as_markdown
from streamforge.traffic.model import NoUsableKey, Parked, Scope
from streamforge.traffic.prices import Price

CLAUDE = {"providers.anthropic.keys": "k"}
GPT = {"providers.openai.keys": "k"}
OPUS = "anthropic/claude-opus-5-5"


def settings(**flags: object) -> Settings:
    """Settings of these alone."""
    return load(environ={"HOME": "/nonexistent"}, flags=flags)


def opened(given: Settings) -> Models:
    """Their models, with nothing behind them."""
    return Models(given, Broker(given.redis, given.jobs, "redis://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("flags", "chain"),
    [
        ({}, ("offline",)),
        (CLAUDE, (OPUS,)),
        (GPT, ("openai/gpt-6.1-terra",)),
        (CLAUDE | GPT, (OPUS, "openai/gpt-6.1-terra")),
        (CLAUDE | {"llm.chain": "offline"}, ("offline",)),
        ({"providers.vllm.base_url": "http://h:1", "llm.chain": "vllm/org/m:8b"}, ("vllm/org/m:8b",)),
    ],
)
def test_without_a_chain_those_with_a_key_are_asked(flags: dict[str, object], chain: tuple[str, ...]) -> None:
    """A key is all that is needed; a chain that is named wins."""
    assert text_chain(settings(**flags)) == chain


@pytest.mark.parametrize(
    ("flags", "designer"),
    [
        ({}, OfflineDesigner),
        (CLAUDE, ModelDesigner),
        (CLAUDE | {"llm.chain": f"{OPUS},offline"}, LastResort),
    ],
)
def test_the_chain_decides_who_designs(flags: dict[str, object], designer: type[object]) -> None:
    """Rules alone, models alone, or models with the rules behind them."""
    given = settings(**flags)
    assert type(choose_designer(given, opened(given))) is designer


def test_a_chain_becomes_a_model_for_each_role() -> None:
    """Each role gets what its chain names, and nothing where it names none."""
    given = settings(**CLAUDE, **GPT, **{"images.chain": "openai/i", "speech.chain": "openai/s"})
    models = opened(given)
    text, images, speech = models.text(), models.images(), models.speech()
    assert text is not None
    assert images is not None
    assert speech is not None
    assert (text.name, images.name, speech.name) == ("anthropic:claude-opus-5-5", "openai:i", "openai:s")
    none = opened(settings())
    assert (none.text(), none.images(), none.speech()) == (None, None, None)


@pytest.mark.parametrize(
    ("error", "leads"),
    [
        (ProviderUnavailable("down"), True),
        (KeyRefused("no"), True),
        (NoUsableKey("none"), True),
        (Parked("the circuit is open", why="breaker"), True),
        (Parked("busy", why="requests"), False),
        (ContentRefused("no"), False),
        (Billing("no money"), False),
    ],
)
def test_rules_take_over_where_models_fail(error: StreamForgeError, leads: bool) -> None:
    """A model that is merely busy is waited for; what is refused for its content or for money stays refused."""
    assert leads_offline(settings())(error) is leads


def test_refused_content_leads_on_where_configured() -> None:
    """The operator may want the rules to try what a model would not."""
    assert leads_offline(settings(**{"llm.failover_on_refusals": True}))(ContentRefused("no"))


def test_a_price_of_ones_own_goes_before_the_built_in_one() -> None:
    """What it does not say stays as it was; a model of one's own may be free; half a price is refused."""
    table = prices(
        settings(**{f"models.{OPUS}.input_usd": 3, "models.vllm/m.input_usd": 0, "models.vllm/m.output_usd": 0}).models
    )
    assert table.of(Scope("anthropic", "claude-opus-5-5")) == Price(input=3.0, output=20.0)
    assert table.of(Scope("vllm", "m")) == Price()
    assert table.of(Scope("vllm", "other")) is None
    with pytest.raises(ConfigError, match="one of input_usd and output_usd is missing"):
        prices(settings(**{"models.vllm/m.input_usd": 1}).models)


def test_keys_come_from_a_file_too(tmp_path: Path) -> None:
    """One a line, comments and a byte order mark aside; a file that is not there, or has none, is named."""
    file = tmp_path / "keys"
    file.write_text("\ufeff# ours\none\n\n  two\n")
    held = settings(**GPT, **{"providers.openai.keys_file": str(file)}).providers["openai"]
    assert [key.reveal() for key in keys_of("openai", held)] == ["k", "one", "two"]
    file.write_text("# none yet\n")
    with pytest.raises(ConfigError, match="no key in"):
        keys_of("openai", held)
    file.unlink()
    with pytest.raises(ConfigError, match="cannot read") as caught:
        keys_of("openai", held)
    assert caught.value.field == "providers.openai.keys_file"


def test_what_is_no_key_is_refused_at_the_start() -> None:
    """A key that no header can carry is found before a job meets it, and is not shown."""
    held = settings(**{"providers.openai.keys": "good,bad key"}).providers["openai"]
    with pytest.raises(ConfigError) as caught:
        keys_of("openai", held)
    assert caught.value.field == "providers.openai.keys"
    assert "bad key" not in str(caught.value)


def test_budgets_need_prices() -> None:
    """Where money is limited a model without a price is refused at the start, wherever in a chain it stands."""
    chain = {"llm.chain": f"{OPUS},openai/unknown", **CLAUDE, **GPT}
    require_usable(settings(**chain))
    with pytest.raises(ConfigError) as caught:
        require_usable(settings(**chain, **{"tenants.acme.budget_day_usd": 5}))
    assert caught.value.field == "models.openai/unknown.input_usd"
    priced = {"models.openai/unknown.input_usd": 1, "models.openai/unknown.output_usd": 1}
    require_usable(settings(**chain, **priced, **{"tenants.acme.budget_day_usd": 5}))


def test_a_running_daemon_takes_budgets_and_weights_over() -> None:
    """The next call is held against the new budget, and takes its turns by the new weight."""
    models = opened(settings(**CLAUDE))
    models.reload(settings(**CLAUDE, **{"budgets.day_usd": 5, "tenants.acme.weight": 9, "tenants.acme.prepaid": True}))
    assert models.gate.weight_of("acme") == 9.0
    assert models.gate.weight_of("other") == 1.0
    assert models.budgets.of("acme").is_prepaid
    assert models.budgets.of("other").day_usd == 5


async def test_a_budget_that_a_start_would_refuse_is_refused_by_a_running_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes on as it was, all of it: what a model without a price costs could not be held against a budget."""
    unpriced = {"llm.chain": "openai/unknown", "paths.data_dir": str(tmp_path), **GPT}
    daemon = Daemon(settings(**unpriced))
    before, taken = daemon.settings, list[str]()

    def take_over(*given: object, **named: object) -> None:
        taken.append(f"{given} {named}")

    monkeypatch.setattr(daemon.executor, "reload", take_over)
    monkeypatch.setattr(daemon.broker, "configure", take_over)
    with pytest.raises(ConfigError) as caught:
        daemon.reload(settings(**unpriced, **{"budgets.day_usd": 5, "jobs.result_max_bytes": 7_000}))
    assert caught.value.field == "models.openai/unknown.input_usd"
    assert (daemon.settings, taken) == (before, [])
    assert not daemon.models.budgets.of("acme").is_limited


def test_the_page_has_the_table_of_faults() -> None:
    """What the docs say of each fault is what the code does."""
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    _, _, rest = page.partition("<!-- faults -->\n")
    assert rest.partition("<!-- /faults -->")[0] == as_markdown()
