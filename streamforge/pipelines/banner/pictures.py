"""Pictures that a brief names by their address: fetched from hosts that the operator allows, handed on as data URIs.

What comes back is looked at by its first bytes; it is decoded later, in a pool child, as any other picture.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from streamforge.errors import AssetRejected, ConfigError, StreamForgeError
from streamforge.providers.download import HostNotAllowed, Hosts, Limits, download, entries_of
from streamforge.render import sniff

_NO_HOSTS = "no host is allowed; the operator lists them in banner.picture_hosts; or give a data URI"
_OTHER_HOST = "the operator lists the hosts in banner.picture_hosts; or give a data URI"


class Pictures:
    """What recipes ask for pictures.

    ``hosts`` is the operator's list, empty for none; ``private`` names hosts that may lie in the operator's own
    network. See ``providers.download.Hosts`` for how an entry is written.
    """

    def __init__(
        self,
        hosts: Sequence[str] = (),
        *,
        private: Sequence[str] = (),
        timeout_s: float = 10.0,
        max_bytes: int = 5_000_000,
    ) -> None:
        """Raises ConfigError for an entry that can fit no host."""
        try:
            self._hosts = Hosts(entries_of(hosts), entries_of(private))
        except ValueError as error:
            raise ConfigError(str(error), field="banner.picture_hosts") from error
        self._limits = Limits(max_bytes=max_bytes, timeout_s=timeout_s)

    async def data_uri(self, picture: str, field: str) -> str:
        """A data URI as it is; what an address leads to as one.

        Raises AssetRejected naming ``field`` where the picture may not or cannot be had, RateLimited or
        ProviderUnavailable where trying again may help.
        """
        if picture.startswith("data:"):
            return picture
        if not picture.startswith(("https://", "http://")):
            raise AssetRejected(
                "neither a data URI nor an https address", field=field, hint="give data:image/png;base64,..."
            )
        try:
            return await fetched(picture, self._hosts, self._limits)
        except StreamForgeError as error:
            error.field = field
            raise


async def fetched(address: str, hosts: Hosts, limits: Limits) -> str:
    """The picture at an address as a data URI of what it really is, whatever its server calls it.

    Raises AssetRejected, RateLimited and ProviderUnavailable as ``download`` does.
    """
    try:
        data = await download(address, hosts, limits)
    except HostNotAllowed as error:
        error.hint = _OTHER_HOST if hosts.allowed or hosts.private else _NO_HOSTS
        raise
    return as_data_uri(data, hint="give the address of the picture itself")


def as_data_uri(data: bytes, field: str | None = None, *, hint: str = "send a PNG, JPEG, WebP or SVG") -> str:
    """A picture as a data URI of what it really is; raises AssetRejected naming ``field``."""
    media_type = sniff.media_type_of(data)
    if not media_type:
        raise AssetRejected(f"it is {sniff.name_of(data)}", field=field, hint=hint)
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
