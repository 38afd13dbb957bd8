"""The recipe.

Version 2 looks at the gallery until the sheet is there; version 1 took its word for it. The steps that both have mean
the same, so a job that was begun under version 1 goes on here, and ``accepts`` says so. Had "sheet" become a PNG, its
checkpoints would be of no use any more, and ``accepts`` would be empty.
"""

from __future__ import annotations

import os

from streamforge import Context, PermanentError, pipeline
from streamforge_thumbnails import gallery, pictures
from streamforge_thumbnails.gallery import Receipt
from streamforge_thumbnails.spec import Album, Published, Skipped, Thumbnail


@pipeline(
    "thumbnails",
    version=2,
    accepts=(1,),
    steps=("thumbnail", "sheet", "publish", "address"),
    preload=("streamforge_thumbnails.pictures",),  # pool children find Pillow imported
)
async def thumbnails(ctx: Context, album: Album) -> Published:
    """Publish the album; pictures that cannot be used are left out and told."""
    folder, base_url = _setting("THUMBNAILS_PICTURES"), _setting("THUMBNAILS_GALLERY")

    async def shrink(picture: str) -> Thumbnail:
        return await ctx.offload(pictures.thumbnail, folder, picture, album.size_px)

    # Each thumbnail is a checkpoint, "thumbnail[sea.jpg]": what a crash leaves undone is done, and nothing else.
    made = await ctx.map("thumbnail", album.pictures, shrink, returns=Thumbnail, key=str, on_error="continue")
    skipped = [Skipped(failure.key, failure.error.message) for failure in made.failed]
    if not made.done:
        raise PermanentError(f"none of the pictures can be used, the first: {skipped[0].why}", field="pictures")
    for thumbnail in made.values:
        await ctx.save(thumbnail.name, thumbnail.jpeg, "image/jpeg")
    await ctx.log("thumbnails made", made=len(made.done), skipped=len(skipped))

    jpegs = [thumbnail.jpeg for thumbnail in made.values]
    sheet = await ctx.step("sheet", lambda: ctx.offload(pictures.contact_sheet, jpegs, album.size_px), returns=bytes)
    await ctx.save("sheet.jpg", sheet, "image/jpeg")

    # A crash after the gallery has answered, and before that is written down, asks again with the same key.
    key = ctx.idempotency_key("publish")
    receipt = await ctx.step("publish", lambda: gallery.publish(base_url, album.title, sheet, key=key), returns=Receipt)
    address = await ctx.step("address", lambda: gallery.address_of(base_url, receipt), returns=str)
    return Published(address, "sheet.jpg", [thumbnail.name for thumbnail in made.values], skipped)


def _setting(name: str) -> str:
    """What the daemon's environment says, and no job's input: an address that a stranger may give is a hole."""
    value = os.environ.get(name)
    if not value:
        raise PermanentError(f"the daemon's environment has no {name}", hint="set it, and requeue the job")
    return value
