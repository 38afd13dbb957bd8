"""The text made from the settings tree: the example file and ``config show``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from streamforge.config import Settings, load, render_example, show
from streamforge.config.catalogue import SETTINGS, TABLES, settings_in, value_of

EXAMPLE = Path(__file__).parents[2] / "config" / "streamforge.example.toml"


def test_the_example_file_is_current() -> None:
    """The file in the repository is what the tree generates; ``make config`` writes it again."""
    assert EXAMPLE.read_text(encoding="utf-8") == render_example()


def test_the_example_lists_every_setting_at_its_default(tmp_path: Path) -> None:
    """With each ``#`` before a setting or a sample removed the file loads, sets everything, and changes no default."""
    everything = re.sub(r"^#(?=\w+ = |\[)", "", render_example(), flags=re.MULTILINE)
    file = tmp_path / "all.toml"
    file.write_text(everything, encoding="utf-8")
    environ = {"HOME": "/home/nobody"}
    loaded, plain = load(file, environ), load(environ=environ, path=_empty(tmp_path))
    assert {setting.key for setting in settings_in(loaded)} == {
        key for key in loaded.sources if key != "paths.data_dir"
    } | {setting.key for setting in SETTINGS.values() if setting.is_derived}
    assert {key: value_of(loaded, setting) for key, setting in SETTINGS.items()} == {
        key: value_of(plain, setting) for key, setting in SETTINGS.items()
    }
    assert [len(getattr(loaded, section)) for section in TABLES] == [1] * len(TABLES)


def test_the_example_says_what_a_reload_applies() -> None:
    """Each setting that a running daemon takes over is marked, and no other."""
    paragraphs = render_example().split("\n\n")
    marked = {text.splitlines()[-1].split(" = ")[0] for text in paragraphs if "[reload]\n" in text and "\n#" in text}
    keys = [*SETTINGS.values(), *(setting for table in TABLES.values() for setting in table.settings(table.example))]
    assert {f"#{setting.name}" for setting in keys if setting.is_reloadable} == marked


def test_every_setting_is_described() -> None:
    """No setting is left for the reader to guess: each has a sentence, and so has each table."""
    tables = [setting for table in TABLES.values() if table.struct for setting in table.settings(table.example)]
    settings = [*SETTINGS.values(), *tables]
    assert [setting.key for setting in settings if not setting.description.endswith(".")] == []
    assert [table.section for table in TABLES.values() if not table.description.endswith(".")] == []


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@h/0", "rediss://user:hunter2@h:1/0", "redis://h/0?password=hunter2&x=1"]
)
def test_show_masks_secrets_and_passwords_in_urls(url: str) -> None:
    """What ``config show`` prints may be pasted anywhere, and still says where each value came from."""
    text = show(load(environ={}, flags={"redis.url": url, "redis.password": "hunter2", "pool.slots": "3"}))
    assert "hunter2" not in text
    assert re.search(r'password = "\*{8}" +# flag redis.password', text)
    assert re.search(r"slots = 3 +# flag pool.slots", text)


def test_show_is_toml() -> None:
    """Its lines can be put back into a settings file."""
    assert tomllib.loads(show(Settings()))["worker"]["concurrency"] == 100


def test_show_has_the_tables_that_are_there() -> None:
    """Named tables come with their source, quoted where TOML asks for it; what is not there is not shown."""
    flags = {
        "tenants.a@b.c.weight": 2,
        "routes.banner": "gpu",
        "cron.nightly.schedule": "0 3 * * *",
        "cron.nightly.kind": "banner",
        "cron.nightly.input": {"prompt": 'it\'s "new"'},
    }
    text = show(load(environ={}, flags=flags))
    shown = tomllib.loads(text)
    assert shown["tenants"] == {
        "a@b.c": {
            "weight": 2,
            "max_running": 0,
            "budget_day_usd": 0,
            "prepaid": False,
            "storage_mb": 0,
            "keep_days": 0,
        }
    }
    assert shown["routes"] == {"banner": "gpu"}
    assert shown["cron"]["nightly"]["input"] == '{"prompt":"it\'s \\"new\\""}'
    assert "queues" not in shown
    assert re.search(r"weight = 2 +# flag tenants.a@b.c.weight", text)
    assert re.search(r"max_running = 0 +# worker.tenant_max_running", text)


def _empty(directory: Path) -> Path:
    file = directory / "empty.toml"
    file.touch()
    return file
