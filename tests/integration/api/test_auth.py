"""Who gets in: by key, session, ticket or address; and what keeps everybody else out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import aiohttp
import anyio
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamforge.accounts.accounts import Accounts
from streamforge.accounts.lately import FRESH_S, Lately
from streamforge.accounts.model import Scope
from streamforge.api.cookie import COOKIE
from streamforge.broker.broker import Broker
from streamforge.errors import BrokerUnavailable
from tests.integration.api.gate import Answer, Gate, opened

ME = "/api/v1/me"
CANCEL = "/api/v1/jobs/nobody/cancel"


@pytest.fixture
async def gate(broker: Broker) -> AsyncIterator[Gate]:
    """A server on loopback that lets this machine in without a key."""
    async with opened(Gate(broker)) as made:
        yield made


@pytest.fixture
async def closed(broker: Broker) -> AsyncIterator[Gate]:
    """A server that asks everybody for a key."""
    async with opened(Gate(broker, auth="always")) as made:
        yield made


def refused(answer: Answer, code: str) -> str:
    """The problem's field, after a look that it is the one expected."""
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["code"] == code, answer.json
    return answer.json.get("field", "")


async def test_this_machine_needs_no_key_on_loopback(gate: Gate) -> None:
    """Without a key the caller is the operator, who sees every tenant."""
    answer = await gate.get(ME)
    assert answer.json == {"tenant": "*", "scopes": ["admin", "read", "submit"], "key_id": ""}
    assert answer.headers["Cache-Control"] == "no-store"


async def test_a_key_says_who_calls(gate: Gate) -> None:
    """Tenant, scopes (with those that they include) and the key's id; also where none would be asked for."""
    key = await gate.key("acme", Scope.SUBMIT)
    assert (await gate.get(ME, key)).json == {
        "tenant": "acme",
        "scopes": ["read", "submit"],
        "key_id": key.split("_")[1],
    }


async def test_without_a_key_nobody_gets_in(closed: Gate) -> None:
    """401, with how to authenticate and how to come by a key; what machines probe stays open."""
    answer = await closed.get(ME)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert refused(answer, "not_authenticated") == "Authorization"
    assert "streamforge keys create" in answer.json["hint"]
    assert [(await closed.get(path)).status for path in ("/healthz", "/readyz", "/metrics")] == [200, 503, 200]
    assert (await closed.get("/nowhere")).status == 404


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Basic eDp5",
        "bearer sf__",
        "Bearer sf_aaaaaaaaaaaa_" + "b" * 40,
        "Bearer é",
    ],
)
async def test_a_bad_key_is_refused_even_on_loopback(gate: Gate, header: str) -> None:
    """Whoever shows a key is held to it; what was sent is not repeated."""
    answer = await gate.get(ME, Authorization=header)
    assert answer.status == 401
    refused(answer, "not_authenticated")
    assert "sf_aaaa" not in answer.body.decode()


@pytest.mark.parametrize(
    ("scope", "expected"),
    [(Scope.READ, [200, 403, 403]), (Scope.SUBMIT, [200, 404, 403]), (Scope.ADMIN, [200, 404, 200])],
)
async def test_a_scope_allows_what_it_says(closed: Gate, scope: Scope, expected: list[int]) -> None:
    """Reading, submitting and administering each need their scope or one that includes it."""
    key = await closed.key("acme", scope)
    answers = [await closed.get(ME, key), await closed.call("POST", CANCEL, key), await closed.get("/api/v1/keys", key)]
    assert [answer.status for answer in answers] == expected


async def test_a_refused_body_is_not_read(closed: Gate) -> None:
    """A caller without a key learns so before the body is looked at, whatever it is."""
    answer = await closed.call("POST", "/api/v1/generate", data=b"{" * 100_000, Content_Type="application/json")
    assert answer.status == 401


async def test_a_revoked_key_ends_within_seconds(closed: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon that revokes it refuses it at once; others ask Redis again after ``FRESH_S``."""
    admin, key = await closed.key("*"), await closed.key("acme")
    assert (await closed.get(ME, key)).status == 200
    assert (await closed.call("DELETE", f"/api/v1/keys/{key.split('_')[1]}", admin)).status == 204
    assert (await closed.get(ME, key)).status == 401
    other = await closed.key("acme")
    assert (await closed.get(ME, other)).status == 200
    await closed.accounts.keys.revoke(other.split("_")[1])
    monkeypatch.setattr(closed.accounts.ring.seen, "clock", lambda: monotonic() + FRESH_S)
    assert (await closed.get(ME, other)).status == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[2001:db8::1]:80"])
async def test_a_name_that_is_not_ours_is_not_answered(gate: Gate, host: str) -> None:
    """A page whose own name was made to point here is told nothing, on any path."""
    for path in (ME, "/healthz", "/metrics", "/"):
        answer = await gate.get(path, Host=host)
        assert answer.status == 421
        assert refused(answer, "wrong_host") == "Host"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost:1", "LOCALHOST", "[::1]:9", "127.9.9.9"])
async def test_loopbacks_names_are_answered(gate: Gate, host: str) -> None:
    """Every way to name this machine works."""
    assert (await gate.get(ME, Host=host)).status == 200


async def test_more_names_are_answered_where_they_are_listed(broker: Broker) -> None:
    """A name, and every name below a starred one; and a list holds where keys are asked for, too."""
    async with opened(Gate(broker, hosts=("forge.example", "*.forge.example"))) as gate:
        statuses = [
            (await gate.get(ME, Host=h)).status for h in ("forge.example:1", "A.Forge.example", "xforge.example")
        ]
    assert statuses == [200, 200, 421]
    async with opened(Gate(broker, auth="always", hosts=("forge.example",))) as gate:
        key = await gate.key()
        assert [(await gate.get(ME, key, Host=h)).status for h in ("forge.example", "other.example")] == [200, 421]
    async with opened(Gate(broker, auth="always")) as gate:
        assert (await gate.get(ME, await gate.key(), Host="any.example")).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://["},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
async def test_another_sites_page_changes_nothing(gate: Gate, headers: dict[str, str]) -> None:
    """On the strength of the address alone, what a page elsewhere sends is refused; with a key it is not."""
    answer = await gate.call("POST", CANCEL, **headers)
    assert answer.status == 403
    refused(answer, "not_allowed")
    assert (await gate.call("POST", CANCEL, await gate.key("*"), **headers)).status == 404
    assert (await gate.get(ME, **headers)).status == 200


async def test_our_own_page_may(gate: Gate) -> None:
    """The same origin, as a browser tells it."""
    origin = gate.server.url
    assert (await gate.call("POST", CANCEL, Origin=origin, Sec_Fetch_Site="same-origin")).status == 404


@pytest.mark.parametrize("header", ["X_Forwarded_For", "Forwarded", "X_Real_IP", "X_Forwarded_Host"])
async def test_what_a_proxy_passes_on_is_not_this_machine(gate: Gate, header: str) -> None:
    """A proxy's callers come from anywhere: they need a key though the connection is local."""
    assert (await gate.get(ME, **{header: "192.0.2.1"})).status == 401
    assert (await gate.get(ME, await gate.key(), **{header: "192.0.2.1"})).status == 200


async def test_a_login_stands_for_its_key(closed: Gate) -> None:
    """The cookie is out of scripts' reach and of other sites'; it reads, and with our page's header it changes."""
    key = await closed.key("acme", Scope.SUBMIT)
    login = await closed.call("POST", "/api/v1/session", body={"key": f" {key}\n"})
    assert login.status == 200
    assert login.json["tenant"] == "acme"
    cookie = login.headers["Set-Cookie"]
    assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert not any(part in cookie for part in key.split("_")[2:])
    assert (await closed.get(ME)).json["tenant"] == "acme"
    assert refused(await closed.call("POST", CANCEL), "not_allowed") == "X-Requested-With"
    assert (await closed.call("POST", CANCEL, X_Requested_With="streamforge")).status == 404
    foreign = await closed.call("POST", CANCEL, X_Requested_With="streamforge", Origin="https://evil.example")
    assert foreign.status == 403
    assert (await closed.call("DELETE", "/api/v1/session", X_Requested_With="streamforge")).status == 204
    assert (await closed.get(ME)).status == 401


async def test_a_logout_ends_the_session(closed: Gate) -> None:
    """The cookie is good no more, wherever it was copied to; of one key another login goes on; it takes our header."""
    key = await closed.key("acme")
    cookies: list[str] = []
    for _ in range(2):
        login = await closed.call("POST", "/api/v1/session", body={"key": key})
        cookies.append(login.headers["Set-Cookie"].partition(";")[0])
    closed.session.cookie_jar.clear()
    assert (await closed.call("DELETE", "/api/v1/session", Cookie=cookies[0])).status == 403
    assert (await closed.get(ME, Cookie=cookies[0])).status == 200
    assert (await closed.call("DELETE", "/api/v1/session", Cookie=cookies[0], X_Requested_With="x")).status == 204
    assert [(await closed.get(ME, Cookie=cookie)).status for cookie in cookies] == [401, 200]


async def test_a_stream_ends_with_its_session(closed: Gate) -> None:
    """Who listens by a login hears no more once it has been ended, on whatever daemon."""
    login = await closed.call("POST", "/api/v1/session", body={"key": await closed.key("acme")})
    session = login.headers["Set-Cookie"].split(".")[2]
    async with closed.session.get(f"{closed.server.url}/api/v1/events") as response:
        await Accounts(closed.broker).sessions.end(session)
        with anyio.fail_after(10):
            said = await response.content.read()
    assert b"revoked" in said


async def test_a_login_over_tls_keeps_to_it(closed: Gate) -> None:
    """Behind a proxy that speaks TLS the cookie is sent over nothing else."""
    login = await closed.call("POST", "/api/v1/session", body={"key": await closed.key()}, X_Forwarded_Proto="https")
    assert "Secure" in login.headers["Set-Cookie"]


async def test_a_login_with_a_bad_key_is_refused(gate: Gate) -> None:
    """401, no cookie, and nothing of the key in the answer."""
    answer = await gate.call("POST", "/api/v1/session", body={"key": "sf_bad"})
    assert answer.status == 401
    assert refused(answer, "not_authenticated") == "key"
    assert "Set-Cookie" not in answer.headers
    assert b"sf_bad" not in answer.body


async def test_a_session_ends_with_its_key(closed: Gate) -> None:
    """Revoking and rotating end every session that was opened with the secret."""
    for act in ("DELETE", "POST"):
        admin, key = await closed.key("*"), await closed.key("acme")
        await closed.call("POST", "/api/v1/session", body={"key": key})
        path = f"/api/v1/keys/{key.split('_')[1]}"
        is_end = act == "DELETE"
        changed = await closed.call(
            act,
            path if is_end else f"{path}/rotate",
            admin,
            data=None if is_end else b"{}",
            Content_Type="application/json",
        )
        assert changed.status in (200, 204)
        assert (await closed.get(ME)).status == 401


@pytest.mark.parametrize("change", ["expires", "key", "session", "signature", "garbage", "empty"])
async def test_a_cookie_that_was_altered_is_nobodys(closed: Gate, change: str) -> None:
    """Its time, its key and its signature hold together, or it is no session at all."""
    key, other = await closed.key("acme"), await closed.key("*")
    login = await closed.call("POST", "/api/v1/session", body={"key": key})
    closed.session.cookie_jar.clear()
    facts = login.headers["Set-Cookie"].partition("=")[2].partition(";")[0]
    key_id, fingerprint, session, expires, signature = facts.split(".")
    altered = {
        "expires": f"{key_id}.{fingerprint}.{session}.{int(expires) + 1}.{signature}",
        "key": f"{other.split('_')[1]}.{fingerprint}.{session}.{expires}.{signature}",
        "session": f"{key_id}.{fingerprint}.{session[::-1]}.{expires}.{signature}",
        "signature": f"{key_id}.{fingerprint}.{session}.{expires}.{signature[::-1]}",
        "garbage": "." * 4,
        "empty": "",
    }
    good = f"{COOKIE}={facts}"
    assert (await closed.get(ME, Cookie=good)).status == 200
    assert (await closed.get(ME, Cookie=f"{COOKIE}={altered[change]}")).status == 401


async def test_a_session_is_over_in_time(broker: Broker) -> None:
    """The cookie's own time counts, whatever the browser keeps."""
    async with opened(Gate(broker, auth="always", session_ttl_s=0.4)) as gate:
        login = await gate.call("POST", "/api/v1/session", body={"key": await gate.key()})
        cookie = login.headers["Set-Cookie"].partition(";")[0]
        assert (await gate.get(ME, Cookie=cookie)).status == 401


async def test_a_ticket_opens_streams_alone(closed: Gate) -> None:
    """It is of no use anywhere but in the address of a stream, and carries no more than the right to read."""
    key = await closed.key("acme", Scope.READ)
    made = await closed.call("POST", "/api/v1/session/ticket", key)
    assert made.status == 201
    assert (await closed.get(f"{ME}?ticket={made.json['ticket']}")).status == 401
    stands_for = await closed.accounts.tickets.redeem(made.json["ticket"])
    assert stands_for is not None
    assert b'"acme"' in stands_for
    assert b"admin" not in stands_for


@pytest.mark.parametrize("path", ["/api/v1/events", "/api/v1/jobs/j1/events"])
async def test_a_ticket_opens_a_stream_once(closed: Gate, path: str) -> None:
    """It stands for the tenant of the key that it was made with; the second use is refused."""
    await closed.submit("j1", "acme")
    tickets: list[str] = []
    for tenant in ("acme", "acme", "other"):
        made = await closed.call("POST", "/api/v1/session/ticket", await closed.key(tenant, Scope.READ))
        tickets.append(made.json["ticket"])
    url = f"{closed.server.url}{path}?last_event_id=0&ticket="
    async with closed.session.get(url + tickets[0]) as response:
        assert response.status == 200
        assert b"retry" in await response.content.readuntil(b"\n\n")
        assert b'"j1"' in await response.content.readuntil(b"\n\n")
    assert (await closed.get(f"{path}?ticket={tickets[0]}")).status == 401
    assert (await closed.get(f"{path}?ticket=none")).status == 401
    if "j1" in path:
        assert (await closed.get(f"{path}?ticket={tickets[2]}")).status == 404


async def test_a_ticket_opens_a_socket(closed: Gate) -> None:
    """The same for a WebSocket; without one the upgrade is refused."""
    made = await closed.call("POST", "/api/v1/session/ticket", await closed.key("acme"))
    async with closed.session.ws_connect(f"{closed.server.url}/api/v1/ws?ticket={made.json['ticket']}") as socket:
        assert not socket.closed
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await closed.session.ws_connect(f"{closed.server.url}/api/v1/ws")
    assert caught.value.status == 401


async def test_a_stream_ends_with_its_key(broker: Broker) -> None:
    """Who listens when his key is revoked, by another daemon, hears no more, however long its heartbeat is."""
    async with opened(Gate(broker, auth="always", heartbeat_s=3600.0)) as gate:
        key = await gate.key("acme")
        headers = {"Authorization": f"Bearer {key}"}
        async with gate.session.get(f"{gate.server.url}/api/v1/events", headers=headers) as response:
            await Accounts(broker).keys.revoke(key.split("_")[1])
            with anyio.fail_after(10):
                said = await response.content.read()
        assert b"revoked" in said


async def test_a_ticket_dies_with_its_key(closed: Gate) -> None:
    """One that was made before its key was revoked opens nothing."""
    key, admin = await closed.key("acme"), await closed.key("*")
    made = await closed.call("POST", "/api/v1/session/ticket", key)
    assert (await closed.call("DELETE", f"/api/v1/keys/{key.split('_')[1]}", admin)).status == 204
    refusal = await closed.get(f"/api/v1/events?ticket={made.json['ticket']}")
    assert (refusal.status, refused(refusal, "not_authenticated")) == (401, "Authorization")


async def test_redis_away_refuses_nobody_wrongly(closed: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that cannot be looked up is no bad key: 503, come back."""

    async def away(_: str) -> None:
        raise BrokerUnavailable("Redis does not answer")

    key = await closed.key()
    monkeypatch.setattr(closed.accounts.ring, "seen", Lately(away))
    answer = await closed.get(ME, key)
    assert answer.status == 503
    assert answer.headers["Retry-After"]


async def test_refusals_are_counted(closed: Gate) -> None:
    """Each under its reason, for an operator to see somebody trying."""

    async def refusals() -> float:
        text = (await closed.get("/metrics")).body.decode()
        families = {family.name: family for family in text_string_to_metric_families(text)}
        samples = families["streamforge_auth_refusals"].samples
        return sum(sample.value for sample in samples if sample.labels == {"reason": "key"})

    await closed.get(ME, "sf_bad")
    before = await refusals()
    await closed.get(ME, "sf_bad")
    assert await refusals() == before + 1
