"""Where the real briefs are: beside the checkout, in ``shared/data/banner_requests``."""

from __future__ import annotations

from pathlib import Path

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())
BRIEFS = ROOT.parent / "shared" / "data" / "banner_requests"
REQUESTS = BRIEFS / "requests.jsonl"
ABSENT = f"the real banner briefs are not at {REQUESTS}: this run proves nothing about them"
