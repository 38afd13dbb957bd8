"""Settings in tables that the operator names: queues, tenants, routes, recurring jobs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest

from streamforge.config import JsonObject, QueueSettings, TenantSettings, load
from streamforge.config.limits import KindName, QueueName, TenantName
from streamforge.errors import ConfigError
from streamforge.jobs import model

NOBODY: Mapping[str, str] = {"HOME": "/home/nobody"}
CRON = '[cron.nightly]\nschedule = "0 3 * * *"\nkind = "banner"\n'
CRON_FLAGS = {"cron.nightly.schedule": "0 3 * * *", "cron.nightly.kind": "banner"}


@pytest.fixture(autouse=True)
def away_from_real_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the settings of the machine it runs on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("streamforge.config.loader.DEFAULT_FILES", (Path("streamforge.toml"),))


def write(text: str) -> Path:
    """The settings file of this test."""
    Path("streamforge.toml").write_text(text, encoding="utf-8")
    return Path("streamforge.toml")


def problems(
    text: str = "",
    environ: Mapping[str, str] = NOBODY,
    flags: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """The message of the ConfigError that loading must raise."""
    write(text)
    with pytest.raises(ConfigError) as caught:
        load(None, {**NOBODY, **environ}, flags)
    return str(caught.value)


def test_a_table_comes_from_every_source_setting_by_setting() -> None:
    """File, variable and flag each give one setting of the same table; each keeps its source."""
    write('[worker]\nqueues = ["cpu"]\n[queues.cpu]\nconcurrency = 2\n[tenants.acme]\nweight = 3\nmax_running = 1\n')
    environ = {**NOBODY, "STREAMFORGE_TENANTS__ACME__MAX_RUNNING": "7", "STREAMFORGE_QUEUES__CPU__CONCURRENCY": "4"}
    settings = load(environ=environ, flags={"queues.cpu.concurrency": "9"})
    assert settings.queues == {"cpu": QueueSettings(concurrency=9)}
    assert settings.tenants == {"acme": TenantSettings(weight=3.0, max_running=7)}
    assert settings.source("queues.cpu.concurrency") == "flag queues.cpu.concurrency"
    assert settings.source("tenants.acme.max_running") == "$STREAMFORGE_TENANTS__ACME__MAX_RUNNING"
    assert settings.source("tenants.acme.weight") == "streamforge.toml"


def test_routes_are_plain_values() -> None:
    """A kind and its queue, from a file, a variable or a flag; a kind's name may hold dots."""
    write('[routes]\nbanner = "a"\n"site.small" = "b"\n')
    settings = load(environ={**NOBODY, "STREAMFORGE_ROUTES__BANNER": "c"}, flags={"routes.site.large": "d"})
    assert settings.routes == {"banner": "c", "site.small": "b", "site.large": "d"}


def test_what_a_table_leaves_out_is_inherited() -> None:
    """A cap for all tenants holds for one that has only a weight; a cap of its own, none too, beats it."""
    flags = {"worker.tenant_max_running": 5, "tenants.a.weight": 2, "tenants.b.max_running": 0}
    tenants = load(environ=NOBODY, flags=flags).tenants
    assert (tenants["a"].max_running, tenants["b"].max_running, tenants["b"].weight) == (5, 0, 1.0)


def test_names_may_hold_what_jobs_may_carry() -> None:
    """A tenant such as ``Ann@example.org`` has a table, though no variable can name it."""
    write('[tenants."Ann@example.org"]\nweight = 0.5\n')
    assert load(environ=NOBODY).tenants["Ann@example.org"].weight == 0.5


@pytest.mark.parametrize(
    ("ours", "theirs"), [(KindName, model.Name), (QueueName, model.Name), (TenantName, model.Tenant)]
)
@pytest.mark.parametrize("name", ["a", "A", "a.b-c_d", "a@b", "-a", "", "a\n", "a" * 64, "a" * 65, "ä"])
def test_names_are_those_that_jobs_may_carry(ours: type[str], theirs: type[str], name: str) -> None:
    """The settings accept a kind, queue or tenant where a submission does, and refuse it where that does."""

    def fits(wanted: type[str]) -> bool:
        try:
            msgspec.convert(name, wanted)
        except msgspec.ValidationError:
            return False
        return True

    assert fits(ours) == fits(theirs)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "[queues.default]\nconcurency = 2\n",
            "queues.default.concurency: no such setting, did you mean queues.default.concurrency?",
        ),
        ("[tenants.acme]\nmax_runing = 2\n", "did you mean tenants.acme.max_running?"),
        ("[queue.default]\nconcurrency = 2\n", "queue: no such section, did you mean [queues]?"),
        ("[route]\nbanner = 2\n", "route: no such section, did you mean [routes]?"),
        (
            "[queues]\nconcurrency = 2\n",
            "queues.concurrency: expected a table, got 2, did you mean queues.<name>.concurrency?",
        ),
        ("[queues.default]\n", "queues.default: the table is empty"),
        ("queues = 5\n", "queues: expected a table, got 5"),
        ("[queues.default]\nconcurrency = 0\n", "queues.default.concurrency: expected int >= 1 and <= 100000, got 0"),
        ("[queues.GPU]\nconcurrency = 1\n", "queues.GPU.concurrency: 'GPU' is no name for it, expected str like ^[a-z"),
        ("[tenants.acme]\nweight = 0\n", "tenants.acme.weight: expected float > 0 and <= 1000, got 0"),
        ("[tenants.acme]\nweight = nan\n", "tenants.acme.weight: expected float > 0 and <= 1000, got nan"),
        ("[routes]\nbanner = 5\n", "routes.banner: expected str like "),
        ('[routes]\nBanner = "a"\n', "routes.Banner: 'Banner' is no name"),
        ('[cron.nightly]\nkind = "banner"\n', "cron.nightly.schedule: missing"),
        ('[cron."a.b"]\nkind = "banner"\n', "'a.b' is no name for it"),
        (CRON + "priority = 1\n", "cron.nightly.priority: expected one of 'high', 'normal', 'low', got 1"),
        (
            CRON + "[cron.nightly.inputs]\nx = 1\n",
            "cron.nightly.inputs: no such setting, did you mean cron.nightly.input?",
        ),
        ('[pipelines]\nmodules = ["a.b"]\n', "pipelines.modules: expected list of str like "),
    ],
)
def test_mistakes_in_tables_are_told_with_the_fix(text: str, told: str) -> None:
    """A typo, a missing name, a wrong type and a wrong limit each name key, expectation and file."""
    said = problems(text)
    assert told in said
    assert said.endswith("(from streamforge.toml)")
    assert "\n" not in said


def test_one_table_can_have_several_problems() -> None:
    """A table that lacks one setting and has a wrong one is told both, and not that the wrong one is missing."""
    said = problems("[cron.nightly]\nschedule = 5\n")
    assert said.startswith("2 problems")
    assert "cron.nightly.schedule: expected str of at most 200 characters, got 5" in said
    assert "cron.nightly.kind: missing" in said


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("STREAMFORGE_QUEUES_GPU_CONCURRENCY", "STREAMFORGE_QUEUES__GPU__CONCURRENCY"),
        ("STREAMFORGE_TENANTS_A_B_MAX_RUNNING", "STREAMFORGE_TENANTS__A_B__MAX_RUNNING"),
        ("STREAMFORGE_ROUTES_BANNER", "STREAMFORGE_ROUTES__BANNER"),
    ],
)
def test_a_table_variable_with_underscores_too_few_is_refused(variable: str, meant: str) -> None:
    """It would be ignored in silence; the right name is given instead."""
    assert problems(environ={variable: "1"}) == f"${variable} is not read, did you mean ${meant}?"


def test_a_table_variable_without_a_name_is_refused() -> None:
    """The key that was meant shows where the name goes."""
    said = problems(environ={"STREAMFORGE_QUEUES__CONCURRENCY": "1"})
    assert said.startswith("queues.concurrency: no such setting, did you mean queues.<name>.concurrency?")


def test_other_variables_with_a_tables_prefix_are_left_alone() -> None:
    """What resembles no setting of a table disturbs nobody."""
    assert load(environ={**NOBODY, "STREAMFORGE_QUEUES_X": "1", "STREAMFORGE_CRON_": "1"}).sources == {}


def test_a_table_for_a_queue_that_is_not_served_is_refused() -> None:
    """It would have no effect: most likely its name is misspelt."""
    said = problems("[queues.cpu]\nconcurrency = 2\n")
    assert said.startswith("queues.cpu.concurrency: worker.queues does not have it")
    assert "(from streamforge.toml)" in said


def test_every_queue_needs_a_connection() -> None:
    """More queues than connections would leave queues unread; with one connection more the settings load."""
    flags = {"worker.queues": ",".join(f"q{number}" for number in range(30))}
    assert problems(flags={**flags, "redis.max_connections": 39}).startswith(
        "redis.max_connections: 39 must be at least 40"
    )
    assert load(environ=NOBODY, flags={**flags, "redis.max_connections": 40}).redis.max_connections == 40


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"prompt": "ä", "size": [1, 2.5]}, '{"prompt":"ä","size":[1,2.5]}'),
        (' {"prompt": null} ', '{"prompt":null}'),
        ({}, "{}"),
    ],
)
def test_an_input_is_a_table_or_json(given: object, text: str) -> None:
    """Both are kept as the same JSON text."""
    held = load(environ=NOBODY, flags={**CRON_FLAGS, "cron.nightly.input": given}).cron["nightly"].input
    assert (held, type(held)) == (text, JsonObject)


def test_an_input_in_a_file_is_a_table_of_its_own() -> None:
    """``[cron.nightly.input]`` reads best, dates in it are JSON text."""
    write(CRON + "[cron.nightly.input]\nsince = 2026-05-01\n[cron.nightly.input.brand]\ncolors = ['red']\n")
    assert load(environ=NOBODY).cron["nightly"].input == '{"since":"2026-05-01","brand":{"colors":["red"]}}'


@pytest.mark.parametrize("given", ["hunter2", "[1]", '{"hunter2": ', 5, [1], '"hunter2"', "[" * 100_000])
def test_another_input_is_refused_without_being_shown(given: object) -> None:
    """What a job gets is nobody else's to read."""
    said = problems(flags={**CRON_FLAGS, "cron.nightly.input": given})
    assert said.startswith("cron.nightly.input: expected a table, or an object as JSON text, got ")
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("setting", "told"),
    [
        ("schedule=61 * * * *", "cron.nightly.schedule: '61 * * * *' is no schedule: bad minute; write five fields"),
        ("schedule=@daily", "is no schedule: wrong number of fields"),
        ("schedule=0 0 30 2 *", "is no schedule: bad day-of-month"),
        ("schedule=0 0 */20 * 1L", "never comes"),
        (
            "timezone=Europe/Belin",
            "cron.nightly.timezone: no time zone is called 'Europe/Belin', did you mean 'Europe/Berlin'?",
        ),
        ("timezone=Europe", "no time zone is called 'Europe'"),
        ("timezone=../../etc/passwd", "no time zone is called"),
        ("timezone=", "no time zone is called ''"),
    ],
)
def test_times_that_cannot_come_are_refused(setting: str, told: str) -> None:
    """A schedule or a zone that means nothing is found before the daemon starts, and is named."""
    name, _, value = setting.partition("=")
    flags = {**CRON_FLAGS, f"cron.nightly.{name}": value}
    said = problems(flags=flags)
    assert told in said
    assert re.search(rf"^cron\.nightly\.{name}: .* \(from flag cron\.nightly\.{name}\)$", said)
