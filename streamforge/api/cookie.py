"""The cookie of a login session: which key and session it stands for, until when, and a signature over it all."""

from __future__ import annotations

import re
from time import time_ns
from typing import Final

from aiohttp import web
from msgspec import Struct

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.keyring import Holder

COOKIE: Final = "streamforge_session"
_PURPOSE: Final = "session"
_VALUE: Final = re.compile(
    r"(?P<key_id>[a-z0-9]{12})\.(?P<fingerprint>[0-9a-f]{16})\.(?P<session>[A-Za-z0-9_-]{22})"
    r"\.(?P<expires>[0-9]{1,15})\.(?P<signature>[A-Za-z0-9_-]{43})"
)


class LoggedIn(Struct, frozen=True):
    """A session that is on, and who holds its key."""

    session: str
    holder: Holder


async def put_cookie(response: web.Response, request: web.Request, accounts: Accounts, holder: Holder, s: int) -> None:
    """Begin a session, and have the browser keep it for that many seconds, out of reach of scripts and other sites."""
    expires_ms = time_ns() // 1_000_000 + s * 1000
    facts = (holder.key.id, holder.fingerprint, await accounts.sessions.begin(s), expires_ms)
    value = ".".join(map(str, (*facts, await accounts.signer.sign(_PURPOSE, *facts))))
    response.set_cookie(
        COOKIE, value, max_age=s, path="/", httponly=True, samesite="Strict", secure=_is_encrypted(request)
    )


def drop_cookie(response: web.Response) -> None:
    """Have the browser forget it."""
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")


async def session_of(accounts: Accounts, request: web.Request) -> LoggedIn | None:
    """The session that the request brings; None for none, and for one that is over or was not made here."""
    found = _VALUE.fullmatch(request.cookies.get(COOKIE, ""))
    if found is None:
        return None
    key_id, fingerprint, session, expires = found["key_id"], found["fingerprint"], found["session"], found["expires"]
    if time_ns() // 1_000_000 >= int(expires):
        return None
    if not await accounts.signer.is_signed(found["signature"], _PURPOSE, key_id, fingerprint, session, int(expires)):
        return None
    holder = await accounts.ring.holder_by(key_id, fingerprint)
    return LoggedIn(session, holder) if holder and await accounts.sessions.is_on(session) else None


def _is_encrypted(request: web.Request) -> bool:
    """Over TLS here or at a proxy; whoever says so without cause only loses his own cookie."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"
