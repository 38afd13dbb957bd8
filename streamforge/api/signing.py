"""Links to files that open without a key: each for one file with one content, until a time."""

from __future__ import annotations

from time import time_ns
from typing import Final
from urllib.parse import quote, urlencode

from aiohttp import web

from streamforge.accounts.signing import Signer
from streamforge.jobs.model import Artifact

FILE_PATH: Final = "/api/v1/artifacts/{job_id}/{name}"
"""The route that links lead to."""
_PURPOSE: Final = "file"
_DIGITS: Final = 15
"""Of a time in ms; Python refuses to read numbers of thousands of digits."""


def path_of(job_id: str, name: str) -> str:
    """A file's address, for those who may see its job."""
    return f"/api/v1/artifacts/{job_id}/{quote(name, safe='')}"


def version_of(file: Artifact) -> str:
    """What tells one content of a file from another."""
    return file.key[:16]


async def link_to(signer: Signer, job_id: str, file: Artifact, expires_ms: int) -> str:
    """The file's address with everything that opens it."""
    version = version_of(file)
    signature = await signer.sign(_PURPOSE, job_id, file.name, version, expires_ms)
    query = urlencode({"version": version, "expires": expires_ms, "signature": signature})
    return f"{path_of(job_id, file.name)}?{query}"


def is_link(request: web.Request) -> bool:
    """Whether the request claims to be signed."""
    return "signature" in request.query


async def is_good(signer: Signer, request: web.Request) -> bool:
    """Whether it is signed for the file that its path names, and its time has not run out."""
    query, where = request.query, request.match_info
    expires = query.get("expires", "")
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= _DIGITS):
        return False
    facts = (where["job_id"], where["name"], query.get("version", ""), int(expires))
    is_signed = await signer.is_signed(query["signature"], _PURPOSE, *facts)
    return is_signed and time_ns() // 1_000_000 < int(expires)
