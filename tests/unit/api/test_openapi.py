"""The document of the API: whole, valid, made of what is served; and its page, which needs nothing from elsewhere."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from msgspec import Struct
from openapi_spec_validator import validate

from streamforge.api.openapi import docs_page, document
from streamforge.api.route import Scope
from streamforge.api.routes import ROUTES
from streamforge.api.samples import anything, sample
from streamforge.jobs.kinds import Kind
from streamforge.pipelines.banner.spec import BannerSpec


class Echo(Struct):
    """Another kind's input."""

    text: str


KINDS: list[Kind[Any]] = [Kind("banner", BannerSpec), Kind("echo", Echo)]


def told(kinds: list[Kind[Any]]) -> dict[str, Any]:
    """The document as it is sent."""
    return json.loads(msgspec.json.encode(document(ROUTES, kinds)))


@pytest.mark.parametrize("kinds", [KINDS, KINDS[:1], []], ids=len)
def test_the_document_is_valid(kinds: list[Kind[Any]]) -> None:
    """By OpenAPI 3.1's own schema, whichever kinds there are."""
    validate(told(kinds))


def test_every_route_is_in_it() -> None:
    """Each method of each path, under an id of its own, and nothing else."""
    found = told(KINDS)["paths"]
    operations = {(path, method.upper()) for path, methods in found.items() for method in methods}
    assert operations == {(route.path, route.method) for route in ROUTES}
    ids = [operation["operationId"] for methods in found.values() for operation in methods.values()]
    assert len(ids) == len(set(ids))


def test_every_parameter_in_a_path_is_told() -> None:
    """What stands in braces is a parameter, and required."""
    for path, methods in told(KINDS)["paths"].items():
        for operation in methods.values():
            named = {each["name"] for each in operation["parameters"] if each["in"] == "path" and each["required"]}
            assert named == set(re.findall(r"{(\w+)}", path)), path


def test_every_problem_is_told() -> None:
    """Where a key is needed there is a 401; every route can be refused and fail; a body can be too large."""
    for path, methods in told(KINDS)["paths"].items():
        for method, operation in methods.items():
            route = next(route for route in ROUTES if (route.path, route.method.lower()) == (path, method))
            responses = operation["responses"]
            assert {"403", "422", "429", "500", "503"} <= responses.keys()
            assert ("401" in responses) >= (route.scope is not None)
            assert ({"413", "415"} <= responses.keys()) >= (route.body is not None)
            assert operation.get("x-scope") in (*Scope, None)


def test_the_input_depends_on_the_kind() -> None:
    """A job's kind is one of those there are, and its input is that kind's."""
    body = told(KINDS)["components"]["schemas"]["JobBody"]
    assert body["properties"]["kind"]["enum"] == ["banner", "echo"]
    assert [arm["properties"]["input"]["$ref"].rpartition("/")[2] for arm in body["oneOf"]] == ["BannerSpec", "Echo"]


def test_other_languages_can_read_the_patterns() -> None:
    """None of them uses what only Python knows."""
    patterns = re.findall(r'"pattern": "(.*?)(?<!\\)"', json.dumps(told(KINDS)))
    assert len(patterns) > 20
    assert not [pattern for pattern in patterns if re.search(r"\\\\Z|\(\?P<|\\ud800", pattern)]


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """It loads its document from here, and no script, style, font or picture from anywhere."""
    page = docs_page().text
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page)
    assert "@import" not in page
    assert "innerHTML" not in page
    assert re.findall(r"fetch\(\"(.*?)\"\)", page) == ["/openapi.json"]
    assert "unsafe" not in docs_page().policy
    assert page.count("<script") == page.count("<style") == 1


class Inner(Struct):
    """Part of an input."""

    size: int


class Outer(Struct):
    """An input with one of everything that is required."""

    text: str
    many: list[Inner]
    inner: Inner
    either: int | None
    flag: bool
    ratio: float
    named: dict[str, int]
    left_out: str = "x"


@pytest.mark.parametrize("spec", [Outer, Echo, Inner])
def test_a_sample_fits_its_schema(spec: type[Any]) -> None:
    """What is shown as an example would be accepted, and holds what is required alone."""
    made = sample(msgspec.json.schema(spec, schema_hook=anything))
    assert msgspec.convert(made, spec)
    assert "left_out" not in made
