"""The keys that webhooks' scripts name are those that everybody else names."""

from __future__ import annotations

from streamforge.broker.broker import Broker
from streamforge.broker.scripts import load_sources
from streamforge.webhooks.scripts import load_sources as load_own
from tests.integration.moves import raw


async def test_lua_and_python_name_keys_alike(broker: Broker) -> None:
    """The cursor and the bell have the same names in jobs' scripts, in webhooks' and in ``Keys``."""
    keys = broker.keys
    jobs = next(iter(load_sources().values())).split("-- Milliseconds since", 1)[0]
    found = await raw(broker).eval(
        f"{jobs}\nreturn {{hooks_cursor_key(), hooks_bell_key()}}", 1, keys.feed, keys.base, 1, 1
    )
    own = next(iter(load_own().values())).split("local function now_ms", 1)[0]
    more = await raw(broker).eval(f"{own}\nreturn {{cursor_key(), bell_key()}}", 1, keys.feed, keys.base)
    assert [name.decode() for name in (*found, *more)] == [keys.hooks_cursor, keys.hooks_bell] * 2
