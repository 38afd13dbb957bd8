"""Nothing that a customer wrote and no key gets out by logs, metrics or the shown settings."""

from __future__ import annotations

import json

from tests.acceptance.conftest import Launch
from tests.acceptance.daemon import wait_for

KEY = "sk-ant-zyxwvut-98765"
WORD = "Quetzalcoatlus"


def test_prompts_and_keys_stay_inside(launch: Launch) -> None:
    """Jobs that succeed, fail and are refused leave neither prompt nor key in the debug log, metrics or config show."""
    daemon = launch(logs__level="debug", llm__chain="offline", providers__anthropic__keys=KEY).start("--debug")
    done = daemon.xadd(kind="banner", prompt=f"{WORD} exhibition, opens Friday", width=300, height=250)
    bad_logo = json.dumps({"prompt": f"{WORD} logo", "logo": f"data:image/png;base64,{WORD}"})
    failed = json.loads(daemon.post("/api/v1/generate", bad_logo.encode()).body)["job_id"]
    daemon.xadd(kind="banner", prompt=f"{WORD} refused", width=0)
    daemon.xadd(kind="banner", input=f'{{"prompt": "{WORD} broken"')
    daemon.post("/api/v1/generate", f'{{"prompt": "{WORD} broken"'.encode())
    daemon.command("submit", "banner", "--input", json.dumps({"prompt": f"{WORD} by hand"}), "--wait")
    assert daemon.outcome(done)["state"] == "succeeded"
    assert daemon.outcome(failed)["state"] == "failed"
    wait_for(lambda: len(daemon.letters(source="inbox")) == 2, "both messages refused")

    public = [daemon.get("/metrics").body.decode(), daemon.command("config", "show").stdout, daemon.stderr()]
    daemon.stop()
    public.append(daemon.stderr())
    assert [text for text in public if WORD in text or KEY in text] == []
    assert len(daemon.events("inbox_refused")) == 2
    assert '"level":"debug"' in daemon.stderr()
