"""A value that is an object, written as a TOML table or as JSON."""

from __future__ import annotations

import msgspec


class JsonObject(str):
    """An object as JSON text; empty settings are ``{}``. Its content is a job's, so no error message shows it."""

    __slots__ = ()

    @classmethod
    def of(cls, value: object) -> JsonObject:
        """From a table, or from JSON text; raises msgspec.ValidationError for anything else."""
        try:
            held: object = msgspec.json.decode(value) if isinstance(value, str) else value
            text = msgspec.json.encode(held).decode()
        except (msgspec.DecodeError, TypeError, ValueError, RecursionError) as error:
            raise msgspec.ValidationError("not JSON") from error
        if not isinstance(held, dict):
            raise msgspec.ValidationError("not an object")
        return cls(text)
