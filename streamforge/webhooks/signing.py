"""The signature of Standard Webhooks, version 1: HMAC-SHA256 over ``id.timestamp.body``, in base64."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from time import time
from typing import Any, Final

import msgspec

from streamforge.errors import InvalidSignature

PREFIX: Final = "whsec_"
TOLERANCE_S: Final = 300.0
_SECRET_BYTES = 32
_HINT = "compare the secret with the endpoint's; give the body as it came, byte by byte"


def new_secret() -> str:
    """A secret as endpoints and receivers hold it: ``whsec_`` and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(os.urandom(_SECRET_BYTES)).decode()


def sign(secrets: Iterable[str], message_id: str, timestamp_s: int, body: bytes) -> str:
    """The header ``webhook-signature``: a signature with each secret, the newest first."""
    return " ".join(_signature(secret, message_id, str(timestamp_s), body) for secret in secrets)


def verify(
    body: bytes | str,
    headers: Mapping[str, str],
    secret: str | Iterable[str],
    *,
    tolerance_s: float = TOLERANCE_S,
    now_s: float | None = None,
) -> dict[str, Any]:
    """The webhook's payload, once its signature is found good.

    ``body`` is the request's, unchanged; ``headers`` may be in any case. With several secrets, as while one is replaced
    by another, any will do. Raises InvalidSignature for a wrong or missing signature, a timestamp more than
    ``tolerance_s`` from now (which keeps recorded requests from being sent again), or a body that is no JSON object.
    """
    raw = body.encode() if isinstance(body, str) else body
    named = {name.lower(): value for name, value in headers.items()}
    message_id, timestamp = _header(named, "webhook-id"), _header(named, "webhook-timestamp")
    _check_time(timestamp, time() if now_s is None else now_s, tolerance_s)
    given = _header(named, "webhook-signature").split()
    secrets = [secret] if isinstance(secret, str) else list(secret)
    good = [_signature(one, message_id, timestamp, raw) for one in secrets]
    if not any([_is_same(one, other) for one in given for other in good]):  # noqa: C419 - all, in constant time
        raise InvalidSignature("no signature fits", field="webhook-signature", hint=_HINT)
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InvalidSignature("the body is signed, but no JSON object", field="body") from None


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        raise InvalidSignature("not a secret", field="secret", hint="it begins with whsec_") from None
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()


def _header(headers: Mapping[str, str], name: str) -> str:
    if not (value := headers.get(name, "")):
        raise InvalidSignature("the header is missing", field=name, hint="pass all headers of the request")
    return value


def _check_time(timestamp: str, now_s: float, tolerance_s: float) -> None:
    if not timestamp.isascii() or not timestamp.isdecimal() or abs(now_s - int(timestamp[:20])) > tolerance_s:
        raise InvalidSignature(
            "it was signed at another time",
            field="webhook-timestamp",
            hint=f"seconds since 1970, within {tolerance_s:g} s of now: is this machine's clock right?",
        )


def _is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())
