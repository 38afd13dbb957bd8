"""A kind of job: its name, its input type, and the check that every door applies before a job exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from streamforge.errors import InvalidInput, UnknownKind
from streamforge.jobs.model import Priority, Submission

I = TypeVar("I")  # noqa: E741 - the input type, as in Pipeline[I]

_AT = re.compile(r"^(?P<what>.*) - at `(?P<path>\$.*)`$", re.DOTALL)
_NAMED = re.compile(r"field `(?P<name>[^`]+)`")
_LEADING = re.compile(r"^(?P<name>[a-z_0-9]+)(?: x [a-z_]+)? is ")

BROKEN_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding a stranger's JSON may raise; brackets nested without end raise RecursionError."""

_ENVELOPE_HINTS = {
    "id": "A-Z, a-z, 0-9, _ and -, beginning with a letter or digit, at most 64",
    "queue": "a-z, 0-9, _ . and -, beginning with a letter or digit, at most 64",
    "priority": f"one of {', '.join(Priority)}",
    "tenant": "A-Z, a-z, 0-9, _ . @ and -, beginning with a letter or digit, at most 64",
    "idempotency_key": "at most 255 characters, none of them a control character",
    "not_before_ms": "milliseconds since 1970, as a whole number",
}
"""How to write each field that describes a job."""


class Kind(Generic[I]):
    """What a queue knows of a pipeline: enough to accept or refuse a job, nothing of how it runs.

    ``steps`` names the recipe's steps in order, for progress; ``queue`` is where its jobs go unless they say otherwise.
    """

    def __init__(self, name: str, input_type: type[I], *, steps: tuple[str, ...] = (), queue: str = "default") -> None:
        self.name = name
        self.input_type = input_type
        self.steps = steps
        self.queue = queue
        self._decoder: msgspec.json.Decoder[I] = msgspec.json.Decoder(input_type)

    def decode(self, raw: bytes) -> I:
        """JSON to the input type; raises InvalidInput that names the field and the fix."""
        try:
            return self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            raise invalid_input(error, hint=f"see `streamforge kinds {self.name}` for the input's schema") from error
        except BROKEN_JSON as error:
            raise InvalidInput(
                f"not valid JSON: {error}", field="input", hint="send one JSON object, quoted for your shell"
            ) from error

    def normalise(self, raw: bytes) -> bytes:
        """Check and write again with defaults filled in, so that equal inputs are equal bytes."""
        return msgspec.json.encode(self.decode(raw), order="deterministic")

    def from_flat(self, fields: Mapping[str, str]) -> bytes:
        """Flat text fields (``width 1200``) as normalised JSON, converted by the input type's annotations.

        A field whose type is a list or an object takes JSON, or for lists a comma-separated text.
        """
        hints = get_type_hints(self.input_type)
        typed = {name: _unflatten(text, hints.get(name)) for name, text in fields.items()}
        try:
            value = msgspec.convert(typed, self.input_type, strict=False)
        except msgspec.ValidationError as error:
            raise invalid_input(error, hint=f"see `streamforge kinds {self.name}` for the input's schema") from error
        return msgspec.json.encode(value, order="deterministic")


class Kinds:
    """The kinds that this process accepts."""

    def __init__(self, kinds: Iterable[Kind[Any]]) -> None:
        self._kinds = {kind.name: kind for kind in kinds}

    def __getitem__(self, name: str) -> Kind[Any]:
        """The kind of that name; raises UnknownKind with the nearest names."""
        kind = self._kinds.get(name)
        if kind is None:
            near = get_close_matches(name, self._kinds, n=1)
            known = ", ".join(sorted(self._kinds)) or "none"
            hint = f"did you mean {near[0]!r}?" if near else f"known kinds: {known}"
            raise UnknownKind(f"no pipeline of kind {name[:64]!r} is registered", field="kind", hint=hint)
        return kind

    def names(self) -> list[str]:
        """Every name, sorted."""
        return sorted(self._kinds)


def submission_from(**fields: object) -> Submission:
    """A submission whose input is already checked; text is taken for numbers. Raises InvalidInput with the field."""
    try:
        return msgspec.convert(fields, Submission, strict=False)
    except msgspec.ValidationError as error:
        refused = invalid_input(error)
        refused.hint = _ENVELOPE_HINTS.get(refused.field or "")
        raise refused from error


def invalid_input(error: msgspec.ValidationError, *, hint: str | None = None) -> InvalidInput:
    """A msgspec error as ours: the JSON path becomes the field, and a pattern becomes words."""
    text = str(error)
    field = None
    if match := _AT.match(text):
        text, field = match["what"], match["path"].removeprefix("$").lstrip(".") or None
    named = _NAMED.search(text) or _LEADING.match(text)
    if named and (field is None or "field `" in text):
        field = f"{field}.{named['name']}" if field else named["name"]
    if "#(?:[0-9a-fA-F]{3}" in text:
        text, hint = "not a colour", "write it as #rgb or #rrggbb, for example #0f62fe"
    return InvalidInput(text, field=field or "input", hint=hint)


def _unflatten(text: str, hint: object) -> object:
    origin = get_origin(hint)
    if origin in (Union, UnionType):
        return _unflatten(text, next((arm for arm in get_args(hint) if arm is not type(None)), None))
    if hint is str or hint is None:
        return text
    if text[:1] in "[{":
        try:
            return msgspec.json.decode(text)
        except BROKEN_JSON:
            return text
    if origin is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text
