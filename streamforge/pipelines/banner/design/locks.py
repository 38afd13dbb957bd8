"""What somebody has settled about elements: it must be there to be settled. ``adapt`` puts it on each canvas."""

from __future__ import annotations

from collections.abc import Iterable

from streamforge.errors import InvalidInput
from streamforge.pipelines.banner.design.graph import Design
from streamforge.pipelines.banner.spec import Lock


def require_known(design: Design, locks: Iterable[Lock]) -> None:
    """Raise InvalidInput for a lock on an element that the design does not have."""
    known = [element.id for element in design.elements]
    for lock in locks:
        if lock.element not in known:
            raise InvalidInput(
                f"there is no element {lock.element!r} to lock", field="locks", hint=f"there are {', '.join(known)}"
            )
