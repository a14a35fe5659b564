from datetime import date
from typing import Final

from discharge.in_force import ever_in_force, in_force
from tests.discharge.layering import OURS, THEIRS, base, layer_document

DAY: Final = date(2026, 6, 1)


def _found(
    *documents: dict[str, object], region: str = "DK-82", municipality: str | None = OURS, day: date = DAY
) -> tuple[object, list[object]] | None:
    found = in_force(documents, region=region, municipality=municipality, day=day)
    return (
        None if found is None else (found.base["version"], [f"{each['id']} {each['version']}" for each in found.layers])
    )


def test_of_two_versions_the_one_that_began_last_holds_while_it_is_valid() -> None:
    old, new = base(), base(version="2.0.0", valid_from="2026-06-01", valid_to="2026-06-30")

    assert _found(new, old, day=date(2026, 5, 31)) == ("1.0.0", [])
    assert _found(new, old) == ("2.0.0", [])
    assert _found(new, old, day=date(2026, 7, 1)) == ("1.0.0", [])
    assert _found(new, old, day=date(2025, 7, 1)) is None
    assert _found(new, old, region="DK-81") is None


def test_layers_hold_for_their_municipality_and_their_days_and_only_upon_their_agreement() -> None:
    overlay = layer_document(kind="overlay", id="summer", parties=None, valid_from="2026-07-01", valid_to="2026-07-31")
    elsewhere = layer_document(id="elsewhere", base="dk-other")
    documents = (overlay, layer_document(), base(), elsewhere)

    assert _found(*documents) == ("1.0.0", ["ours 1.0.0"])
    assert _found(*documents, municipality=THEIRS) == ("1.0.0", [])
    assert _found(*documents, day=date(2026, 7, 1)) == ("1.0.0", ["ours 1.0.0", "summer 1.0.0"])
    assert _found(*documents, municipality=None, day=date(2026, 7, 1)) == ("1.0.0", ["summer 1.0.0"])


def test_a_new_version_of_a_layer_takes_over_on_its_day() -> None:
    new = layer_document(version="1.1.0", valid_from="2026-06-01")

    assert _found(base(), new, layer_document(), day=date(2026, 5, 31)) == ("1.0.0", ["ours 1.0.0"])
    assert _found(base(), new, layer_document()) == ("1.0.0", ["ours 1.1.0"])


def _ever(*documents: dict[str, object]) -> list[tuple[object, ...]]:
    return [
        (found.base["version"], *(f"{each['id']} {each['version']}" for each in found.layers))
        for found in ever_in_force(documents)
    ]


def test_all_that_ever_holds_is_found_once() -> None:
    summer = layer_document(kind="overlay", id="summer", parties=None, valid_from="2026-07-01", valid_to="2026-07-31")
    next_ = base(version="2.0.0", valid_from="2027-01-01")

    found = _ever(next_, summer, layer_document(), base())

    assert sorted(found) == [
        ("1.0.0",),
        ("1.0.0", "ours 1.0.0"),
        ("1.0.0", "ours 1.0.0", "summer 1.0.0"),
        ("1.0.0", "summer 1.0.0"),
        ("2.0.0",),
        ("2.0.0", "ours 1.0.0"),
    ]


def test_what_begins_after_its_agreement_has_given_way_is_never_laid_upon_it() -> None:
    next_ = base(version="2.0.0", valid_from="2027-01-01")
    late = layer_document(valid_from="2027-02-01")

    assert _ever(base(), next_, late) == [("1.0.0",), ("2.0.0",), ("2.0.0", "ours 1.0.0")]


def test_version_that_is_over_gives_the_one_before_back() -> None:
    spell = base(version="2.0.0", valid_from="2026-06-01", valid_to="2026-06-30")
    late = layer_document(valid_from="2026-08-01")

    assert ("1.0.0", "ours 1.0.0") in _ever(base(), spell, late)
