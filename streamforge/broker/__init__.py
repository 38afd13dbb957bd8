"""How jobs move through Redis: connections, key names, Lua scripts, the embedded server."""
