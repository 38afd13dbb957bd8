"""A pipeline: a kind of job and the recipe that does it.

    PIPELINE = Pipeline("thumbnail", ThumbnailSpec, make_thumbnail, steps=("fetch", "resize"))

    async def make_thumbnail(ctx: Context, spec: ThumbnailSpec) -> Thumbnail:
        picture = await ctx.step("fetch", lambda: fetch(spec.url), returns=bytes)
        return await ctx.step("resize", lambda: ctx.offload(resize, picture, spec.width), returns=Thumbnail)

Register it under the entry-point group ``streamforge.pipelines``.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from streamforge.jobs.kinds import Kind

if TYPE_CHECKING:
    from streamforge.runtime.context import Context

I = TypeVar("I")  # noqa: E741 - the input type

Recipe = Callable[["Context", I], Awaitable[Any]]
"""An async function of the context and the decoded input; what it returns becomes the job's result, as JSON."""


class Pipeline(Generic[I]):
    """A kind with its recipe.

    ``steps`` names the recipe's steps in order (for progress). ``preload`` names modules that pool children import
    once, before any job.
    """

    def __init__(
        self,
        name: str,
        input_type: type[I],
        recipe: Recipe[I],
        *,
        steps: tuple[str, ...] = (),
        queue: str = "default",
        preload: tuple[str, ...] = (),
    ) -> None:
        self.kind = Kind(name, input_type, steps=steps, queue=queue)
        self.recipe = recipe
        self.preload = preload
