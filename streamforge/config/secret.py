"""A value that may be used but not shown."""

from __future__ import annotations

MASK = "********"


class Secret:
    """Text that hides itself from ``repr``, ``str``, formatting and logs; only :meth:`reveal` gives it out.

    An unset secret is empty and false, and shows as ``""`` so that an operator can tell the two apart.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str = "") -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself; call it where the value leaves the process, nowhere else."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __str__(self) -> str:
        return MASK if self._value else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)
