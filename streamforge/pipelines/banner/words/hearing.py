"""What a sentence of a brief is heard as."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["reader", "request", "wanted", "wish", "name", "silent"]


class Heard(Struct, frozen=True):
    """What a sentence is, and the words in it that are for the reader.

    ``reader``: the sentence itself. ``request``: what the banner is for. ``wanted``: what the banner is to say.
    ``wish``: what the reader is to do. ``name``: the advertiser's. ``silent``: nothing.
    """

    kind: Kind
    text: str = ""
