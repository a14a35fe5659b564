from __future__ import annotations

from notifications.tally import Tally


def test_counts_are_kept_by_name_and_passed_on() -> None:
    heard: list[tuple[str, int]] = []
    tally = Tally(lambda name, count: heard.append((name, count)))

    tally.add("cut")
    tally.add("cut", 2)

    assert (tally["cut"], tally["never"]) == (3, 0)
    assert tally.snapshot() == {"cut": 3}
    assert heard == [("cut", 1), ("cut", 2)]


def test_counts_alone_need_no_listener() -> None:
    tally = Tally()

    tally.add("cut")

    assert tally["cut"] == 1
