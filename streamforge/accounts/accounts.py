"""Everything about accounts that one process holds, over one Redis."""

from __future__ import annotations

from streamforge.accounts.keyring import Keyring
from streamforge.accounts.keys import ApiKeys
from streamforge.accounts.signing import Signer
from streamforge.accounts.tickets import Tickets
from streamforge.broker.broker import Broker


class Accounts:
    """Keys as they are kept (``keys``) and checked (``ring``); ``signer`` and ``tickets`` for what stands in."""

    def __init__(self, broker: Broker) -> None:
        self.keys = ApiKeys(broker)
        self.ring = Keyring(self.keys)
        self.signer = Signer(broker)
        self.tickets = Tickets(broker)
