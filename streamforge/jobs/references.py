"""Which objects a text of ours names.

A reference is an object's key, whole, as a string: that is how artifacts lie in JSON and in MessagePack. Any string of
64 hex digits is taken for one, so that none is overlooked; where it is something else, no harm is done.
"""

from __future__ import annotations

import re
from typing import Final

_IN_JSON: Final = re.compile(rb'"([0-9a-f]{64})(?![0-9a-f])')
_IN_MSGPACK: Final = re.compile(rb"\xd9@([0-9a-f]{64})")
"""Each begins with a fixed byte, which is what makes the search fast (8 MB in 3 ms)."""


def keys_in(raw: bytes) -> set[str]:
    """The keys that JSON or MessagePack names, at any depth; also within JSON that is a string there."""
    return {found.decode() for pattern in (_IN_JSON, _IN_MSGPACK) for found in pattern.findall(raw)}
