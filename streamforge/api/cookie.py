"""The cookie of a login session: which key it stands for, until when, and a signature over both."""

from __future__ import annotations

from time import time_ns
from typing import Final

from aiohttp import web

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.keyring import Holder

COOKIE: Final = "streamforge_session"
_PURPOSE: Final = "session"
_PARTS: Final = 4
_DIGITS: Final = 15


async def put_cookie(response: web.Response, request: web.Request, accounts: Accounts, holder: Holder, s: int) -> None:
    """Have the browser keep the session for that many seconds, out of reach of scripts and of other sites' pages."""
    expires_ms = time_ns() // 1_000_000 + s * 1000
    facts = (holder.key.id, holder.fingerprint, expires_ms)
    value = ".".join(map(str, (*facts, await accounts.signer.sign(_PURPOSE, *facts))))
    response.set_cookie(
        COOKIE, value, max_age=s, path="/", httponly=True, samesite="Strict", secure=_is_encrypted(request)
    )


def drop_cookie(response: web.Response) -> None:
    """Have the browser forget it."""
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")


async def holder_of_cookie(accounts: Accounts, request: web.Request) -> Holder | None:
    """Whose session the request brings; None for none, and for one that is over or was not made here."""
    parts = request.cookies.get(COOKIE, "").split(".")
    if len(parts) != _PARTS:
        return None
    key_id, fingerprint, expires, signature = parts
    if not (expires.isascii() and expires.isdecimal() and len(expires) <= _DIGITS):
        return None
    if not await accounts.signer.is_signed(signature, _PURPOSE, key_id, fingerprint, int(expires)):
        return None
    is_over = time_ns() // 1_000_000 >= int(expires)
    return None if is_over else await accounts.ring.holder_by(key_id, fingerprint)


def _is_encrypted(request: web.Request) -> bool:
    """Over TLS here or at a proxy; whoever says so without cause only loses his own cookie."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"
