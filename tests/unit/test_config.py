"""Settings: where values come from, which wins, and what is said when one cannot be used."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import anthropic
import httpx2
import pytest

from streamforge.config import Secret, Settings, load
from streamforge.config.catalogue import SETTINGS, find
from streamforge.errors import ConfigError, ProviderUnavailable
from streamforge.providers.anthropic_errors import translate

NOBODY: Mapping[str, str] = {"HOME": "/home/nobody"}


@pytest.fixture(autouse=True)
def away_from_real_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the settings of the machine it runs on."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("streamforge.config.loader.DEFAULT_FILES", (Path("streamforge.toml"),))


def write(path: Path, text: str) -> Path:
    """A file with that text."""
    path.write_text(text, encoding="utf-8")
    return path


def problems(
    path: Path | None = None,
    environ: Mapping[str, str] = NOBODY,
    flags: Mapping[str, object] = MappingProxyType({}),
) -> str:
    """The message of the ConfigError that loading from these sources must raise."""
    with pytest.raises(ConfigError) as caught:
        load(path, {**NOBODY, **environ}, flags)
    return str(caught.value)


def test_defaults_alone_are_valid() -> None:
    """Without any source the settings load, and each value says it is a default."""
    settings = load(environ=NOBODY)
    assert settings.worker.concurrency == 100
    assert {settings.source(key) for key in SETTINGS} == {"default"}


def test_each_source_beats_the_one_before(tmp_path: Path) -> None:
    """File beats default, environment beats file, flag beats environment; the origin is told for each."""
    file = write(tmp_path / "a.toml", "[worker]\nconcurrency = 1\nlease_s = 21\ngrace_s = 31\n")
    environ = {**NOBODY, "STREAMFORGE_WORKER__LEASE_S": "22", "STREAMFORGE_WORKER__GRACE_S": "32"}
    settings = load(file, environ, {"worker.grace_s": "33"})
    assert (settings.worker.concurrency, settings.worker.lease_s, settings.worker.grace_s) == (1, 22.0, 33.0)
    assert [settings.source(f"worker.{name}") for name in ("concurrency", "lease_s", "grace_s", "renew_s")] == [
        str(file),
        "$STREAMFORGE_WORKER__LEASE_S",
        "flag worker.grace_s",
        "default",
    ]


def test_the_file_is_found_by_convention_and_by_variable(tmp_path: Path) -> None:
    """``./streamforge.toml`` is read unless ``$STREAMFORGE_CONFIG`` or an explicit path names another."""
    write(tmp_path / "streamforge.toml", "[pool]\nslots = 1\n")
    named = write(tmp_path / "named.toml", "[pool]\nslots = 2\n")
    explicit = write(tmp_path / "explicit.toml", "[pool]\nslots = 3\n")
    by_variable = {**NOBODY, "STREAMFORGE_CONFIG": str(named)}
    assert load(environ=NOBODY).pool.slots == 1
    assert load(environ=by_variable).pool.slots == 2
    assert load(explicit, by_variable).pool.slots == 3


def test_text_is_read_in_the_type_of_the_setting() -> None:
    """Variables carry numbers, booleans and comma lists; a flag may also carry the value itself, or None."""
    environ = {
        **NOBODY,
        "STREAMFORGE_WORKER__QUEUES": "fast, slow",
        "STREAMFORGE_API__ENABLED": "false",
        "STREAMFORGE_REDIS__SOCKET_TIMEOUT_S": "2.5",
    }
    settings = load(environ=environ, flags={"pool.slots": 4, "api.port": None})
    assert settings.worker.queues == ("fast", "slow")
    assert settings.api.enabled is False
    assert settings.redis.socket_timeout_s == 2.5
    assert settings.pool.slots == 4
    assert settings.api.port == 8080


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"STATE_DIRECTORY": "/var/lib/a:/var/lib/b", "XDG_STATE_HOME": "/x"}, "/var/lib/a"),
        ({"XDG_STATE_HOME": "/x"}, "/x/streamforge"),
        ({}, "/home/nobody/.local/state/streamforge"),
        ({"STREAMFORGE_PATHS__DATA_DIR": "/mine"}, "/mine"),
        ({"STREAMFORGE_PATHS__DATA_DIR": ""}, "/home/nobody/.local/state/streamforge"),
    ],
)
def test_the_data_directory_follows_the_system(environ: dict[str, str], expected: str) -> None:
    """The service's directory, then XDG's, then the home directory's; an empty setting is no setting."""
    assert load(environ={**NOBODY, **environ}).paths.data_dir == Path(expected)


def test_an_unknown_setting_is_refused_with_a_suggestion_and_its_source(tmp_path: Path) -> None:
    """A typo in a file, a variable or a flag is named together with the setting that was meant."""
    file = write(tmp_path / "a.toml", "[worker]\nconcurency = 5\n")
    assert f"worker.concurency: no such setting, did you mean worker.concurrency? (from {file})" in problems(path=file)
    variable = problems(environ={"STREAMFORGE_WORKER__LEESE_S": "1"})
    assert "did you mean worker.lease_s? (from $STREAMFORGE_WORKER__LEESE_S)" in variable
    assert "did you mean pool.slots? (from flag worker.slots)" in problems(flags={"worker.slots": "1"})


def test_an_unknown_section_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    """A misspelt table is one problem, not one for each of its keys."""
    file = write(tmp_path / "a.toml", "[wroker]\nconcurrency = 5\nlease_s = 20\n")
    assert problems(path=file) == f"wroker: no such section, did you mean [worker]? (from {file})"


def test_a_variable_with_one_underscore_too_few_is_refused() -> None:
    """``STREAMFORGE_WORKER_GRACE_S`` would be ignored in silence; the right name is given instead."""
    message = problems(environ={"STREAMFORGE_WORKER_GRACE_S": "1"})
    assert "did you mean $STREAMFORGE_WORKER__GRACE_S?" in message


def test_variables_that_are_not_settings_are_left_alone() -> None:
    """The well-known single variables are read elsewhere and disturb nobody here."""
    environ = {**NOBODY, "STREAMFORGE_REDIS_SERVER": "/x", "STREAMFORGE_POOL_CHILD": "1"}
    assert load(environ=environ).sources == {}


def test_a_wrong_type_is_told_with_key_expectation_value_and_source(tmp_path: Path) -> None:
    """The message is enough to fix it: what, where, what was expected, what was found."""
    file = write(tmp_path / "a.toml", '[worker]\nconcurrency = "many"\n')
    assert problems(path=file) == f"worker.concurrency: expected int >= 1 and <= 100000, got 'many' (from {file})"
    level = problems(environ={"STREAMFORGE_LOGS__LEVEL": "loud"})
    assert level.startswith("logs.level: expected one of 'debug', 'info', 'warning', 'error', got 'loud'")


@pytest.mark.parametrize("value", ["inf", "nan", "-1", "0", "x"])
def test_a_duration_is_a_finite_positive_number(value: str) -> None:
    """A timeout that never ends, or is not a number, is refused."""
    assert "worker.renew_s: expected float > 0" in problems(flags={"worker.renew_s": value})


@pytest.mark.parametrize(
    "key", [key for key, setting in SETTINGS.items() if setting.base is int or setting.base is float], ids=str
)
@pytest.mark.parametrize("value", ["1e300", "1" + "0" * 300])
def test_every_number_has_an_upper_limit(key: str, value: str) -> None:
    """What Redis, the system or the clock would refuse later is refused at the start, with the limit in the message."""
    assert " <= " in problems(flags={key: value})


@pytest.mark.parametrize(
    ("key", "most"),
    [
        ("jobs.result_ttl_s", 315_360_000),
        ("pool.slots", 256),
        ("worker.concurrency", 100_000),
        ("redis.max_connections", 10_000),
        ("jobs.max_input_bytes", 512 * 1024 * 1024),
    ],
)
def test_limits_are_told_whole(key: str, most: int) -> None:
    """One more than the limit is refused, and the limit is written out, not as a power of ten."""
    assert f"<= {most}, got" in problems(flags={key: most + 1})


def test_a_pool_child_is_given_enough_memory_to_work() -> None:
    """A limit under which no child would ever start is refused."""
    assert "pool.memory_mb: expected int >= 384" in problems(flags={"pool.memory_mb": 256})


@pytest.mark.parametrize(
    "flags",
    [
        {"providers.anthropic.base_url": "https://models.example"},
        {"providers.anthropic.base_url": "http://127.0.0.1:8000/v2"},
        {"redis.url": "rediss://user@h:6380/2"},
        {"redis.url": "redis://h"},
        {"redis.url": "unix:///run/redis.sock?db=1"},
    ],
    ids=str,
)
def test_addresses_that_can_be_used_are_accepted(flags: dict[str, object]) -> None:
    """The check of an address refuses none that works."""
    load(environ=NOBODY, flags=flags)


@pytest.mark.parametrize("kind", [anthropic.APIConnectionError, anthropic.APITimeoutError])
def test_a_model_that_is_not_reached_names_its_setting(kind: type[anthropic.APIConnectionError]) -> None:
    """Whoever reads that the provider did not answer learns which address to check, by a setting that exists."""
    error = translate(kind(request=httpx2.Request("POST", "http://nowhere.example")))
    assert isinstance(error, ProviderUnavailable)
    assert "providers.anthropic.base_url" in str(error.hint)
    assert find("providers.anthropic.base_url") is not None


@pytest.mark.parametrize("queues", [[], [1], "default", ["a b"]])
def test_queues_are_a_list_of_plain_names(tmp_path: Path, queues: object) -> None:
    """In a file a list must be a list, and each name must be fit for a key."""
    file = write(tmp_path / "a.toml", f"[worker]\nqueues = {queues!r}\n")
    assert "worker.queues: expected list of str" in problems(path=file)


def test_a_broken_file_is_refused_by_name(tmp_path: Path) -> None:
    """Bad TOML, a missing file and a key outside any table each name the file."""
    broken = write(tmp_path / "a.toml", "[worker\n")
    assert f"{broken} is not valid TOML" in problems(path=broken)
    assert "cannot read the settings file" in problems(path=tmp_path / "none.toml")
    bare = write(tmp_path / "b.toml", "api = 5\n")
    assert problems(path=bare) == f"api: expected a table, got 5 (from {bare})"


@pytest.mark.parametrize(
    ("flags", "key"),
    [
        ({"worker.lease_s": 10, "worker.renew_s": 5}, "worker.lease_s"),
        ({"worker.retry_cap_s": 1, "worker.retry_base_s": 2}, "worker.retry_cap_s"),
        ({"jobs.job_timeout_s": 10}, "jobs.job_timeout_s"),
        ({"jobs.job_timeout_s": 900}, "jobs.job_timeout_s"),
        ({"jobs.step_timeout_s": 300}, "jobs.step_timeout_s"),
        ({"jobs.step_soft_timeout_s": 400}, "jobs.step_timeout_s"),
        ({"jobs.step_value_max_bytes": 10}, "jobs.step_value_max_bytes"),
        ({"api.max_body_bytes": 10}, "api.max_body_bytes"),
        ({"redis.url": "http://x"}, "redis.url"),
        ({"redis.url": "redis://h:notaport"}, "redis.url"),
        ({"redis.url": "redis://h:70000"}, "redis.url"),
        ({"redis.url": "redis://[::1"}, "redis.url"),
        ({"storage.url": "s3://[x"}, "storage.url"),
        ({"providers.anthropic.base_url": "nonsense"}, "providers.anthropic.base_url"),
        ({"providers.anthropic.base_url": "https://"}, "providers.anthropic.base_url"),
        ({"providers.anthropic.base_url": "ftp://models.example"}, "providers.anthropic.base_url"),
        ({"providers.anthropic.base_url": "http://[::1"}, "providers.anthropic.base_url"),
        ({"providers.anthropic.base_url": "http://h:x"}, "providers.anthropic.base_url"),
        ({"storage.url": "ftp://x"}, "storage.url"),
        ({"llm.chain": "anthropic/claude-opus-5-5"}, "llm.chain"),
        ({"llm.chain": "anthropic/claude-opus-5-5", "providers.anthropic.idle_timeout_s": 9}, "llm.chain"),
        ({"llm.chain": "offline,anthropic/x", "providers.anthropic.keys": "k"}, "llm.chain"),
        ({"llm.chain": "local"}, "llm.chain"),
        ({"images.chain": "offline"}, "images.chain"),
        ({"speech.chain": "local,local"}, "speech.chain"),
        ({"llm.timeout_s": 30}, "llm.timeout_s"),
        ({"providers.house.keys": "k"}, "providers.house.base_url"),
        ({"providers.openai.api": "anthropic"}, "providers.openai.api"),
        ({"images.chain": "anthropic/claude-opus-5-5", "providers.anthropic.keys": "k"}, "images.chain"),
        ({"api.port": 65_536}, "api.port"),
    ],
)
def test_settings_that_do_not_fit_together_are_refused(flags: dict[str, object], key: str) -> None:
    """Each contradiction is named by the setting to change."""
    assert problems(flags=flags).startswith(f"{key}: ")


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.8.8.8"])
def test_loopback_hosts_are_allowed(host: str) -> None:
    """Every way to write this machine is accepted."""
    assert load(environ=NOBODY, flags={"api.host": host}).api.host == host


def test_all_problems_are_reported_at_once(tmp_path: Path) -> None:
    """One start shows every mistake of every source, so that fixing them takes one round."""
    file = write(tmp_path / "a.toml", "[pool]\nslots = -1\n")
    message = problems(path=file, environ={"STREAMFORGE_X__Y": "1"}, flags={"worker.lease_s": "1"})
    assert message.startswith("3 problems in the settings:")
    assert all(part in message for part in ("pool.slots", "x.y", "worker.lease_s: 1 must be more than twice"))


def test_a_malformed_value_is_not_also_a_contradiction() -> None:
    """A rule about a setting that could not be read is not applied to its default."""
    assert "twice" not in problems(flags={"worker.lease_s": "x", "worker.renew_s": "20"})


def test_a_secret_is_not_shown() -> None:
    """repr, str and formatting mask it, its origin stays visible, and an unset one is told apart."""
    settings = load(environ={**NOBODY, "STREAMFORGE_PROVIDERS__ANTHROPIC__KEYS": "sk-hunter2,sk-hunter3"})
    secret, other = settings.providers["anthropic"].keys
    assert other.reveal() == "sk-hunter3"
    assert secret.reveal() == "sk-hunter2"
    assert "hunter2" not in f"{secret} {secret!r} {settings!r}"
    assert str(secret) == "********"
    assert (str(Secret()), bool(Secret())) == ("", False)


def test_a_secret_of_the_wrong_type_is_not_shown_in_the_error(tmp_path: Path) -> None:
    """An error message about a key must not carry the key."""
    file = write(tmp_path / "a.toml", "[providers.anthropic]\nkeys = 12345678\n")
    assert problems(path=file) == f"providers.anthropic.keys: expected list of str, got int (from {file})"


def test_secrets_come_from_credential_files(tmp_path: Path) -> None:
    """Credentials beat the file and the conventional variable; a variable of ours beats them."""
    file = write(tmp_path / "a.toml", '[redis]\npassword = "from file"\n')
    write(tmp_path / "redis.password", "from credential\n")
    write(tmp_path / "providers.anthropic.keys", "one from credential\nanother\n".replace(" ", "-"))
    write(tmp_path / "password", "the shorter name")
    environ = {**NOBODY, "CREDENTIALS_DIRECTORY": str(tmp_path), "ANTHROPIC_API_KEY": "conventional"}
    settings = load(file, environ)
    assert settings.redis.password.reveal() == "from credential"
    keys = settings.providers["anthropic"].keys
    assert [key.reveal() for key in keys] == ["one-from-credential", "another"]
    assert settings.source("redis.password") == str(tmp_path / "redis.password")
    ours = load(file, {**environ, "STREAMFORGE_REDIS__PASSWORD": "ours"})
    assert ours.redis.password.reveal() == "ours"


def test_the_conventional_key_variables_are_the_last_resort() -> None:
    """ANTHROPIC_API_KEY and OPENAI_API_KEY count when nothing of ours is set."""
    environ = {**NOBODY, "ANTHROPIC_API_KEY": "k", "OPENAI_API_KEY": "o"}
    settings = load(environ=environ, flags={"llm.chain": "anthropic/x,openai/y"})
    assert settings.providers["anthropic"].keys[0].reveal() == "k"
    assert settings.source("providers.anthropic.keys") == "$ANTHROPIC_API_KEY"
    ours = load(environ=environ, flags={"providers.openai.keys": "ours"})
    assert ours.providers["openai"].keys[0].reveal() == "ours"


def test_settings_cannot_be_changed() -> None:
    """What the daemon started with is what it runs with."""
    with pytest.raises(AttributeError):
        Settings().worker.concurrency = 5  # type: ignore[misc]
