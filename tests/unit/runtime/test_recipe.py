"""Declaring pipelines: from annotations, with errors that say what to write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import pytest
from msgspec import Meta, Struct

import streamforge
from streamforge import Context, Pipeline, pipeline
from streamforge.errors import ConfigError, RecipeMisused
from streamforge.jobs.kinds import Kind
from streamforge.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from decimal import Decimal as Unseen


class Spec(Struct):
    """An input."""

    width: Annotated[int, Meta(ge=1)]


class Thumbnail(Struct):
    """A result."""

    width: int


class Strange:
    """What msgspec cannot read."""


@pipeline("thumbnail", version=3, accepts=(2,), steps=("fetch", "resize"), queue="cpu", preload=("json",))
async def thumbnail(ctx: Context, spec: Spec) -> Thumbnail:
    """A recipe."""
    del ctx
    return Thumbnail(spec.width)


async def test_a_decorated_recipe_is_a_pipeline_and_still_a_function() -> None:
    """Its types come from the annotations, its options from the decorator, and a test can call it."""
    assert isinstance(thumbnail, Pipeline)
    assert (thumbnail.kind.name, thumbnail.kind.input_type, thumbnail.result_type) == ("thumbnail", Spec, Thumbnail)
    assert (thumbnail.kind.steps, thumbnail.kind.queue, thumbnail.preload) == (("fetch", "resize"), "cpu", ("json",))
    assert (thumbnail.version, thumbnail.accepts) == (3, (2,))
    assert await thumbnail(cast("Context", None), Spec(5)) == Thumbnail(5)


def test_the_two_ways_to_declare_give_the_same() -> None:
    """A decorated recipe is what the class makes of the same parts."""
    policy = RetryPolicy(max_attempts=9)
    options: dict[str, Any] = {"retry": policy, "step_soft_timeout_s": 1.0, "job_timeout_s": 9.0}
    by_class = Pipeline("thumbnail", Spec, thumbnail.recipe, result_type=Thumbnail, **options)
    by_decorator = pipeline("thumbnail", **options)(thumbnail.recipe)

    def parts(made: Pipeline[Spec]) -> dict[str, object]:
        return {name: value for name, value in vars(made).items() if not isinstance(value, Kind) and name != "_result"}

    assert parts(by_decorator) == parts(by_class)
    assert by_decorator.retry is policy
    assert by_decorator.version == 1


async def no_type(ctx: Context, spec: Spec) -> None:
    """Lacks its input's type."""


del no_type.__annotations__["spec"]


async def one_parameter(ctx: Context) -> None:
    """Lacks its input."""


def not_async(ctx: Context, spec: Spec) -> None:
    """Is a plain function."""


async def strange_input(ctx: Context, spec: Strange) -> None:
    """Has an input that no JSON can be."""


async def strange_result(ctx: Context, spec: Spec) -> list[Strange]:
    """Has a result that no JSON can be."""
    del ctx, spec
    return []


async def unseen(ctx: Context, spec: Unseen) -> None:
    """Has a type that is imported for the type checker alone."""


@pytest.mark.parametrize(
    ("recipe", "what"),
    [
        (no_type, "the type of its input, 'spec', is missing"),
        (one_parameter, "not an async function of two parameters"),
        (not_async, "not an async function of two parameters"),
        (strange_input, "the type of its input, Strange,"),
        (strange_result, "the type of its result, list"),
        (unseen, "'Unseen' cannot be found"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_recipe_that_cannot_work_is_refused_with_its_name(recipe: Any, what: str) -> None:  # noqa: ANN401
    """When the module is imported, not when the first job runs; with what to write instead."""
    with pytest.raises(ConfigError) as caught:
        pipeline("faulty")(recipe)
    assert caught.value.field == "pipeline faulty"
    assert what in caught.value.message
    assert caught.value.hint


def test_a_result_is_checked_against_its_annotation() -> None:
    """As JSON, with the place that does not fit; without an annotation anything goes."""
    thumbnail.check_result(b'{"width":1}')
    with pytest.raises(RecipeMisused, match=r"Expected `int`, got `str` - at `\$.width`") as caught:
        thumbnail.check_result(b'{"width":"1"}')
    assert caught.value.field == "result"
    Pipeline("x", Spec, thumbnail.recipe).check_result(b'"anything"')


def test_a_version_is_not_empty() -> None:
    """An empty one would stand for a job without checkpoints."""
    with pytest.raises(ConfigError):
        Pipeline("x", Spec, thumbnail.recipe, version="")


def test_authors_need_one_import() -> None:
    """Everything that a recipe's module names is public."""
    names = {"pipeline", "Context", "Snooze", "StepTimeout", "ChildFailed", "RetryPolicy", "Mapped"}
    assert names <= set(streamforge.__all__)
