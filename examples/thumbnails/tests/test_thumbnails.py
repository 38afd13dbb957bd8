"""What the pipeline promises: rehearsed step by step without a server, then done once by a real worker."""

from __future__ import annotations

from io import BytesIO

import pytest
from fake_gallery import FakeGallery
from PIL import Image
from streamforge_thumbnails.pipeline import thumbnails
from streamforge_thumbnails.spec import Album, Published

from streamforge.errors import InvalidInput
from streamforge.testing import InProcessWorker, Rehearsal

ALBUM = Album(title="Sommer in Köln", pictures=["sea.jpg", "hills.png"], size_px=64)


async def test_an_album_is_published(gallery: FakeGallery) -> None:
    """Each picture is a file no larger than asked for, the sheet holds them all, and the gallery got it."""
    rehearsal = Rehearsal(thumbnails, ALBUM)
    published = await rehearsal.result()
    assert published == Published("https://gallery.example/1", "sheet.jpg", ["sea-64.jpg", "hills-64.jpg"])
    files = await rehearsal.files()
    sizes = {name: Image.open(BytesIO(data)).size for name, data in files.items()}
    assert sizes == {"sea-64.jpg": (64, 48), "hills-64.jpg": (21, 64), "sheet.jpg": (152, 80)}
    assert gallery.sheets == [files["sheet.jpg"]]


async def test_what_is_no_picture_is_left_out_and_told(gallery: FakeGallery) -> None:
    """The others go on; the owner reads which, and why."""
    album = Album(title="Mixed", pictures=["notes.txt", "sea.jpg", "gone.jpg"])
    published = await Rehearsal(thumbnails, album).result()
    assert published.thumbnails == ["sea-256.jpg"]
    assert {skipped.picture: skipped.why for skipped in published.skipped} == {
        "notes.txt": "notes.txt cannot be read as a picture: UnidentifiedImageError",
        "gone.jpg": "there is no such picture",
    }
    assert len(gallery.sheets) == 1


async def test_nothing_but_broken_pictures_is_an_end(gallery: FakeGallery) -> None:
    """The job fails for good, and the gallery is not asked."""
    end = await Rehearsal(thumbnails, Album(title="Bad", pictures=["notes.txt"])).run()
    assert (end.outcome, end.reason) == ("failed", "permanent_error")
    assert not gallery.keys


async def test_a_crash_publishes_once(gallery: FakeGallery) -> None:
    """The gallery has published, the process dies: the next attempt asks with the same key, and redoes no picture."""
    rehearsal = Rehearsal(thumbnails, ALBUM)
    await rehearsal.attempt(crash_after="thumbnail[sea.jpg]")
    await rehearsal.attempt(crash_in="publish")
    await rehearsal.run()
    assert list(gallery.keys.values()) == [2]
    assert len(gallery.sheets) == 1
    assert sorted(rehearsal.ran) == [
        "address", "publish", "sheet", "thumbnail", "thumbnail[hills.png]", "thumbnail[sea.jpg]",
    ]  # fmt: skip


async def test_a_slow_gallery_is_waited_for_without_a_slot(gallery: FakeGallery) -> None:
    """The job is parked between looks; publishing is not repeated, and no attempt is charged."""
    gallery.looks = 3
    rehearsal = Rehearsal(thumbnails, ALBUM)
    end = await rehearsal.attempt()
    assert (end.outcome, end.delay_s) == ("snooze", 30)
    await rehearsal.run()
    assert [end.outcome for end in rehearsal.attempts] == ["snooze"] * 3 + ["succeeded"]
    assert list(gallery.keys.values()) == [1]


@pytest.mark.parametrize(
    ("status", "outcome", "code"),
    [(429, "retry", "rate_limited"), (503, "retry", "provider_unavailable"), (402, "failed", "permanent_error")],
)
async def test_the_gallerys_refusals(gallery: FakeGallery, status: int, outcome: str, code: str) -> None:
    """Later, never, and after the pause that it asks for."""
    gallery.refusals.append(status)
    end = await Rehearsal(thumbnails, ALBUM).attempt()
    assert end.error is not None
    assert (end.outcome, end.error.code) == (outcome, code)
    assert (end.delay_s == 3600) == (status == 429)


async def test_a_job_of_version_1_goes_on(gallery: FakeGallery) -> None:
    """Its sheet was published under version 1: version 2 only looks where it is."""
    first = Rehearsal(thumbnails, ALBUM)
    await first.attempt(crash_after="publish")
    rehearsal = Rehearsal(thumbnails, ALBUM, checkpoints=await first.checkpoints(), version=1)
    assert (await rehearsal.result()).address == "https://gallery.example/1"
    assert (rehearsal.ran, len(gallery.sheets)) == (["address"], 1)


@pytest.mark.parametrize(
    ("album", "field"),
    [
        (Album(title="x", pictures=["../secret.jpg"]), "pictures"),
        (Album(title="x", pictures=[]), "pictures"),
        (Album(title="x", pictures=["a.jpg"], size_px=5), "size_px"),
    ],
)
def test_what_no_door_lets_in(album: Album, field: str) -> None:
    """No path out of the folder, no empty album, no size that is none."""
    with pytest.raises(InvalidInput, match=field):
        Rehearsal(thumbnails, album)


@pytest.mark.usefixtures("folder")
async def test_a_gallery_that_nobody_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The job fails with what the operator has to do."""
    monkeypatch.delenv("THUMBNAILS_GALLERY", raising=False)
    end = await Rehearsal(thumbnails, ALBUM).run()
    assert "THUMBNAILS_GALLERY" in str(end.cause)


async def test_the_whole_job_in_a_real_worker(gallery: FakeGallery) -> None:
    """Over a real Redis, with pool children, a refusal and a wait: the same end, once."""
    gallery.looks, gallery.refusals = 2, [503, 429]
    async with InProcessWorker([thumbnails]) as worker:
        job = await worker.run("thumbnails", ALBUM)
        published = worker.result_of(job, Published)
        files = await worker.files(job.id)
        progress = [told["progress"] for told in await worker.happened(job.id, "step.completed")]
    assert published.address == "https://gallery.example/1"
    assert set(files) == {"sea-64.jpg", "hills-64.jpg", "sheet.jpg"}
    assert (job.attempt, list(gallery.keys.values()), progress[-1]) == (3, [1], 100.0)
