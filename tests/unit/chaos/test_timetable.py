"""Acts of a round overlap, and each goes on when its time has come."""

from __future__ import annotations

from chaos.driver import Act, Timetable


def test_acts_overlap_in_the_order_of_their_times() -> None:
    """Two acts that wait in turn are run in turn, by one thread."""
    told: list[str] = []

    def act(name: str, pauses_s: tuple[float, ...]) -> Act:
        for pause_s in pauses_s:
            told.append(name)
            yield pause_s
        told.append(f"{name} ends")

    timetable = Timetable()
    timetable.begin(act("slow", (0.2, 0.0)))
    timetable.begin(act("quick", (0.05, 0.0)))
    assert timetable.run_until(lambda: "slow ends" in told, 10)
    assert told == ["slow", "quick", "quick", "quick ends", "slow", "slow ends"]


def test_what_never_comes_is_told() -> None:
    """Waiting ends with the time that was given, also where nothing is to be done."""
    assert not Timetable().run_until(lambda: False, 0.01)


def test_an_act_begins_after_its_delay() -> None:
    """A later act that is due first is run first."""
    told: list[str] = []

    def act(name: str) -> Act:
        told.append(name)
        yield 0.0

    timetable = Timetable()
    timetable.begin(act("late"), 0.1)
    timetable.begin(act("early"), 0.0)
    assert timetable.run_until(lambda: len(told) == 2, 10)
    assert told == ["early", "late"]
