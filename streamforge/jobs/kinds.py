"""A kind of job: its name, its input type, and the check that every door applies before a job exists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import UnionType
from typing import Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import inspect

from streamforge.errors import InvalidInput, UnknownKind
from streamforge.jobs.model import Priority, Submission

I = TypeVar("I")  # noqa: E741 - the input type, as in Pipeline[I]

_AT = re.compile(r"^(?P<what>.*) - at `(?P<path>\$.*)`$", re.DOTALL)
_NAMED = re.compile(r"^Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]+)`$")
_GOT = re.compile(r"^Expected `.*`, got `(?P<got>[a-z]+)`$")
_STEP = re.compile(r"[^.\[\]]+|\[[^\]]*\]")
_WORDS = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "array": "a list",
    "object": "an object",
}
"""What msgspec calls a value, for people."""
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
    "expires_at_ms": "milliseconds since 1970, as a whole number; 0 is never",
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
            raise self._refused(error) from error
        except BROKEN_JSON as error:
            raise InvalidInput(
                f"not valid JSON: {error}", field="input", hint="send one JSON object, quoted for your shell"
            ) from error

    def _refused(self, error: msgspec.ValidationError) -> InvalidInput:
        hint = f"see `streamforge kinds {self.name}` for the input's schema"
        return invalid_input(error, self.input_type, hint=hint)

    def normalise(self, raw: bytes) -> bytes:
        """Check and write again with defaults filled in, so that equal inputs are equal bytes."""
        written = msgspec.json.encode(self.decode(raw), order="deterministic")
        if not written.isascii():  # a field that is kept as it came was not looked into
            _require_text(written)
        return written

    def from_flat(self, fields: Mapping[str, str]) -> bytes:
        """Flat text fields (``width 1200``) as normalised JSON, converted by the input type's annotations.

        A field whose type is a list or an object takes JSON, or for lists a comma-separated text.
        """
        hints = get_type_hints(self.input_type)
        typed = {name: _unflatten(text, hints.get(name)) for name, text in fields.items()}
        try:
            value = msgspec.convert(typed, self.input_type, strict=False)
        except msgspec.ValidationError as error:
            raise self._refused(error) from error
        return msgspec.json.encode(value, order="deterministic")


def _require_text(written: bytes) -> None:
    try:
        written.decode()
    except UnicodeDecodeError as error:
        raise InvalidInput("not UTF-8", field="input", hint="send text as UTF-8, files as base64") from error


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
        refused = invalid_input(error, Submission)
        refused.hint = _ENVELOPE_HINTS.get(refused.field or "")
        raise refused from error


def check_size(fields: Mapping[str, bytes], max_bytes: int) -> None:
    """The limit on what one job may bring, in bytes, at every door; raises InvalidInput that names the largest field.

    ``input`` stands for the JSON of a whole input: the field that is named is one in it.
    """
    total = sum(len(name.encode(errors="replace")) + len(value) for name, value in fields.items())
    if total > max_bytes:
        raise InvalidInput(
            f"{total:_} bytes are too many, most of them here; at most {max_bytes:_}",
            field=_largest(fields)[:80],
            hint="send less, or raise jobs.max_input_bytes",
        )


def _largest(fields: Mapping[str, object]) -> str:
    name = max(fields, key=lambda key: len(key) + _length(fields[key]))
    value = fields[name]
    if name != "input" or not isinstance(value, bytes):
        return name
    try:
        within = msgspec.json.decode(value, type=dict[str, object])
    except (*BROKEN_JSON, ValueError):
        return name
    return _largest(within) if within else name


def _length(value: object) -> int:
    return len(value) if isinstance(value, bytes | str) else len(str(value))


def invalid_input(
    error: msgspec.ValidationError, input_type: object, *, hint: str | None = None, whole: str = "input"
) -> InvalidInput:
    """A msgspec error as ours: the JSON path becomes the field, and what was expected is told in words.

    ``whole`` names what has no path: the value itself.
    """
    text, path = str(error), ""
    if match := _AT.match(text):
        text, path = match["what"], match["path"].removeprefix("$").lstrip(".")
    if named := _NAMED.match(text):
        field = f"{path}.{named['name']}" if path else named["name"]
        return InvalidInput(
            "missing" if named["what"].startswith("missing") else "no such field", field=field, hint=hint
        )
    leading = _LEADING.match(text)
    field = path or (leading["name"] if leading else whole)
    if text.startswith(("Expected ", "Invalid enum value")):
        words, got = _in_words(_type_at(input_type, path)), _GOT.match(text)
        ending = f", got {_WORDS.get(got['got'], got['got'])}" if got else ""
        text = f"expected {words}{ending}" if words else text
    return InvalidInput(text, field=field, hint=hint)


def _type_at(input_type: object, path: str) -> inspect.Type:
    """The type of the field at a path such as ``sizes[0].width``."""
    found = inspect.type_info(input_type)
    for step in _STEP.findall(path):
        found = _within(_plain(found)[0], step)
    return found


def _within(outer: inspect.Type, step: str) -> inspect.Type:
    if isinstance(outer, inspect.StructType | inspect.DataclassType | inspect.TypedDictType | inspect.NamedTupleType):
        return next((field.type for field in outer.fields if field.encode_name == step), inspect.AnyType())
    return next(
        (getattr(outer, name) for name in ("item_type", "value_type") if hasattr(outer, name)), inspect.AnyType()
    )


def _plain(found: inspect.Type) -> tuple[inspect.Type, str]:
    """The type itself with its description; of a union with null, the other arm."""
    description = ""
    while True:
        if isinstance(found, inspect.Metadata):
            schema = cast("dict[str, object]", found.extra_json_schema or {})  # pyright: ignore[reportUnknownMemberType]
            description = str(schema.get("description", "")) or description
            found = found.type
        elif isinstance(found, inspect.UnionType) and len(_arms(found)) == 1:
            found = _arms(found)[0]
        else:
            return found, description


def _arms(union: inspect.UnionType) -> list[inspect.Type]:
    return [arm for arm in union.types if not isinstance(arm, inspect.NoneType)]


def _in_words(found: inspect.Type) -> str:
    """What fits there; nothing where msgspec's own words say it better."""
    plain, description = _plain(found)
    if isinstance(plain, inspect.UnionType):
        words = [_in_words(arm) for arm in _arms(plain)]
        return " or ".join(words) if all(words) else ""
    if isinstance(plain, inspect.LiteralType | inspect.EnumType):
        values = plain.values if isinstance(plain, inspect.LiteralType) else [arm.value for arm in plain.cls]
        return f"one of {', '.join(str(value) for value in values)}"
    if isinstance(plain, inspect.StrType):
        return _text_in_words(plain, description)
    if isinstance(plain, inspect.IntType | inspect.FloatType):
        return _number_in_words(plain)
    if isinstance(plain, inspect.CollectionType):
        return "a list" + _range(plain.min_length, plain.max_length, "entries")
    is_object = hasattr(plain, "fields") or isinstance(plain, inspect.DictType)
    return "true or false" if isinstance(plain, inspect.BoolType) else "an object" * is_object


def _number_in_words(plain: inspect.IntType | inspect.FloatType) -> str:
    word = "a whole number" if isinstance(plain, inspect.IntType) else "a number"
    least = plain.ge if plain.ge is not None else plain.gt
    return word + _range(least, plain.le if plain.le is not None else plain.lt)


def _text_in_words(plain: inspect.StrType, description: str) -> str:
    if plain.pattern is not None:
        return description or "another form of text"
    return "text" + _range(plain.min_length, plain.max_length, "characters")


def _range(least: float | None, most: float | None, unit: str = "") -> str:
    """`` from 16 to 8192``, or with a unit `` of 3 to 4000 characters``."""
    start, after = ("of", f" {unit}") if unit else ("from", "")
    if least is not None and most is not None:
        return f" {start} {least:.12g} to {most:.12g}{after}"
    if least is not None:
        return f" of at least {least:.12g}{after}"
    return f" of at most {most:.12g}{after}" if most is not None else ""


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
