"""A hero picture drawn to order, where a brief brings none and a model that draws is configured."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib import resources

from streamforge.pipelines.banner.canvas import Size
from streamforge.pipelines.banner.design.brief import Tokens, Written
from streamforge.pipelines.banner.spec import BannerSpec
from streamforge.providers.images import ImageModel, ImageRequest

PROMPT = "hero.v1.md"
_MOST_CHARACTERS = 1200
"""Of the brief; the smallest limit of the services known is 4000 for a whole prompt (and 1000 for a model of 2022)."""


async def drawn(model: ImageModel, spec: BannerSpec, size: Size, *, key: str, timeout_s: float = 120.0) -> Written[str]:
    """A picture without text for the brief, as a data URI, with what it cost.

    ``key`` is the same for each attempt of a job, so that a service which knows such keys charges once. Raises what
    ``ImageModel.draw`` does.
    """
    request = ImageRequest(
        prompt=prompt_of(spec), width=size.width, height=size.height, idempotency_key=key, timeout_s=timeout_s
    )
    picture = await model.draw(request)
    tokens = Tokens(model=model.name, calls=1, input=picture.usage.input_tokens, output=picture.usage.output_tokens)
    return Written(f"data:{picture.media_type};base64,{base64.b64encode(picture.data).decode()}", tokens)


def prompt_of(spec: BannerSpec) -> str:
    """The frozen instructions, then the brief between marks that it cannot close."""
    lines = [spec.prompt, spec.purpose, f"For: {spec.audience}" if spec.audience else ""]
    about = re.sub(r"(?:\s|<<<|>>>)+", " ", " ".join(line for line in lines if line)).strip()
    colours = f"\nColours that go with it: {', '.join(spec.brand_colors)}." if spec.brand_colors else ""
    return f"{_instructions()}\n<<<{about[:_MOST_CHARACTERS]}>>>{colours}"


@cache
def _instructions() -> str:
    folder = resources.files("streamforge.pipelines.banner.picture")
    return folder.joinpath("prompts", PROMPT).read_text(encoding="utf-8").strip()
