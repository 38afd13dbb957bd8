"""How long a call may take in each phase, with an alarm that is not set anew for every piece."""

from __future__ import annotations

import asyncio
import weakref

import pytest

from streamforge.errors import StepTimeout
from streamforge.providers.timeouts import Patience, Timeouts

FOR_EVER = 3600.0


def patience(total_s: float = FOR_EVER, **limits: float) -> Patience:
    """Patience for a model, without limits but for those that are named."""
    return Patience("m", Timeouts(**{"first_token_s": FOR_EVER, "idle_s": FOR_EVER, **limits}), total_s)


async def hear(call: Patience, pieces: int) -> None:
    """So many pieces come, a moment apart, and then nothing more."""
    async with call:
        for _ in range(pieces):
            call.heard()
            await asyncio.sleep(0.001)
        await asyncio.Event().wait()


async def test_a_wait_that_gets_shorter_is_kept() -> None:
    """After the first piece the next one is due sooner than the first would have been."""
    with pytest.raises(StepTimeout, match=r"0.02 s \(idle timeout\)"):
        await hear(patience(idle_s=0.02), 1)


async def test_pieces_do_not_put_the_end_off_for_ever() -> None:
    """Each is waited for from the one before, also after the alarm has rung; the total counts from the beginning."""
    with pytest.raises(StepTimeout, match=r"1.5 s \(total timeout\)"):
        await hear(patience(total_s=1.5, first_token_s=0.02, idle_s=0.7), 1_000_000)


async def test_silence_after_many_pieces_is_noticed() -> None:
    """An alarm that was put off rings in the end."""
    with pytest.raises(StepTimeout, match=r"0.05 s \(idle timeout\)"):
        await hear(patience(first_token_s=0.05, idle_s=0.05), 100)


async def test_no_alarm_outlives_its_call() -> None:
    """One that was left would hold the call, and could cancel what its task does next."""
    call = patience()
    async with call:
        call.heard()
    assert call.first_token_s is not None
    left = weakref.ref(call)
    del call
    assert left() is None


async def test_other_errors_pass_through() -> None:
    """A failure of the body, and its cancellation from outside, stay what they are."""
    with pytest.raises(KeyError):
        async with patience():
            raise KeyError
    call = asyncio.create_task(hear(patience(), 0), name="call")
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
