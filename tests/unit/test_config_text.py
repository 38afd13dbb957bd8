"""The text made from the settings tree: the example file and ``config show``."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from streamforge.config import Settings, load, render_example, show
from streamforge.config.catalogue import SETTINGS

EXAMPLE = Path(__file__).parents[2] / "config" / "streamforge.example.toml"


def test_the_example_file_is_current() -> None:
    """The file in the repository is what the tree generates; ``make config`` writes it again."""
    assert EXAMPLE.read_text(encoding="utf-8") == render_example()


def test_the_example_lists_every_setting_at_its_default(tmp_path: Path) -> None:
    """With each ``#`` before a setting removed the file loads, sets every setting, and changes nothing."""
    everything = re.sub(r"^#(?=\w+ = )", "", render_example(), flags=re.MULTILINE)
    file = tmp_path / "all.toml"
    file.write_text(everything, encoding="utf-8")
    environ = {"HOME": "/home/nobody"}
    loaded, plain = load(file, environ), load(environ=environ, path=_empty(tmp_path))
    listed = {f"{section}.{name}" for section, table in tomllib.loads(everything).items() for name in table}
    assert listed == set(SETTINGS)
    assert {section: getattr(loaded, section) for section in _sections()} == {
        section: getattr(plain, section) for section in _sections()
    }


def test_every_setting_is_described() -> None:
    """No setting is left for the reader to guess: each has a sentence."""
    assert [key for key, setting in SETTINGS.items() if not setting.description.endswith(".")] == []


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


def _empty(directory: Path) -> Path:
    file = directory / "empty.toml"
    file.touch()
    return file


def _sections() -> list[str]:
    return sorted({setting.section for setting in SETTINGS.values()})
