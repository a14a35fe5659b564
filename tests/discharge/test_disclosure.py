"""What may be shown of counts."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from discharge.disclosure import FEWEST, Count, suppress

_LEAVES = st.builds(Count, st.integers(0, 12))
_TREES = st.recursive(_LEAVES, lambda below: st.lists(below, min_size=1, max_size=4).map(Count.of))


def whole(*parts: Count) -> Count:
    return Count.of(parts)


def split_twice(root: Count, cut: int) -> Count:
    """The same count, split up in another way too."""
    cut = min(cut, root.number)
    return Count(root.number, (*root.splits, (Count(cut), Count(root.number - cut))))


def test_small_numbers_are_hidden_and_nought_is_not() -> None:
    few, none, many = Count(4), Count(0), Count(60)

    suppress(whole(few, none, many, Count(7)))

    assert (few.shown, none.shown, many.shown) == (None, 0, 60)


def test_second_smallest_is_hidden_where_one_alone_could_be_worked_out() -> None:
    few, next_few, many = Count(3), Count(7), Count(60)
    root = whole(few, next_few, many)

    suppress(root)

    assert (few.shown, next_few.shown, many.shown, root.shown) == (None, None, 60, 70)


def test_sum_of_one_small_part_is_hidden_too() -> None:
    only = whole(Count(2))
    root = whole(only, Count(30), Count(8))

    suppress(root)

    assert only.shown is None
    assert only.splits[0][0].shown is None
    assert root.splits[0][2].shown is None


def test_two_hidden_parts_that_are_few_together_take_a_third_along() -> None:
    root = whole(Count(1), Count(2), Count(9), Count(50))

    suppress(root)

    assert [part.shown for part in root.splits[0]] == [None, None, None, 50]


@given(_TREES, st.integers(0, 12))
def test_no_hidden_count_can_be_worked_out_from_what_is_shown(tree: Count, cut: int) -> None:
    root = split_twice(tree, cut)

    suppress(root)

    for count in root.all():
        assert count.is_hidden or count.number == 0 or count.number >= FEWEST
        assert not count.is_hidden or not _is_determined(root, count)


def _is_determined(root: Count, wanted: Count) -> bool:
    """Solve all sums at once: is the wanted unknown the same in every solution?"""
    unknown = [count for count in root.all() if count.is_hidden]
    place = {id(count): number for number, count in enumerate(unknown)}
    rows = []
    for total, parts in ((each, parts) for each in root.all() for parts in each.splits):
        row = [Fraction(0)] * len(unknown)
        for count, sign in ((total, -1), *((part, 1) for part in parts)):
            if count.is_hidden:
                row[place[id(count)]] += sign
        if any(row):
            rows.append(row)
    target = [Fraction(0)] * len(unknown)
    target[place[id(wanted)]] = Fraction(1)
    return _rank(rows) == _rank([*rows, target])


def _rank(rows: list[list[Fraction]]) -> int:
    rows = [row[:] for row in rows]
    rank = 0
    for column in range(len(rows[0]) if rows else 0):
        pivot = next((n for n in range(rank, len(rows)) if rows[n][column]), None)
        if pivot is None:
            continue
        rows[rank], rows[pivot] = rows[pivot], rows[rank]
        for n in range(rank + 1, len(rows)):
            factor = rows[n][column] / rows[rank][column]
            if factor:
                rows[n] = [a - factor * b for a, b in zip(rows[n], rows[rank], strict=True)]
        rank += 1
    return rank
