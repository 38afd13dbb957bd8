"""The API's operations as data: what is sent, and what of the answer is wanted. Both clients make the same calls."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import quote

from streamforge.client.request import Call
from streamforge.client.types import (
    Account,
    Credits,
    Day,
    Delivery,
    IssuedKey,
    Job,
    Key,
    Kind,
    Letter,
    Models,
    Page,
    Queue,
    Submitted,
    Upload,
    Webhook,
    Worker,
)

T = TypeVar("T")

Rows = dict[str, Any]
Params = Mapping[str, str | float]


# ---- jobs ----


def submit(
    kind: str,
    input: object,  # noqa: A002 - as elsewhere
    key: str | None,
    terms: Params,
    files: Sequence[Rows] = (),
) -> Call[Submitted]:
    """A job, under an idempotency key so that it may be sent again; one with ``files`` waits for them."""
    body = {"kind": kind, "input": input, **_given(terms), **({"files": files} if files else {})}
    headers = {"Idempotency-Key": key or str(uuid.uuid4())}
    return Call(method="POST", path="/api/v1/jobs", answer=Submitted, body=body, headers=headers)


def submit_many(jobs: Sequence[Mapping[str, object]]) -> Call[list[Rows]]:
    """Many jobs in one request; those without a key of their own get one."""
    body = {"jobs": [{"idempotency_key": str(uuid.uuid4()), **job} for job in jobs]}
    return Call(method="POST", path="/api/v1/jobs/batch", answer=Page[Rows], pick=_items, body=body)


def job(job_id: str) -> Call[Job]:
    """How a job stands."""
    return Call(method="GET", path=_job(job_id), answer=Job)


def jobs(filters: Params) -> Call[Page[Job]]:
    """A page of jobs, newest first."""
    return Call(method="GET", path="/api/v1/jobs", answer=Page[Job], params=_texts(filters))


def cancel(job_id: str, reason: str) -> Call[Rows]:
    """Ask for a job's end."""
    return Call(method="POST", path=f"{_job(job_id)}/cancel", answer=Rows, body=_given({"reason": reason}))


def retry(job_id: str) -> Call[Rows]:
    """Start a failed or cancelled job again."""
    return Call(method="POST", path=f"{_job(job_id)}/retry", answer=Rows, body={}, is_repeatable=False)


def upload(job_id: str, name: str, data: bytes, *, start: int = 0, total: int | None = None) -> Call[Upload]:
    """A file that a job waits for, or with ``total`` the part of it that begins at ``start``."""
    part = {} if total is None else {"Content-Range": f"bytes {start}-{start + len(data) - 1}/{total}"}
    return Call(method="PUT", path=_upload(job_id, name), answer=Upload, data=data, headers=part)


def uploaded(job_id: str, name: str) -> Call[Upload]:
    """How much of a file is there."""
    return Call(method="GET", path=_upload(job_id, name), answer=Upload)


def process(job_id: str) -> Call[Submitted]:
    """Start a job whose files are there; again, it is the same."""
    return Call(method="POST", path=f"{_job(job_id)}/process", answer=Submitted)


# ---- operations ----


def letters(filters: Params) -> Call[Page[Letter]]:
    """A page of dead letters, newest first."""
    return Call(method="GET", path="/api/v1/dead", answer=Page[Letter], params=_texts(filters))


def letter(letter_id: str) -> Call[Letter]:
    """One dead letter, with its fields or its job's input."""
    return Call(method="GET", path=_letter(letter_id), answer=Letter)


def requeue(letter_id: str, *, fresh: bool) -> Call[str]:
    """Try what a dead letter holds again; the job's id."""
    path = f"{_letter(letter_id)}/requeue"
    return Call(method="POST", path=path, answer=Rows, pick=_job_id, body={"fresh": fresh}, is_repeatable=False)


def forget(letter_id: str) -> Call[None]:
    """Delete a dead letter."""
    return Call(method="DELETE", path=_letter(letter_id))


def queues(names: Sequence[str] = ()) -> Call[list[Queue]]:
    """The queues that the daemon serves, or those of them that are named."""

    def chosen(page: Page[Queue]) -> list[Queue]:
        return [queue for queue in page.items if not names or queue.queue in names]

    return Call(method="GET", path="/api/v1/queues", answer=Page[Queue], pick=chosen)


def queue_act(queue: str, act: str) -> Call[bool]:
    """``pause`` or ``resume``; whether that changed anything."""
    return Call(method="POST", path=f"/api/v1/queues/{_name(queue)}/{act}", answer=Rows, pick=_has_changed)


def workers() -> Call[list[Worker]]:
    """The workers that are alive."""
    return Call(method="GET", path="/api/v1/workers", answer=Page[Worker], pick=_items)


def drain(worker: str) -> Call[None]:
    """Have a worker hand back its jobs and end."""
    return Call(method="POST", path=f"/api/v1/workers/{_name(worker)}/drain", pick=_nothing)


def kinds() -> Call[list[Kind]]:
    """The kinds of job that the server takes."""
    return Call(method="GET", path="/api/v1/kinds", answer=Page[Kind], pick=_items)


def kind(name: str) -> Call[Kind]:
    """One of them, with its input's schema."""
    return Call(method="GET", path=f"/api/v1/kinds/{_name(name)}", answer=Kind)


def look(what: str) -> Call[Any]:
    """``me``, ``keys`` and the like: as JSON holds it."""
    return Call(method="GET", path=f"/api/v1/{what}")


# ---- brand kits, money and models ----


def kits(tenant: str, filters: Params) -> Call[Page[Rows]]:
    """A page of brand kits by name."""
    return Call(method="GET", path="/api/v1/kits", answer=Page[Rows], params=_texts({"tenant": tenant, **filters}))


def kit(name: str, tenant: str) -> Call[Rows]:
    """A brand kit as it is kept."""
    return Call(method="GET", path=_kit(name), answer=Rows, params=_texts({"tenant": tenant}))


def put_kit(name: str, kept: object, tenant: str) -> Call[Rows]:
    """Keep a brand kit in place of what was there."""
    return Call(method="PUT", path=_kit(name), answer=Rows, body=kept, params=_texts({"tenant": tenant}))


def delete_kit(name: str, tenant: str) -> Call[None]:
    """Forget a brand kit."""
    return Call(method="DELETE", path=_kit(name), params=_texts({"tenant": tenant}))


def account(tenant: str) -> Call[Account]:
    """How a tenant's account stands today."""
    return Call(method="GET", path=_account(tenant), answer=Account)


def spending(tenant: str, day: str) -> Call[Day]:
    """What a tenant's calls came to on a day."""
    return Call(method="GET", path=f"{_account(tenant)}/spending", answer=Day, params=_texts({"day": day}))


def credits_of(tenant: str) -> Call[Credits]:
    """A tenant's credits."""
    return Call(method="GET", path=f"{_account(tenant)}/credits", answer=Credits)


def grant(tenant: str, usd: float, payment: str, note: str) -> Call[bool]:
    """Credits for a tenant, once for each payment; whether this request changed the balance."""
    body = _given({"usd": usd, "id": payment, "note": note})
    return Call(method="POST", path=f"{_account(tenant)}/credits", answer=Rows, pick=_is_new, body=body)


def models() -> Call[Models]:
    """How the outside models stand."""
    return Call(method="GET", path="/api/v1/models", answer=Models)


def lift_models() -> Call[Models]:
    """Have all of them tried at once."""
    return Call(method="POST", path="/api/v1/models/lift", answer=Models, is_repeatable=False)


# ---- keys and webhooks ----


def keys(filters: Params) -> Call[Page[Key]]:
    """A page of API keys, oldest first."""
    return Call(method="GET", path="/api/v1/keys", answer=Page[Key], params=_texts(filters))


def create_key(wanted: Mapping[str, object]) -> Call[IssuedKey]:
    """A new API key."""
    return Call(method="POST", path="/api/v1/keys", answer=IssuedKey, body=wanted, is_repeatable=False)


def rotate_key(key_id: str, overlap_s: float) -> Call[IssuedKey]:
    """Another secret for a key."""
    body = {"overlap_s": overlap_s}
    return Call(method="POST", path=f"{_key(key_id)}/rotate", answer=IssuedKey, body=body, is_repeatable=False)


def revoke_key(key_id: str) -> Call[None]:
    """Forget a key."""
    return Call(method="DELETE", path=_key(key_id))


def webhooks(filters: Params) -> Call[Page[Webhook]]:
    """A page of the addresses that are told what happens, oldest first."""
    return Call(method="GET", path="/api/v1/webhooks", answer=Page[Webhook], params=_texts(filters))


def create_webhook(wanted: Mapping[str, object]) -> Call[Webhook]:
    """A new one, with its secret."""
    return Call(method="POST", path="/api/v1/webhooks", answer=Webhook, body=wanted, is_repeatable=False)


def rotate_webhook(webhook_id: str) -> Call[Webhook]:
    """Another secret for it."""
    return Call(method="POST", path=f"{_webhook(webhook_id)}/rotate", answer=Webhook, is_repeatable=False)


def enable_webhook(webhook_id: str) -> Call[Webhook]:
    """Tell one again that was switched off."""
    return Call(method="POST", path=f"{_webhook(webhook_id)}/enable", answer=Webhook)


def delete_webhook(webhook_id: str) -> Call[None]:
    """Tell it nothing more."""
    return Call(method="DELETE", path=_webhook(webhook_id))


def test_webhook(webhook_id: str) -> Call[str]:
    """Send it something; the delivery's id."""
    return Call(method="POST", path=f"{_webhook(webhook_id)}/test", answer=Rows, pick=_delivery_id, is_repeatable=False)


def deliveries(webhook_id: str, filters: Params) -> Call[Page[Delivery]]:
    """A page of what it was told, newest first."""
    path = f"{_webhook(webhook_id)}/deliveries"
    return Call(method="GET", path=path, answer=Page[Delivery], params=_texts(filters))


def replay(webhook_id: str, delivery_id: str) -> Call[str]:
    """Make a delivery once more; its id."""
    path = f"{_webhook(webhook_id)}/deliveries/{_name(delivery_id)}/replay"
    return Call(method="POST", path=path, answer=Rows, pick=_delivery_id, is_repeatable=False)


# ---- what they stand on ----


def file_path(job_id: str, name: str) -> str:
    """Where a job's file is."""
    return f"/api/v1/artifacts/{_name(job_id)}/{_name(name)}"


def events_path(job_id: str | None) -> str:
    """Where a job's events are streamed, or those of all."""
    return f"{_job(job_id)}/events" if job_id else "/api/v1/events"


def _job(job_id: str) -> str:
    return f"/api/v1/jobs/{_name(job_id)}"


def _upload(job_id: str, name: str) -> str:
    return f"{_job(job_id)}/uploads/{_name(name)}"


def _letter(letter_id: str) -> str:
    return f"/api/v1/dead/{_name(letter_id)}"


def _key(key_id: str) -> str:
    return f"/api/v1/keys/{_name(key_id)}"


def _kit(name: str) -> str:
    return f"/api/v1/kits/{_name(name)}"


def _account(tenant: str) -> str:
    return f"/api/v1/accounts/{_name(tenant)}"


def _webhook(webhook_id: str) -> str:
    return f"/api/v1/webhooks/{_name(webhook_id)}"


def _name(text: str) -> str:
    return quote(text, safe="")


def _items(page: Page[T]) -> list[T]:
    return page.items


def _job_id(answer: Rows) -> str:
    return str(answer.get("job_id", ""))


def _delivery_id(answer: Rows) -> str:
    return str(answer.get("delivery_id", ""))


def _is_new(answer: Rows) -> bool:
    return bool(answer["is_new"])


def _has_changed(answer: Rows) -> bool:
    return bool(answer["changed"])


def _nothing(_: object) -> None:
    return None


def _given(terms: Params) -> Rows:
    return {name: value for name, value in terms.items() if value not in (None, "")}


def _texts(filters: Params) -> dict[str, str]:
    return {name: str(value) for name, value in _given(filters).items()}
