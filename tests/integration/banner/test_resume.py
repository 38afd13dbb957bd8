"""A daemon that goes away in the middle of refining: the next one goes on with what was paid for."""

from __future__ import annotations

from pathlib import Path

from streamforge.config import RedisSettings
from streamforge.pipelines.banner.design.brief import Designer
from streamforge.pipelines.banner.design.model import ModelDesigner
from streamforge.pipelines.banner.pipeline import PIPELINE
from streamforge.pipelines.banner.report import BannerResult
from streamforge.pipelines.banner.spec import BannerSpec, Lock
from streamforge.providers.anthropic import AnthropicText
from streamforge.testing.in_process import InProcessWorker
from streamforge.testing.model_server import ModelServer, Slow
from streamforge.testing.server import TestServer
from streamforge.testing.waiting import until
from tests.integration.banner.dialogue import PROMPT, Dialogue, graph, patch, strategy

SPEC = BannerSpec(prompt=PROMPT, sizes=["300x250", "336x280"], locks=[Lock(element="sub", ink="#6f6f6f")])


def worker_of(server: ModelServer, redis: RedisSettings, home: Path) -> InProcessWorker:
    """A daemon with that model, over those jobs and files."""
    model = AnthropicText(api_key="sk-test-0123456789", model="claude-test", base_url=server.url)
    resources = {Designer: ModelDesigner(model)}
    return InProcessWorker([PIPELINE], resources=resources, url=redis.url, home=home, redis=redis)


async def test_another_daemon_asks_only_what_is_left(own_server: TestServer, short_dir: Path) -> None:
    """The first ends while the model thinks about a patch: strategy, graph and the first version are not made again."""
    dialogue = Dialogue(
        strategies=[strategy(palette="navy", mode="dark")],
        graphs=[graph()],
        patches=[Slow(), patch(palette="porcelain", mode="light")],
    )
    redis = RedisSettings(url=own_server.url, prefix="handed-on", socket_timeout_s=1.0)
    async with ModelServer(dialogue) as server:
        async with worker_of(server, redis, short_dir) as first:
            job_id = await first.submit("banner", SPEC)
            await until(lambda: dialogue.asked == ["strategy", "graph", "patch"], "the patch is asked for")
            kept = await first.files(job_id)
        async with worker_of(server, redis, short_dir) as second:
            job = await second.ended(job_id, 60)
            result, files = second.result_of(job, BannerResult), await second.files(job_id)
            completed = [str(data["step"]) for data in await second.happened(job_id, "step.completed")]
    assert dialogue.asked == ["strategy", "graph", "patch", "patch"]
    assert (result.version, result.tokens.calls) == (2, 3)
    assert sorted(kept) == ["banner-300x250.png", "banner-336x280.png"]
    assert {name: files[f"v1-{name}"] for name in kept} == kept
    assert sorted(completed) == sorted(set(completed))
