"""Objects by content are the same over every kind of store: what is written is what is read, or an error says why."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from streamforge.errors import InvalidInput, QuotaExceeded
from streamforge.storage.objects import ObjectCorrupt, ObjectMissing, ObjectRef, Objects
from tests.integration.objects.raw import drain, overwrite, paths

ABSENT = "0" * 64
LARGE = os.urandom(1024) * 3000  # above the sizes from which hashing and reading go in parts
PIECE = os.urandom(64 * 1024)
HELLO = hashlib.sha256(b"hello").hexdigest()


async def pieces(count: int, error: Exception | None = None) -> AsyncIterator[bytes]:
    """So many pieces, then the error."""
    for _ in range(count):
        yield PIECE
    if error is not None:
        raise error


@pytest.mark.parametrize("data", [b"", b"hello", LARGE], ids=["empty", "small", "large"])
async def test_what_is_put_is_got(objects: Objects, data: bytes) -> None:
    """Bytes come back as they were, by reference and by key, whole and in chunks, with their size."""
    ref = await objects.put(data)
    assert ref == ObjectRef(key=hashlib.sha256(data).hexdigest(), size=len(data))
    assert await objects.get(ref) == data
    assert await objects.get(ref.key) == data
    assert b"".join([chunk async for chunk in objects.stream(ref)]) == data
    assert await objects.size(ref.key) == len(data)


async def test_putting_twice_keeps_one(objects: Objects) -> None:
    """Writers of the same bytes at once leave one object and nothing half-written."""
    refs = await asyncio.gather(*(objects.of("a").put(LARGE) for _ in range(8)))
    assert len(set(refs)) == 1
    key = refs[0].key
    assert await paths(objects) == [f"tenants/a/objects/{key[:2]}/{key[2:4]}/{key}"]


async def test_an_absent_object_is_told_from_a_present_one(objects: Objects) -> None:
    """Nothing under a key is its own error, everywhere a key is taken."""
    ref = await objects.put(b"here")
    assert (await objects.exists(ref), await objects.exists(ABSENT)) == (True, False)
    asked = (objects.get(ABSENT), objects.size(ABSENT), anext(objects.stream(ABSENT)))
    for reading in (*asked, anext(objects.stream_part(ABSENT, 0, 1)), objects.put_again(ObjectRef(ABSENT, 1), 7)):
        with pytest.raises(ObjectMissing, match=ABSENT):
            await reading


@pytest.mark.parametrize("damaged", [b"", b"hellO", b"hello "])
async def test_damage_is_found_and_healed(objects: Objects, damaged: bytes) -> None:
    """An object that was changed or cut is never given out, and is named; writing it again mends it."""
    ref = await objects.put(b"hello")
    await overwrite(objects, (await paths(objects))[0], damaged)
    with pytest.raises(ObjectCorrupt, match=HELLO):
        await objects.get(ref)
    assert await objects.put(b"hello") == ref
    assert await objects.get(ref) == b"hello"


async def test_a_damaged_stream_ends_early(objects: Objects) -> None:
    """A reader that was told the length gets less, and an error: a damaged answer cannot look whole."""
    ref = await objects.put(LARGE)
    await overwrite(objects, (await paths(objects))[0], LARGE[:-1] + bytes([LARGE[-1] ^ 1]))
    received: list[bytes] = []
    with pytest.raises(ObjectCorrupt, match=ref.key):
        await drain(objects.stream(ref), received)
    assert sum(map(len, received)) < len(LARGE)


@pytest.mark.parametrize("count", [0, 1, 100])
async def test_what_arrives_is_kept_under_its_hash(objects: Objects, count: int) -> None:
    """In pieces it is the same as if it had been put whole, also over more than one part; twice is once."""
    for ref in [await objects.put_stream(pieces(count)) for _ in range(2)]:
        assert (ref.key, ref.size) == (hashlib.sha256(PIECE * count).hexdigest(), count * len(PIECE))
        assert await objects.get(ref) == PIECE * count
        assert await objects.put(PIECE * count) == ref
    assert len(await paths(objects)) == 1


async def test_what_breaks_off_leaves_nothing(objects: Objects) -> None:
    """The sender's error is passed on as it is, and nothing is there."""
    with pytest.raises(InvalidInput, match="enough"):
        await objects.put_stream(pieces(100, InvalidInput("enough")))
    assert await paths(objects) == []


@pytest.mark.parametrize(("start", "end"), [(0, 1), (5, 100_000), (199_999, 200_000), (0, 200_000)])
async def test_a_part_is_read_alone(objects: Objects, start: int, end: int) -> None:
    """Exactly those bytes."""
    data = os.urandom(200_000)
    ref = await objects.put(data)
    assert b"".join([chunk async for chunk in objects.stream_part(ref, start, end)]) == data[start:end]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "A" * 64, "0" * 63, f"{ABSENT}\n", f"../{ABSENT}"])
async def test_only_a_key_is_a_key(objects: Objects, key: str) -> None:
    """No path, no other case, no other length reaches the store."""
    view = objects.of("a")
    asked = (view.get(key), view.size(key), anext(view.stream(key)), anext(view.stream_part(key, 0, 1)))
    for asking in (*asked, view.address_of(key, 60), view.exists(key)):
        with pytest.raises(InvalidInput):
            await asking


@pytest.mark.parametrize("tenant", ["", ".", "..", "../b", "a/b", "a/../b", ".a", "a b", "a\n", "ä", "*", "x" * 65])
def test_only_a_tenant_is_a_tenant(objects: Objects, tenant: str) -> None:
    """No name leads out of a tenant's own folder."""
    with pytest.raises(InvalidInput):
        objects.of(tenant)


async def test_a_key_of_another_tenant_is_not_there(objects: Objects) -> None:
    """Whatever is asked with it: the same as for a key that nobody has."""
    ref = await objects.of("a@b.c").put(b"mine")
    other = objects.of("a")
    for asking in (other.get(ref), other.size(ref), anext(other.stream(ref)), anext(other.stream_part(ref, 0, 1))):
        with pytest.raises(ObjectMissing):
            await asking
    with pytest.raises(ObjectMissing):
        await other.put_again(ref, 1)
    assert not await other.exists(ref)
    assert await other.copies(ref.key) == []
    assert not await objects.exists(ref)
    assert await objects.of("a@b.c").get(ref) == b"mine"


async def test_what_was_there_before_tenants_is_read(objects: Objects) -> None:
    """An object without a tenant is anybody's who has its key; what is put goes to the tenant's own place."""
    ref = await objects.put(b"old")
    assert await objects.of("a").get(ref) == b"old"
    assert b"".join([chunk async for chunk in objects.of("a").stream(ref)]) == b"old"
    await objects.of("a").put(b"old")
    assert [path.split("/")[0] for path in await paths(objects)] == ["objects", "tenants"]


async def test_an_object_is_found_in_every_place_it_may_have(objects: Objects) -> None:
    """Put in a place of another number, it is read once the first is empty, and listed with all of its places."""
    view = objects.of("a")
    ref = await view.put(b"hello")
    await view.put(b"hello", 5)
    await view.put_again(ref, 17)
    assert len(await view.copies(ref.key)) == 3
    await view.delete([copy.path for copy in await view.copies(ref.key) if not copy.path.endswith("/17")])
    assert [await view.get(ref), b"".join([chunk async for chunk in view.stream(ref)])] == [b"hello", b"hello"]
    assert [await view.size(ref), await view.exists(ref)] == [5, True]
    assert b"".join([chunk async for chunk in view.stream_part(ref, 1, 3)]) == b"el"


async def test_every_object_is_listed(objects: Objects) -> None:
    """With tenant, key and size, wherever it lies; names, owners and half-written things are no objects."""
    old, own = await objects.put(b"old"), await objects.of("a").put(b"own")
    await objects.of("b").put(b"own", 3)
    await objects.put_named("kits/a/x", b"kit")
    await objects.claim("me")
    await overwrite(objects, "tenants/a/objects/zz/notes.txt", b"x")
    found = [entry async for batch in objects.every() for entry in batch]
    assert sorted((entry.tenant, entry.key, entry.size) for entry in found) == [
        ("", old.key, 3),
        ("a", own.key, 3),
        ("b", own.key, 3),
    ]


async def test_deleting_is_idempotent(objects: Objects) -> None:
    """Also where some of many are gone already."""
    await objects.of("a").put(b"one")
    await objects.of("a").put(b"two")
    there = await paths(objects)
    await objects.delete([*there, "objects/00/00/nothing"])
    await objects.delete(there)
    assert await paths(objects) == []


async def test_a_tenants_objects_are_listed_alone(objects: Objects) -> None:
    """Not those of one whose name begins alike, nor nobody's, which the whole store's list has, too."""
    for tenant in ("a", "a.b", "ab"):
        await objects.of(tenant).put(b"one")
        await objects.of(tenant).put(b"one", 9)
        await objects.put_named(f"kits/{tenant}/x", b"kit")
    await objects.put(b"old")

    async def listed(view: Objects) -> list[str]:
        return sorted([stored.tenant async for batch in view.every() for stored in batch])

    assert await listed(objects.of("a")) == ["a", "a"]
    assert await listed(objects) == ["", "a", "a", "a.b", "a.b", "ab", "ab"]


async def test_the_first_owner_stays(objects: Objects) -> None:
    """Of many who claim a store at once, one has it, and everybody is told who; taking over is said aloud."""
    answers = set(await asyncio.gather(*(objects.claim(f"r{n}") for n in range(5))))
    assert len(answers) == 1
    await objects.take_over("r9")
    assert await objects.claim("r1") == "r9"


async def test_leftovers_are_swept(objects: Objects) -> None:
    """What was left half-written, and parts of files, go once they are old; what is kept stays."""
    ref = await objects.put(b"kept")
    await overwrite(objects, "arriving/x", b"half")
    await objects.put_named("uploads/job/part", b"part")
    await objects.put_named("kits/a/x", b"kit")
    assert await objects.sweep(3600) == 0
    assert await objects.sweep(-5) == 2
    assert await objects.get(ref) == b"kept"
    assert await objects.names("kits") == ["a/x"]


async def test_a_quota_has_its_say_before_anything_is_kept(objects: Objects) -> None:
    """Whole or in pieces: over it, nothing is there afterwards; what must be put again is not asked about."""

    class Least:
        async def require(self, tenant: str, size: int) -> None:
            if size > 10:
                raise QuotaExceeded(f"{tenant} has no room")

    objects.quota = Least()
    view = objects.of("a")
    with pytest.raises(QuotaExceeded, match="a has no room"):
        await view.put(b"x" * 11)
    with pytest.raises(QuotaExceeded):
        await view.put_stream(pieces(2))
    assert await paths(objects) == []
    await view.put(b"x" * 11, 3)
    assert len(await paths(objects)) == 1


def test_a_store_opens_by_any_url(tmp_path: Path) -> None:
    """A directory, with spaces too, a URL of one, memory: each is the store of that place."""
    for url in ("", str(tmp_path / "a b"), f"file://{tmp_path}/a%20b", "memory://"):
        Objects.open(url, tmp_path / "data")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a b", "data"]
