"""A pipeline: a kind of job and the recipe that does it.

    @pipeline("thumbnail", version=1, steps=("fetch", "resize"))
    async def thumbnail(ctx: Context, spec: ThumbnailSpec) -> Thumbnail:
        picture = await ctx.step("fetch", lambda: fetch(spec.url), returns=bytes)
        return await ctx.step("resize", lambda: ctx.offload(resize, picture, spec.width), returns=Thumbnail)

Register it under the entry-point group ``streamforge.pipelines``.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypedDict, TypeVar, Unpack, cast, get_type_hints

import msgspec

from streamforge.errors import ConfigError, RecipeMisused
from streamforge.jobs.kinds import Kind
from streamforge.runtime.retry import RetryPolicy

if TYPE_CHECKING:
    from streamforge.runtime.context import Context

I = TypeVar("I")  # noqa: E741 - the input type

Recipe = Callable[["Context", I], Awaitable[Any]]
"""An async function of the context and the decoded input; what it returns becomes the job's result, as JSON."""

Version = int | str


class Options(TypedDict, total=False):
    """What may be said of a pipeline; see ``Pipeline``."""

    steps: tuple[str, ...]
    queue: str
    preload: tuple[str, ...]
    version: Version
    accepts: tuple[Version, ...]
    retry: RetryPolicy | None
    step_soft_timeout_s: float | None
    step_timeout_s: float | None
    job_soft_timeout_s: float | None
    job_timeout_s: float | None


class Pipeline(Generic[I]):
    """A kind with its recipe. Calling it calls the recipe, for tests.

    ``steps`` names the recipe's steps in order (for progress and metrics). ``preload`` names modules that pool children
    import once, before any job. ``retry`` and the four time limits (seconds) take the place of the daemon's settings of
    those names; None keeps them, a soft limit of 0 is none. ``result_type`` is what the recipe must return; Any is
    not checked.

    ``version`` is kept with every checkpoint. The rule: give the recipe a new version whenever a step of the same name
    would now give something else, or its value has another form. A job that was begun under another version then fails
    with VersionMismatch before its first step, instead of mixing two recipes. Name a version in ``accepts`` where the
    new recipe can go on from its checkpoints: a step was added, removed, or put elsewhere, and those that kept their
    names kept their meaning.
    """

    def __init__(
        self,
        name: str,
        input_type: type[I],
        recipe: Recipe[I],
        *,
        result_type: Any = Any,  # noqa: ANN401 - any annotation
        **options: Unpack[Options],
    ) -> None:
        self.kind = Kind(name, input_type, steps=options.get("steps", ()), queue=options.get("queue", "default"))
        self.recipe = recipe
        self.result_type = result_type
        self.preload = options.get("preload", ())
        self.version = options.get("version", 1)
        self.accepts = options.get("accepts", ())
        self.retry = options.get("retry")
        self.step_soft_timeout_s = options.get("step_soft_timeout_s")
        self.step_timeout_s = options.get("step_timeout_s")
        self.job_soft_timeout_s = options.get("job_soft_timeout_s")
        self.job_timeout_s = options.get("job_timeout_s")
        if not str(self.version):
            raise ConfigError("a version is a number or a text", field=f"pipeline {name}.version")
        self._result = None if result_type is Any else msgspec.json.Decoder[Any](result_type)

    async def __call__(self, ctx: Context, spec: I) -> Any:  # noqa: ANN401 - what the recipe returns
        """What the recipe returns."""
        return await self.recipe(ctx, spec)

    def check_result(self, raw: bytes) -> None:
        """Raise RecipeMisused where a result, as JSON, is not of ``result_type``."""
        if self._result is None:
            return
        try:
            self._result.decode(raw)
        except msgspec.ValidationError as error:
            raise RecipeMisused(
                f"the recipe returned something else than it declares: {error}",
                field="result",
                hint="return what its annotation says, or correct the annotation",
            ) from error


def pipeline(name: str, **options: Unpack[Options]) -> Callable[[Callable[[Context, I], Awaitable[Any]]], Pipeline[I]]:
    """Make an async function ``(ctx, spec) -> Result`` a pipeline, its types read from the annotations.

    The input's type is needed, and must be one that msgspec can decode: a Struct, a dataclass, a TypedDict. What the
    recipe returns is checked against the return annotation, where there is one. Raises ConfigError.
    """

    def make(recipe: Callable[[Context, I], Awaitable[Any]]) -> Pipeline[I]:
        spec, returns = _types_of(name, recipe)
        return Pipeline(name, cast("type[I]", spec), recipe, result_type=returns, **options)

    return make


def _types_of(name: str, recipe: Callable[..., Awaitable[Any]]) -> tuple[Any, Any]:
    """The type of the recipe's second parameter, and of what it returns."""
    field = f"pipeline {name}"
    parameters = list(inspect.signature(recipe).parameters)
    if not inspect.iscoroutinefunction(recipe) or len(parameters) != 2:  # noqa: PLR2004 - ctx and spec
        raise ConfigError("its recipe is not an async function of two parameters", field=field, hint=_SHAPE)
    try:
        hints = get_type_hints(recipe, include_extras=True)
    except NameError as error:
        hint = "define or import it at the top of the recipe's module, outside `if TYPE_CHECKING`"
        raise ConfigError(f"its annotation {error.name!r} cannot be found", field=field, hint=hint) from error
    if parameters[1] not in hints:
        raise ConfigError(f"the type of its input, {parameters[1]!r}, is missing", field=field, hint=_SHAPE)
    spec, returns = hints[parameters[1]], hints.get("return", Any)
    _require_decodable(spec, "input", field)
    _require_decodable(returns, "result", field)
    return spec, returns


_SHAPE = "write `async def recipe(ctx: Context, spec: YourSpec) -> YourResult`"


def _require_decodable(found: object, what: str, field: str) -> None:
    try:
        msgspec.json.schema(found)
    except TypeError as error:
        name = getattr(found, "__name__", str(found))
        raise ConfigError(
            f"the type of its {what}, {name}, is none that msgspec can read from JSON",
            field=field,
            hint="use a msgspec.Struct, a dataclass or a TypedDict",
        ) from error
