from dataclasses import replace
from datetime import date

import pytest

from discharge.errors import AgreementError
from discharge.layer_format import Layer, LayerKind, parse_layer, require_apart
from tests.discharge.layering import OURS, THEIRS, layer, layer_document

LATER = {"rule": "R17", "set": {"deadline": {"kind": "elapsed", "span": "PT8H"}}}
SUSPENDED = {"rule": "R24", "suspend": True}


def test_a_layer_says_whose_it_is_and_when_it_holds() -> None:
    ours = layer(valid_to="2026-03-31")

    assert (ours.kind, ours.name, ours.parties) == (LayerKind.DEVIATION, "ours 1.0.0", frozenset({OURS}))
    assert [ours.is_valid_on(date(2026, month, day)) for month, day in ((2, 28), (3, 1), (3, 31), (4, 1))] == [
        False,
        True,
        True,
        False,
    ]


def test_a_deviation_holds_for_its_municipalities_and_an_overlay_for_all_of_its_regions() -> None:
    ours, overlay = layer(), layer(kind="overlay", parties=None, regions=["DK-82"])

    assert ours.holds_for(region="DK-82", municipality=OURS)
    assert not ours.holds_for(region="DK-82", municipality=THEIRS)
    assert not ours.holds_for(region="DK-82", municipality=None)
    assert overlay.holds_for(region="DK-82", municipality=None)
    assert not overlay.holds_for(region="DK-81", municipality=THEIRS)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"kind": "wish"}, "$.kind"),
        ({"parties": None}, "$.parties"),
        ({"parties": ["Birkelund"]}, "$.parties"),
        ({"id": "Vores"}, "$.id"),
        ({"version": "1+2"}, "$.version"),
        ({"base": None}, "$.base"),
        ({"valid_from": "soon"}, "$.valid-from"),
        ({"valid_to": "2026-02-01"}, "$.valid-to"),
        ({"changes": []}, "$.changes"),
        ({"rules": []}, "$.rules"),
    ],
)
def test_a_layer_that_cannot_be_followed_is_refused_with_its_place(fields: dict[str, object], path: str) -> None:
    with pytest.raises(AgreementError) as refused:
        parse_layer(layer_document(**fields))

    assert refused.value.path == path


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({}, "$.changes[0]"),
        ({"rule": "R17"}, "$.changes[0]"),
        ({"rule": "R17", "set": {}}, "$.changes[0].set"),
        ({"rule": "R17", "set": {"code": "x"}}, "$.changes[0].set.code"),
        ({"rule": "R17", "set": {"may-deviate": []}}, "$.changes[0].set.may-deviate"),
        ({"rule": "R17", "suspend": False}, "$.changes[0]"),
        ({"rule": "R17", "suspend": True, "set": {"title": {}}}, "$.changes[0]"),
        ({"rule": "R17", "gate": "R11"}, "$.changes[0]"),
        ({"rule": "R17", "suspend": True, "until": "then"}, "$.changes[0].until"),
        ({"add": "R17"}, "$.changes[0].add"),
    ],
)
def test_a_change_is_of_one_kind_and_says_what_it_changes(change: dict[str, object], path: str) -> None:
    with pytest.raises(AgreementError) as refused:
        layer(change)

    assert refused.value.path == path


def test_two_layers_that_touch_the_same_rule_at_the_same_time_are_refused() -> None:
    with pytest.raises(AgreementError, match=r"theirs 1\.0\.0 changes R17"):
        require_apart(layer(), [layer(LATER, id="theirs", valid_from="2026-05-01")])


@pytest.mark.parametrize(
    "other",
    [
        layer(LATER, id="theirs", parties=[THEIRS]),
        layer(LATER, id="theirs", valid_from="2026-01-01", valid_to="2026-02-28"),
        layer(LATER, id="theirs", kind="overlay"),
        layer(LATER, id="theirs", base="dk-other"),
        layer(SUSPENDED, id="theirs"),
        layer(),
        layer(LATER, version="1.1.0", valid_from="2026-06-01"),
    ],
    ids=["another-party", "before", "an-overlay", "another-agreement", "another-rule", "itself", "its-next-version"],
)
def test_layers_that_leave_no_question_open_stand_side_by_side(other: object) -> None:
    require_apart(layer(), [other])  # type: ignore[list-item] # all of the rows are layers


def test_two_versions_of_one_layer_may_not_begin_on_the_same_day() -> None:
    with pytest.raises(AgreementError):
        require_apart(layer(), [layer(LATER, version="1.1.0")])


def test_layers_that_set_the_same_hours_are_in_each_others_way() -> None:
    def hours(of: str, name: str) -> dict[str, object]:
        return layer_document({"calendars": {"hours": {of: "07:00-15:00"}}}, id=name, kind="overlay")

    ward, gp = parse_layer(hours("ward", "a")), parse_layer(hours("gp", "b"))
    require_apart(ward, [gp])

    with pytest.raises(AgreementError, match=r"hours\.ward"):
        require_apart(ward, [parse_layer(hours("ward", "c"))])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"add": {"id": "R90"}}, "R90"),
        ({"gate": "R11", "suspend": True}, "gate R11"),
        ({"add-gate": {"id": "R91"}}, "gate R91"),
        ({"calendars": {"on-call": {"ward": "hospital"}}}, r"on-call\.ward"),
        ({"calendars": {"closed-days": ["06-05"]}}, "closed-days"),
        ({"calendars": {"country": "SE"}}, r"country\.SE"),
        ({"parties": {"acute-team": [{"operator": "region"}]}}, "acute-team"),
    ],
)
def test_each_kind_of_change_is_in_the_way_of_its_like(change: dict[str, object], named: str) -> None:
    def made(name: str) -> Layer:
        return replace(layer(id=name), changes=(change,))

    with pytest.raises(AgreementError, match=named):
        require_apart(made("a"), [made("b")])


def test_a_change_of_no_known_kind_is_in_the_way_of_all_such() -> None:
    one, other = (replace(layer(id=name), changes=({"calendars": "x"},)) for name in ("a", "b"))

    with pytest.raises(AgreementError, match="calendars"):
        require_apart(one, [other])
