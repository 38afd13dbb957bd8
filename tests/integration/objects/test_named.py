"""Named objects over every kind of store: replaced whole, listed by folder, forgotten on demand."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from streamforge.errors import InvalidInput
from streamforge.storage.objects import Objects, StorageUnavailable


async def test_a_name_holds_what_was_put_last(objects: Objects) -> None:
    """The second put takes the first one's place, in whole, also where it is shorter."""
    await objects.put_named("kits/acme/spring", b"the first, which is longer")
    await objects.put_named("kits/acme/spring", b"second")
    assert await objects.get_named("kits/acme/spring") == b"second"


async def test_nothing_under_a_name_is_none(objects: Objects) -> None:
    """Absence is an answer, not an error; a folder is no object."""
    await objects.put_named("kits/acme/spring", b"x")
    assert await objects.get_named("kits/acme/autumn") is None
    assert await objects.get_named("kits/acme") is None


async def test_a_folder_lists_its_own(objects: Objects) -> None:
    """Names come sorted, without their folder, and not those of a folder whose name only begins alike."""
    for name in ("kits/acme/b", "kits/acme/a", "kits/acme-2/c", "kits/acme.d", "kits/a@b.c/x"):
        await objects.put_named(name, b"x")
    assert await objects.names("kits/acme") == ["a", "b"]
    assert await objects.names("kits/a@b.c") == ["x"]
    assert await objects.names("kits/nobody") == []


async def test_deleting_says_whether_there_was_something(objects: Objects) -> None:
    """The first deletion finds it, the second does not."""
    await objects.put_named("kits/acme/a", b"x")
    assert [await objects.delete_named("kits/acme/a") for _ in range(2)] == [True, False]
    assert await objects.names("kits/acme") == []


async def test_readers_never_see_half_of_it(objects: Objects) -> None:
    """While writers replace a large object again and again, each read is one of the versions, whole."""
    versions = [bytes([n]) * 1_000_000 for n in range(3)]
    await objects.put_named("big", versions[0])

    async def write(version: bytes) -> None:
        for _ in range(3):
            await objects.put_named("big", version)

    async def read() -> list[bytes | None]:
        return [await objects.get_named("big") for _ in range(10)]

    *_, seen = await asyncio.gather(*(write(version) for version in versions), read())
    assert seen is not None
    assert all(data in versions for data in seen)
    assert await objects.names("big") == []


@pytest.mark.parametrize(
    "name", ["", "/", "a//b", "../x", "a/../b", ".hidden", "a/b/c/d/e", "a b", "a\n", "ä", "x" * 65]
)
async def test_only_a_name_is_a_name(objects: Objects, name: str) -> None:
    """No path out of the store, no hidden file, no odd character reaches it."""
    for asking in (
        objects.put_named(name, b"x"),
        objects.get_named(name),
        objects.delete_named(name),
        objects.names(name),
    ):
        with pytest.raises(InvalidInput):
            await asking


async def test_a_store_that_refuses_is_transient(tmp_path: Path) -> None:
    """A store that cannot be written is told in one line, as something to try again."""
    objects = Objects.open("", tmp_path)
    (tmp_path / "named").write_text("a file where a directory must be")
    with pytest.raises(StorageUnavailable) as caught:
        await objects.put_named("a", b"x")
    assert "\n" not in str(caught.value)
