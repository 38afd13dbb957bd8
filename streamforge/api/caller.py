"""Who is asking: the tenant and the scopes of a request, put there by the guard before any handler runs."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from msgspec import Struct

from streamforge.api.route import Scope

EVERY_TENANT: Final = "*"
"""The tenant of an operator, who sees everybody's."""

_INCLUDES: Final = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.SUBMIT: frozenset({Scope.READ, Scope.SUBMIT}),
    Scope.ADMIN: frozenset({Scope.READ, Scope.SUBMIT, Scope.ADMIN}),
}


class Caller(Struct, frozen=True):
    """Whoever sent the request. ``key_id`` names the API key, ``session`` the login; empty where there is none."""

    tenant: str
    scopes: frozenset[Scope]
    key_id: str = ""
    session: str = ""

    def may(self, scope: Scope) -> bool:
        """Whether one of the caller's scopes includes this one."""
        return any(scope in _INCLUDES[own] for own in self.scopes)

    def sees(self, tenant: str) -> bool:
        """Whether what belongs to that tenant exists for this caller."""
        return self.tenant in (EVERY_TENANT, tenant)


LOCAL: Final = Caller(EVERY_TENANT, frozenset({Scope.ADMIN}))
"""The caller on a loopback address where no key is asked for: whoever can log in to this machine."""

CALLER: Final[web.RequestKey[Caller]] = web.RequestKey("caller", Caller)


def caller_of(request: web.Request) -> Caller:
    """Who sent this request."""
    return request[CALLER]
