"""What both clients share of fetching a file: going on where it broke off, and a place that only a whole file takes."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Generator
from http import HTTPStatus
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import httpx2

from streamforge.client.calls import file_path
from streamforge.client.trying import Streamed, Trying


class Fetching(Streamed):
    """A file on its way: how much has come, and what asks for the rest."""

    def __init__(self, job_id: str, name: str, trying: Trying) -> None:
        super().__init__(file_path(job_id, name), trying)
        self._came = 0
        self._most = 0
        self._etag = ""

    @property
    def headers(self) -> dict[str, str]:
        """What asks for the bytes that are missing, as long as it is the same file."""
        rest = {"Range": f"bytes={self._came}-", "If-Range": self._etag} if self._came and self._etag else {}
        return {"Accept-Encoding": "identity", **rest}

    def begins(self, response: httpx2.Response, file: BinaryIO) -> bool:
        """Whether bytes follow, and then to where in ``file``. Raises ApiError where the answer stays a refusal."""
        if not self._trying.is_answered(response):
            return False
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:
            self._came = 0
            file.seek(0)
            file.truncate()
        self._etag = response.headers.get("ETag", "")
        return True

    def took(self, piece: bytes) -> None:
        """Count what has been written; what had never come so far makes earlier failures forgotten."""
        self._came += len(piece)
        if self._came > self._most:
            self._most = self._came
            self._trying.begin_anew()

    def ended(self) -> None:
        """The file is whole."""
        self.is_over = True


class Landing:
    """Where a file is written: in memory, or beside the path that it takes when it is whole."""

    def __init__(self, path: str | Path | None) -> None:
        self._path = None if path is None else Path(path)
        self.result: bytes | Path = b""

    @contextlib.contextmanager
    def open(self) -> Generator[BinaryIO]:
        """A file to write to; after an error nothing is left of it, and what was at the path is as it was."""
        if self._path is None:
            with BytesIO() as memory:
                yield memory
                self.result = memory.getvalue()
            return
        part = self._path.with_name(f".{self._path.name[:200]}.{uuid.uuid4().hex[:12]}.part")
        try:
            with part.open("xb") as file:
                yield file
            part.replace(self._path)
        finally:
            part.unlink(missing_ok=True)
        self.result = self._path
