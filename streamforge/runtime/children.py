"""Jobs that a recipe starts and waits for, without a slot being held for the wait."""

from __future__ import annotations

import hashlib
from typing import Protocol

from streamforge.errors import ChildFailed, Snooze
from streamforge.jobs.kinds import Kinds, submission_from
from streamforge.jobs.model import Claim, Job, JobState, Priority
from streamforge.jobs.store import JobStore

POLL_S = 60.0
"""How long a parent sleeps where the end of its child does not wake it before."""


class Children(Protocol):
    """Who starts jobs for other jobs."""

    async def start(
        self,
        parent: Claim,
        name: str,
        kind: str,
        input: bytes,  # noqa: A002 - the word for it everywhere else
        *,
        queue: str | None,
        priority: Priority | None,
    ) -> str:
        """The id of the job that the parent's step ``name`` starts; the same for every call.

        ``queue`` and ``priority`` are the kind's and the usual one where they are None. Raises UnknownKind
        and InvalidInput.
        """
        ...

    async def look(self, child_id: str) -> Job:
        """The child's record; raises UnknownJob."""
        ...


class WaitsForChild(Snooze):
    """The job waits for another one."""

    def __init__(self, child: str) -> None:
        super().__init__(f"waits for {child}", for_s=POLL_S)
        self.child = child


def result_of(child: Job) -> bytes:
    """What the child came to, as JSON; raises WaitsForChild before its end, and ChildFailed after a bad one."""
    if not child.is_terminal:
        raise WaitsForChild(child.id)
    if child.state is JobState.SUCCEEDED:
        return bytes(child.result) if child.result is not None else b"null"
    ended = f"job {child.id} of kind {child.kind!r}"
    if child.error is None:
        raise ChildFailed(f"{ended} ended as {child.state}")
    raise ChildFailed(
        f"{ended} ended as {child.state}, {child.error.code}: {child.error.message}",
        field=child.error.field,
        hint=child.error.hint,
    )


class StoredChildren:
    """Children as jobs in the store, of the kinds that this process knows; for the same tenant as their parents."""

    def __init__(self, store: JobStore, kinds: Kinds) -> None:
        self._store = store
        self._kinds = kinds

    async def start(
        self,
        parent: Claim,
        name: str,
        kind: str,
        input: bytes,  # noqa: A002 - as Children's
        *,
        queue: str | None,
        priority: Priority | None,
    ) -> str:
        """See ``Children``; raises IdempotencyConflict where the step was begun with another input before."""
        known = self._kinds[kind]
        submission = submission_from(
            id=child_id(parent.id, name),
            kind=kind,
            input=known.normalise(input),
            queue=queue or known.queue,
            priority=priority or Priority.NORMAL,
            tenant=parent.tenant,
            source="parent",
            parent=parent.id,
            traceparent=parent.traceparent,
        )
        return (await self._store.submit(submission)).id

    async def look(self, child_id: str) -> Job:
        """See ``Children``."""
        return await self._store.get(child_id)


def child_id(parent: str, step: str) -> str:
    """The id of the job that a step starts: the same for every attempt."""
    return f"c-{hashlib.sha256(f'{parent}/{step}'.encode(errors='replace')).hexdigest()[:40]}"
