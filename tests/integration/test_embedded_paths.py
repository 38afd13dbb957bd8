"""Where the embedded server may live: long paths, directories of others, directories that cannot be."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from streamforge.broker.embedded import EmbeddedServer, embedded_socket
from streamforge.errors import ConfigError


async def test_a_long_path_gets_a_short_private_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the path is too long for a socket, a short one is used that only this user can reach."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    deep = tmp_path / ("x" * 100)
    assert embedded_socket(deep).parent == tmp_path / "streamforge"
    async with EmbeddedServer(deep) as server:
        assert server.socket.is_socket()
        assert stat.S_IMODE(server.socket.parent.stat().st_mode) == 0o700


async def test_a_socket_directory_open_to_others_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else could have put it there and be listening."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "streamforge").mkdir()
    (tmp_path / "streamforge").chmod(0o777)
    with pytest.raises(ConfigError, match="not a directory of this user alone"):
        await EmbeddedServer(tmp_path / ("x" * 100)).start()


async def test_a_data_directory_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    """The message names the setting and the directory."""
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"paths\.data_dir: cannot use .*file"):
        await EmbeddedServer(tmp_path / "file" / "x").start()
