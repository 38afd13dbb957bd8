"""What all services of the OpenAI wire format share: address, key, connections, errors, rate headers.

aiohttp speaks it here and not the official SDK: self-hosted servers deviate from its models, which would then have to
be worked around; streams are read one event at a time without a model of each; and it is a dependency already.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar, cast

import aiohttp
import msgspec
from msgspec import Struct

from streamforge.clock import SYSTEM_CLOCK, Clock
from streamforge.errors import ProviderUnavailable
from streamforge.providers.access import checked_base, checked_key
from streamforge.providers.openai_errors import BadAnswer, Service, translate, translate_transport, words_of
from streamforge.providers.text import Listener
from streamforge.providers.timeouts import Timeouts, timed_out

DEFAULT_BASE_URL = "https://api.openai.com"
MAX_ANSWER_BYTES = 64_000_000
_LIMITS_PREFIX = "x-ratelimit-"
_OK = 200


class Sending(Struct, frozen=True, kw_only=True):
    """A request: JSON, or a form. ``listener`` hears of the answer's head.

    ``complain`` is given the service's own words where it refuses; no error has them.
    """

    json: dict[str, object] | None = None
    form: aiohttp.FormData | None = None
    complain: Callable[[str], None] | None = None
    idempotency_key: str = ""
    traceparent: str = ""
    listener: Listener | None = None
    timeout_s: float = 120.0


class Wire:
    """Connections to one service, asked for with one key."""

    def __init__(
        self,
        service: Service,
        name: str,
        *,
        api_key: str,
        base_url: str,
        timeouts: Timeouts,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Needs no network yet. Only a server with an address of its own may do without a key (ConfigError)."""
        self.base = checked_base(base_url or DEFAULT_BASE_URL, service.base_url)
        is_keyless = bool(base_url) and not api_key.strip()
        self._key = "" if is_keyless else checked_key(api_key, service.key, "set it")
        self._service = service
        self._name = name
        self._timeouts = timeouts
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None

    @asynccontextmanager
    async def post(self, path: str, sending: Sending) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The answer to a request, its body not read yet; what goes wrong until it is left comes as our errors."""
        try:
            async with self._open().post(
                self.base + path,
                json=sending.json,
                data=sending.form,
                headers=self._headers(sending),
                allow_redirects=False,
            ) as response:
                told = lower(response.headers)
                if sending.listener is not None:
                    sending.listener.hear(response.status, told)
                if response.status != _OK:
                    bad = BadAnswer(response.status, error_in(await self.read(response)), told)
                    raise self.refusal(bad, sending)
                yield response
        except aiohttp.ConnectionTimeoutError:
            raise timed_out(self._name, "connect", self._timeouts, sending.timeout_s) from None
        except TimeoutError:
            raise  # the caller's limit; it is an OSError too
        except (aiohttp.ClientError, OSError) as error:
            # the library's error carries the request, with key and prompt: it must not travel on as the cause
            raise translate_transport(error, self._service) from None

    def refusal(self, bad: BadAnswer, sending: Sending) -> Exception:
        """The error for an answer that is one."""
        if sending.complain is not None:
            sending.complain(words_of(bad))
        return translate(bad, self._service, self._clock)

    async def read(self, response: aiohttp.ClientResponse) -> bytes:
        """The whole body. Raises ProviderUnavailable for one that is absurdly long."""
        body = bytearray()
        async for chunk in response.content.iter_chunked(256 * 1024):
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise ProviderUnavailable(f"{self._name} answered with over {MAX_ANSWER_BYTES} bytes")
        return bytes(body)

    async def aclose(self) -> None:
        """Close the connections; a later call opens new ones."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _headers(self, sending: Sending) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        if sending.idempotency_key:
            headers["Idempotency-Key"] = sending.idempotency_key
        if sending.traceparent:
            headers["traceparent"] = sending.traceparent
        return headers

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            # no limit of its own, which would be waited for in silence: how many calls run at once is the limiter's
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None, connect=self._timeouts.connect_s),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


class OpenAIModel:
    """What the models of all services have in common; a subclass names its service, and its usual model.

    A key may be missing only where ``base_url`` names a server of one's own.
    """

    service: ClassVar[Service]
    default_model: ClassVar[str]

    def __init__(
        self,
        *,
        api_key: str = "",
        model: str = "",
        base_url: str = "",
        timeouts: Timeouts | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        """Needs no network yet. Raises ConfigError for an address that is none, or where the key is missing."""
        self.model = model or self.default_model
        self._timeouts = timeouts or Timeouts()
        self._wire = Wire(
            self.service, self.name, api_key=api_key, base_url=base_url, timeouts=self._timeouts, clock=clock
        )

    def __repr__(self) -> str:
        """Model and address; never the key."""
        return f"{type(self).__name__}(model={self.model!r}, url={self._wire.base!r})"

    @property
    def name(self) -> str:
        """``openai:<model>``."""
        return f"openai:{self.model}"

    async def aclose(self) -> None:
        """Close the connection pool; a later call opens a new one."""
        await self._wire.aclose()


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def limits_in(headers: Mapping[str, str]) -> dict[str, str]:
    """The rate headers (lower case), by their names without the prefix."""
    return {
        name.removeprefix(_LIMITS_PREFIX): value for name, value in headers.items() if name.startswith(_LIMITS_PREFIX)
    }


def error_in(data: bytes | str) -> Mapping[str, object]:
    """The ``error`` object of a body; empty where there is none, as with a gateway's page."""
    try:
        body: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    if not isinstance(body, dict):
        return {}
    answer = cast("dict[str, Any]", body)
    error: Any = answer if answer.get("object") == "error" else answer.get("error", answer.get("detail"))
    if isinstance(error, str):
        return {"message": error}
    return cast("dict[str, object]", error) if isinstance(error, dict) else {}
