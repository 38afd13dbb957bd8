"""Pictures of every view, for eyes and for the documentation: ``python -m tests.browser.pictures OUT``.

A daemon is filled with jobs of all states, some of them spread over ``--minutes``, so that the overview has something
to show. Then each view is taken at three widths, light and dark: ``dashboard-<view>-<width>-<theme>.png``.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any, Literal, NamedTuple

from playwright.sync_api import Browser, expect, sync_playwright

from tests.acceptance.daemon import DaemonProcess
from tests.acceptance.gates import Gates
from tests.browser.conftest import daemon_with
from tests.browser.desk import Desk, apart, desk_on, end_of, submit

WIDTHS = (360, 768, 1440)
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SETTLED = """async () => {
  scrollTo(0, 0);
  await document.fonts.ready;
  await new Promise((done) => setTimeout(done, 700));
  await Promise.all([...document.images].filter((image) => image.loading !== "lazy").map((image) => image.decode()));
}"""
HEIGHTS = {360: 780, 768: 1024, 1440: 900}

BRIEFS: tuple[dict[str, Any], ...] = (
    {
        "prompt": "Autumn Tasting Week at Blue Bean Coffee. 30% off each roast until Sunday. Order at bluebean.example",
        "brand_name": "Blue Bean Coffee",
        "brand_colors": ["#12355b", "#ea8349"],
        "sizes": ["1200x628", "300x250", "728x90", "160x600", "1080x1920"],
    },
    {
        "prompt": "Winter sale 40% off at Fjord & Pine. Warm jackets and boots. Shop now at fjordpine.example",
        "brand_colors": ["#1d3557", "#e63946"],
        "sizes": ["1200x628", "1080x1080"],
    },
    {"prompt": "Join Northwind Yoga: first month free. Book a class today", "brand_colors": ["#5f0f40", "#fb8b24"]},
    {
        "prompt": "Postgres at scale, a webinar. 12 March, 18:00 CET. Register free",
        "brand_colors": ["#0b132b", "#5bc0be"],
    },
    {
        "prompt": "Grand opening of Casa Verde. Tapas and live fado on Friday. Reserve a table",
        "brand_colors": ["#283618", "#dda15e"],
        "sizes": ["1080x1350"],
    },
    {
        "prompt": "Summer festival by the lake. Three days, forty bands. Get tickets",
        "brand_colors": ["#240046", "#ff9e00"],
    },
    {
        "prompt": "Fresh bread every morning at Miller & Daughters. Order by eight, pick up at nine",
        "brand_colors": ["#582f0e"],
    },
)

FAILING: dict[str, dict[str, Any]] = {
    "too-heavy": {"prompt": BRIEFS[5]["prompt"], "brand_colors": ["#12355b", "#ea8349"], "max_kb": 8},
    "no-room": {"prompt": BRIEFS[0]["prompt"] * 4, "width": 16, "height": 16},
    "emoji-only": {"prompt": "🎉🎉🎉"},
}

IDEAS = cycle(
    (
        ("Spring sale at Fern Florists: 25% off tulips. Order now at fern.example", ("#1b4332", "#ffb3c6")),
        ("Night trains to Vienna from 39 euros. Book a berth at sleeper.example", ("#14213d", "#fca311")),
        ("New: oat milk by Havre. Try it free this week at havre.example", ("#f1e3d3", "#99582a")),
        ("Learn to sail in a weekend. Lake courses from May. Sign up at keel.example", ("#023e8a", "#ffd166")),
        ("Refurbished bikes with a two-year warranty. Find yours at cadence.example", ("#2b2d42", "#ef233c")),
        ("Open house at the maker space. Saturday from ten. See what we make", ("#3c096c", "#80ffdb")),
    )
)


class Scene(NamedTuple):
    """The jobs that the pictures show."""

    done: str
    failed: str
    running: str


class View(NamedTuple):
    """What a picture shows: an address, and what is done there first."""

    name: str
    path: str
    prepare: Callable[[Desk], None]


def fill(daemon: DaemonProcess, gates: Gates, minutes: float) -> Scene:
    """Jobs of all states."""
    made = [submit(daemon, "banner", brief) for brief in BRIEFS]
    for job_id in made:
        end_of(daemon, job_id)
    for number in range(int(minutes * 12)):
        name = f"thumbnail-{number:03}"
        gates.open(name)
        submit(
            daemon, "gate", {"folder": str(gates.folder), "name": name}, id=name, tenant=("acme", "globex")[number % 2]
        )
        time.sleep(0.5 + 9 * (number % 5 == 0))
    for job_id, brief in FAILING.items():
        submit(daemon, "banner", brief, id=job_id)
        end_of(daemon, job_id)
    daemon.xadd(kind="bannr", input="{}")
    running = apart(gates.submit, daemon, "nightly-catalogue")
    for number, priority in enumerate(("high", "normal", "low")):
        submit(
            daemon,
            "gate",
            {"folder": "/", "name": f"Catalogue, part {number + 1}"},
            id=f"tomorrow-{number}",
            delay_s=70_000,
            priority=priority,
        )
    return Scene(made[0], "too-heavy", running)


def generate(desk: Desk) -> None:
    """A banner made in the form, each time another one."""
    prompt, colours = next(IDEAS)
    desk.page.get_by_label("What should it say").fill(prompt)
    for number, colour in enumerate(colours, 1):
        desk.button("Add colour").click()
        desk.page.get_by_label(f"Colour {number} as hex").fill(colour)
    desk.button("Generate").click()
    expect(desk.page.locator(".run-picture img")).to_be_visible()


def show_graph(desk: Desk) -> None:
    """The constraint graph over the picture."""
    desk.button("Constraint graph").click()


def nothing(_: Desk) -> None:
    """The view as it is."""


def views(scene: Scene) -> list[View]:
    """Every view."""
    return [
        View("overview", "/", nothing),
        View("jobs", "/jobs", nothing),
        View("job", f"/jobs/{scene.done}", nothing),
        View("graph", f"/jobs/{scene.done}", show_graph),
        View("failed", f"/jobs/{scene.failed}", nothing),
        View("running", f"/jobs/{scene.running}", nothing),
        View("dead", "/dead", nothing),
        View("gallery", "/gallery", nothing),
        View("try", "/try", generate),
        View("keys", "/keys", nothing),
        View("webhooks", "/webhooks", nothing),
    ]


def take(browser: Browser, daemon: DaemonProcess, scene: Scene, out: Path, *, is_whole: bool) -> None:
    """All views at all widths in both themes."""
    for width in WIDTHS:
        for theme in THEMES:
            size = {"width": width, "height": HEIGHTS[width]}
            with desk_on(browser, daemon, viewport=size, color_scheme=theme, reduced_motion="reduce") as desk:
                for view in views(scene):
                    view.prepare(desk.open(view.path))
                    desk.page.mouse.move(0, 0)  # what it lies on looks otherwise
                    desk.page.evaluate(SETTLED)
                    desk.page.screenshot(path=out / f"dashboard-{view.name}-{width}-{theme}.png", full_page=is_whole)


def main() -> int:
    """Take them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--minutes", type=float, default=2.0, help="how long jobs are handed in")
    parser.add_argument("--whole", action="store_true", help="whole pages, not what a window shows of them")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    program = shutil.which("chromium")
    if program is None:
        return 1
    with daemon_with(pool__slots=2, worker__name="forge-1") as daemon, sync_playwright() as playwright:
        folder = daemon.home / "gates"
        folder.mkdir()
        for note in ("the shop", "nightly reports"):
            apart(daemon.command, "keys", "create", "--note", note)
        scene = fill(daemon, Gates(folder), args.minutes)
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-gpu"])
        take(browser, daemon, scene, args.out, is_whole=args.whole)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
