"""Everything about accounts that one process holds, over one Redis."""

from __future__ import annotations

from streamforge.accounts.keyring import Keyring
from streamforge.accounts.keys import ApiKeys
from streamforge.accounts.sessions import Sessions
from streamforge.accounts.signing import Signer
from streamforge.accounts.tickets import Tickets
from streamforge.broker.broker import Broker


class Accounts:
    """Keys as they are kept (``keys``) and checked (``ring``); the other three are for what stands in for them."""

    def __init__(self, broker: Broker) -> None:
        self.keys = ApiKeys(broker)
        self.ring = Keyring(self.keys)
        self.signer = Signer(broker)
        self.tickets = Tickets(broker)
        self.sessions = Sessions(broker)
