"""Accounts over HTTP: what a tenant has spent, today and on other days, what it may spend, and its credits."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Annotated, Final

from aiohttp import web
from msgspec import UNSET, Meta, Struct, UnsetType

from streamforge.api.caller import caller_of
from streamforge.api.front import front_of, require_operator
from streamforge.api.money import CostView, CreditsView, DayView, credits_of, day_of, dollars, summed
from streamforge.api.route import Answer, Param, Route, Scope, query_params
from streamforge.api.submissions import tenant_for
from streamforge.api.wire import NEVER_STORED, answer, read_body, read_query
from streamforge.errors import ConfigError, IdempotencyConflict, NotFound
from streamforge.jobs.model import Tenant
from streamforge.ops.logs import get_logger
from streamforge.traffic.prices import micros

ME: Final = "me"
DAY_MS: Final = 86_400_000
TENANT: Final = Param(name="tenant", place="path", type=Tenant, text="The tenant, or me.", is_required=True)

log = get_logger(__name__)


class AccountView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tenant's money. Days are of UTC; the next begins at ``resets_ms``.

    ``budget_usd`` is what may be spent in a day; without it there is no limit. ``balance_usd`` are the credits that are
    left to a tenant who pays beforehand, or has been given any; ``held_usd`` is held of them for calls under way.
    """

    tenant: str
    spent_today_usd: float
    charged_today_usd: float
    calls_today: int
    held_usd: float
    resets_ms: int
    is_prepaid: bool
    budget_usd: float | None = None
    left_today_usd: float | None = None
    balance_usd: float | None = None
    granted_usd: float | None = None
    models: dict[str, CostView]


class DayQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which day."""

    day: Annotated[date | UnsetType, Meta(description="A day of UTC, such as 2026-11-30; today without it.")] = UNSET


class CreditBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Credits for a tenant. ``id`` names the payment: given once, however often it is sent."""

    usd: Annotated[float, Meta(ge=0.000_001, le=1_000_000)]
    id: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+\Z")]
    note: Annotated[str, Meta(max_length=200, description="For the daemon's log.")] = ""


class CreditAnswer(Struct, frozen=True, kw_only=True):
    """The balance now; ``is_new`` says whether this request changed it."""

    tenant: str
    balance_usd: float
    is_new: bool


async def account(request: web.Request) -> web.Response:
    """How a tenant's account stands."""
    tenant, money = _tenant(request), front_of(request).money
    day = await money.books.today()
    spent, balance = await money.books.day(tenant, day), await money.credits.balance(tenant)
    allowance, has_credits = money.budgets.of(tenant), balance.granted > 0
    limit = allowance.day_usd
    models = await money.books.day_by_model(tenant, day)
    view = AccountView(
        tenant=tenant,
        spent_today_usd=dollars(spent.cost_uusd),
        charged_today_usd=dollars(spent.charged_uusd),
        calls_today=spent.calls,
        held_usd=dollars(balance.held),
        resets_ms=(day + 1) * DAY_MS,
        is_prepaid=allowance.is_prepaid,
        budget_usd=limit,
        left_today_usd=None if limit is None else max(0.0, limit - dollars(spent.cost_uusd + balance.held)),
        balance_usd=dollars(balance.left) if allowance.is_prepaid or has_credits else None,
        granted_usd=dollars(balance.granted) if has_credits else None,
        models={name: summed(sums) for name, sums in models.items()},
    )
    return answer(view, headers=NEVER_STORED)


async def spending(request: web.Request) -> web.Response:
    """What a tenant's calls came to on a day."""
    day = read_query(request, DayQuery).day
    told = await day_of(front_of(request).money.books, _tenant(request), None if day is UNSET else day)
    return answer(told, headers=NEVER_STORED)


async def show_credits(request: web.Request) -> web.Response:
    """How a tenant's credits stand."""
    return answer(await credits_of(front_of(request).money.credits, _tenant(request)), headers=NEVER_STORED)


async def grant(request: web.Request) -> web.Response:
    """Give a tenant credits, once for each payment."""
    require_operator(request)
    tenant, body = _tenant(request), await read_body(request, CreditBody)
    try:
        moved = await front_of(request).money.credits.grant(tenant, micros(body.usd), body.id)
    except ConfigError as error:  # the ledger's word for it
        raise IdempotencyConflict(
            "this payment was made before, with another amount", field="id", hint="give each payment an id of its own"
        ) from error
    if moved.is_new:
        log.info("credits_granted", tenant=tenant, usd=body.usd, payment=body.id, note=body.note)
    return answer(CreditAnswer(tenant=tenant, balance_usd=dollars(moved.balance), is_new=moved.is_new))


def _tenant(request: web.Request) -> str:
    """The path's tenant, where the caller may know of it; raises NotFound."""
    tenant, caller = request.match_info["tenant"], caller_of(request)
    if tenant == ME:
        return tenant_for(caller)
    if not caller.sees(tenant):
        raise NotFound(f"no tenant {tenant[:64]!r} is known", field="tenant")
    return tenant


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/accounts/{tenant}",
        handler=account,
        text="What a tenant has spent today, what it may spend, and its credits.",
        tag="accounts",
        params=(TENANT,),
        answers=(Answer(status=HTTPStatus.OK, text="The account.", type=AccountView),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/v1/accounts/{tenant}/spending",
        handler=spending,
        text="What a tenant's calls to models came to on a day, in all and by model.",
        tag="accounts",
        params=(TENANT, *query_params(DayQuery)),
        answers=(Answer(status=HTTPStatus.OK, text="The day.", type=DayView),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="GET",
        path="/api/v1/accounts/{tenant}/credits",
        handler=show_credits,
        text="A tenant's credits: what is left, and all that came and went.",
        tag="accounts",
        params=(TENANT,),
        answers=(Answer(status=HTTPStatus.OK, text="The credits.", type=CreditsView),),
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Route(
        method="POST",
        path="/api/v1/accounts/{tenant}/credits",
        handler=grant,
        text="Give a tenant credits.",
        tag="accounts",
        scope=Scope.ADMIN,
        params=(TENANT,),
        body=CreditBody,
        answers=(Answer(status=HTTPStatus.OK, text="The balance.", type=CreditAnswer),),
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
