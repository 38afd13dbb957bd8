"""The signature: what is signed verifies, and nothing else does."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamforge.errors import InvalidSignature
from streamforge.webhooks import verify
from streamforge.webhooks.signing import new_secret, sign

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - published with the example
ID, TIME, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'


def headers(signature: str, **changes: str) -> dict[str, str]:
    """The headers of a request."""
    plain = {"webhook-id": ID, "webhook-timestamp": str(TIME), "webhook-signature": signature}
    return plain | {name.replace("_", "-"): value for name, value in changes.items()}


def test_the_published_example_verifies() -> None:
    """The example in the specification of Standard Webhooks gets the very signature that is printed there."""
    signature = sign([SECRET], ID, TIME, BODY)
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert verify(BODY, headers(signature), SECRET, now_s=TIME) == {"test": 2432232314}


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=64))
def test_it_is_the_hmac_of_id_time_and_body(body: bytes, key: bytes) -> None:
    """For any body and key the signature is what anybody computes by the specification."""
    secret = "whsec_" + base64.b64encode(key).decode()
    expected = hmac.new(key, f"{ID}.{TIME}.".encode() + body, hashlib.sha256).digest()
    assert sign([secret], ID, TIME, body) == "v1," + base64.b64encode(expected).decode()


def test_two_secrets_sign_while_one_replaces_the_other() -> None:
    """A receiver with the old secret, the new one or both accepts the message; unknown versions are passed over."""
    old, new, other = new_secret(), new_secret(), new_secret()
    signature = "v2,abc " + sign([new, old], ID, TIME, BODY)
    for held in (old, new, [other, old], (new, other)):
        assert verify(BODY.decode(), headers(signature), held, now_s=TIME)
    with pytest.raises(InvalidSignature):
        verify(BODY, headers(signature), other, now_s=TIME)


@pytest.mark.parametrize(
    ("body", "changes", "field"),
    [
        (BODY + b" ", {}, "webhook-signature"),
        (BODY, {"webhook_id": "msg_other"}, "webhook-signature"),
        (BODY, {"webhook_timestamp": str(TIME + 1)}, "webhook-signature"),
        (BODY, {"webhook_timestamp": str(TIME - 301)}, "webhook-timestamp"),
        (BODY, {"webhook_timestamp": str(TIME + 301)}, "webhook-timestamp"),
        (BODY, {"webhook_timestamp": "soon"}, "webhook-timestamp"),
        (BODY, {"webhook_timestamp": "٣"}, "webhook-timestamp"),
        (BODY, {"webhook_signature": ""}, "webhook-signature"),
        (BODY, {"webhook_signature": "v1,"}, "webhook-signature"),
        (BODY, {"webhook_signature": "v1,ü"}, "webhook-signature"),
        (BODY, {"webhook_id": ""}, "webhook-id"),
    ],
)
def test_whatever_was_changed_is_found(body: bytes, changes: dict[str, str], field: str) -> None:
    """Another body, id or time, a signature cut off, a request of long ago: refused, with the header named."""
    signed = headers(sign([SECRET], ID, TIME, BODY), **changes)
    with pytest.raises(InvalidSignature) as refused:
        verify(body, signed, SECRET, now_s=TIME)
    assert refused.value.field == field


def test_what_is_signed_may_still_be_no_object() -> None:
    """A body that is signed but no JSON object is refused as such; a secret that is none is told apart."""
    for body in (b"[1]", b"{", b"\xff"):
        with pytest.raises(InvalidSignature, match="no JSON object"):
            verify(body, headers(sign([SECRET], ID, TIME, body)), SECRET, now_s=TIME)
    with pytest.raises(InvalidSignature, match="not a secret"):
        verify(BODY, headers("v1,x"), "whsec_???", now_s=TIME)


def test_headers_may_be_in_any_case() -> None:
    """Frameworks spell headers as they like."""
    named = {name.title(): value for name, value in headers(sign([SECRET], ID, TIME, BODY)).items()}
    assert verify(BODY, named, SECRET, now_s=TIME)
