"""How a text is set."""

from __future__ import annotations

from msgspec import Struct


class TextStyle(Struct, frozen=True):
    """A typeface and how it is used.

    ``leading`` (distance of baselines) and ``tracking`` (letter spacing) are shares of the type size; ``upper`` sets
    capitals; ``language`` (``ja``, ``ko``, ``zh``, ``zh-Hant``, ``tr``, …) chooses the forms of ideographs and of
    capitals, empty to tell by the text.
    """

    family: str
    weight: int
    leading: float = 1.2
    tracking: float = 0.0
    upper: bool = False
    language: str = ""
