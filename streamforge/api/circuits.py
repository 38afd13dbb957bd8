"""How the outside models stand: whose calls are held back for a while, and which keys their providers have refused."""

from __future__ import annotations

from typing import Final, Protocol

from msgspec import Struct

from streamforge.traffic.benches import Benches
from streamforge.traffic.breaker import Breaker
from streamforge.traffic.model import Scope


class CircuitView(Struct, frozen=True, kw_only=True):
    """A model, ``provider/model``. While its circuit is open, for ``open_ms`` more, it is not asked."""

    model: str
    state: str
    open_ms: int


class BenchedKey(Struct, frozen=True, kw_only=True):
    """A provider's key that was refused, by its fingerprint; for one model, or (empty) for all."""

    provider: str
    fingerprint: str
    model: str
    reason: str
    lifted: bool = False


class ModelsView(Struct, frozen=True, kw_only=True):
    """Every outside model that this daemon may ask, and every key that is out of use."""

    circuits: list[CircuitView] = []
    keys: list[BenchedKey] = []


class Switchboard(Protocol):
    """What knows how the models stand. Raises BrokerUnavailable."""

    async def look(self, *, lift: bool = False) -> ModelsView:
        """How they stand; ``lift`` has all of them tried at once."""
        ...


class Circuits(Struct, frozen=True):
    """The outside models and providers that the settings name."""

    breaker: Breaker
    benches: Benches
    models: tuple[str, ...]
    providers: tuple[str, ...]

    async def look(self, *, lift: bool = False) -> ModelsView:
        """How they stand; ``lift`` has all of them tried at once."""
        circuits = [await self._circuit(name, lift=lift) for name in self.models]
        keys = [key for provider in self.providers for key in await self._benched(provider, lift=lift)]
        return ModelsView(circuits=circuits, keys=keys)

    async def _circuit(self, name: str, *, lift: bool) -> CircuitView:
        provider, _, model = name.partition("/")
        scope = Scope(provider, model)
        if lift:
            await self.breaker.close(scope)
        circuit = await self.breaker.look(scope)
        return CircuitView(model=name, state=str(circuit.state), open_ms=circuit.open_ms)

    async def _benched(self, provider: str, *, lift: bool) -> list[BenchedKey]:
        return [
            BenchedKey(
                provider=provider,
                fingerprint=key.fingerprint,
                model=key.model,
                reason=key.reason,
                lifted=lift and await self.benches.pardon(provider, key.fingerprint, key.model),
            )
            for key in await self.benches.look(provider)
        ]


class _NoModels:
    """Where no outside model is asked."""

    async def look(self, *, lift: bool = False) -> ModelsView:
        """Nothing is held back, whether or not it is lifted."""
        del lift
        return ModelsView()


NO_MODELS: Final = _NoModels()
