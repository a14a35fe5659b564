from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from discharge.agreement_format import parse_agreement
from discharge.errors import AgreementError
from discharge.layer_format import Layer
from discharge.layers import (
    Resolved,
    check_layer,
    expanded,
    parts_of,
    resolve,
    resolved_agreement,
)
from tests.discharge.layering import BASE, OURS, base, layer, rule

SIX_HOURS: Final = {"kind": "elapsed", "span": "PT6H"}
OVERDUE: Final = [{"do": "overdue", "after-due": "PT0M"}]
RESUME, VISIT = ("R17", "resume-services"), ("R24", "follow-up-visit")


def _fields(resolved: Resolved, code: str) -> Mapping[str, object]:
    rules = resolved.document["rules"]
    assert isinstance(rules, list)
    found: Mapping[str, object] = next(row for row in rules if row["code"] == code)
    return found


def test_what_a_layer_sets_comes_from_it_and_all_else_from_the_agreement() -> None:
    agreement = base()

    resolved = resolve(agreement, [layer()])

    assert _fields(resolved, "resume-services") == rule(deadline=SIX_HOURS)
    assert resolved.origins == {RESUME: {"deadline": "ours 1.0.0"}}
    assert agreement == base(), "the agreement itself is untouched"


def test_the_agreement_that_comes_out_knows_its_layers_and_origins() -> None:
    agreement = resolved_agreement(resolve(base(), [layer()]))

    assert (agreement.version, agreement.layers) == ("1.0.0+ours@1.0.0", ("ours 1.0.0",))
    assert agreement.rules[0].deadline.span == timedelta(hours=6)
    assert [dict(each.origins) for each in agreement.rules] == [{"deadline": "ours 1.0.0"}, {}, {}]


def test_a_task_can_find_the_layers_in_the_version_that_it_remembers() -> None:
    assert parts_of("1.0.0+ours@1.0.0+summer@2.1") == ("1.0.0", (("ours", "1.0.0"), ("summer", "2.1")))
    assert parts_of("1.0.0") == ("1.0.0", ())
    assert parts_of("1.0.0+build") == ("1.0.0+build", ())


def test_overlays_are_laid_upon_deviations_in_whatever_order_they_come() -> None:
    overlay = layer(
        {"rule": "R17", "set": {"deadline": {"kind": "elapsed", "span": "PT9H"}, "ladder": OVERDUE}},
        kind="overlay",
        id="epidemic",
        parties=None,
        valid_from="2026-01-15",
    )

    resolved = resolve(base(), [overlay, layer()])

    assert _fields(resolved, "resume-services")["deadline"] == {"kind": "elapsed", "span": "PT9H"}
    assert resolved.origins[RESUME] == {"deadline": "epidemic 1.0.0", "ladder": "epidemic 1.0.0"}
    assert resolved.document["version"] == "1.0.0+ours@1.0.0+epidemic@1.0.0"


def test_a_suspended_rule_is_gone_and_it_is_known_who_suspended_it() -> None:
    resolved = resolve(base(), [layer({"rule": "R17", "suspend": True})])

    assert [each.code for each in resolved_agreement(resolved).rules] == ["book-follow-up-visit", "follow-up-visit"]
    assert resolved.suspended == {RESUME: "ours 1.0.0"}


def test_a_suspension_without_a_code_takes_every_row_of_the_rule() -> None:
    resolved = resolve(base(), [layer({"rule": "R24", "suspend": True}, kind="overlay")])

    assert set(resolved.suspended) == {("R24", "book-follow-up-visit"), VISIT}


def test_an_overlay_leaves_alone_what_a_deviation_has_suspended() -> None:
    overlay = layer({"rule": "R17", "set": {"deadline": SIX_HOURS}}, kind="overlay", id="later")

    resolved = resolve(base(), [layer({"rule": "R17", "suspend": True}), overlay])

    assert resolved.suspended == {RESUME: "ours 1.0.0"}
    assert RESUME not in resolved.origins


def test_the_region_adds_rules_suspends_gates_and_sets_hours_for_a_time() -> None:
    added = rule("R90", "call-daily")
    overlay = layer(
        {"add": added},
        {"gate": "R11", "suspend": True},
        {"calendars": {"closed-days": ["2026-05-15"], "hours": {"gp": "08:00-12:00 working-days"}}},
        {"parties": {"acute-team": [{"operator": "municipality"}]}},
        kind="overlay",
        parties=None,
    )

    resolved = resolve(base(), [overlay])
    agreement = resolved_agreement(resolved)

    assert agreement.rules[-1].code == "call-daily"
    assert set(agreement.rules[-1].origins.values()) == {"ours 1.0.0"}
    assert (agreement.gates, resolved.suspended_gates) == ((), {"R11": "ours 1.0.0"})
    assert agreement.closed_days == ("06-05", "2026-05-15")
    assert set(agreement.hours) == {"ward", "gp"}
    assert set(agreement.parties) == {"acute-team"}
    assert set(resolved.calendar_origins) == {"closed-days.2026-05-15", "hours.gp", "parties.acute-team"}


def test_a_field_that_is_set_to_nothing_is_gone() -> None:
    resolved = resolve(base(), [layer({"rule": "R17", "set": {"ladder": None}})])

    assert "ladder" not in _fields(resolved, "resume-services")


@pytest.mark.parametrize(
    ("change", "path", "problem"),
    [
        ({"rule": "R99", "suspend": True}, "$.changes[0].rule", "the agreement has no rule R99"),
        ({"rule": "R17", "code": "fly", "suspend": True}, "$.changes[0].code", "R17 makes no fly; it makes"),
        (
            {"rule": "R24", "set": {"deadline": SIX_HOURS}},
            "$.changes[0].code",
            "which row of R24: book-follow-up-visit, follow-up-visit",
        ),
        ({"rule": "R17", "set": {"ladder": [{"do": "remind", "after": "PT1H"}]}}, "$.changes[0]", "changes nothing"),
        ({"rule": "R17", "set": {"deadline": {"kind": "soon"}}}, "$.changes[0].set.deadline.kind", "unknown"),
        (
            {"rule": "R17", "set": {"roles": ["home-nurse", "visitator"]}},
            "$.changes[0].set.roles",
            "R17 resume-services does not leave roles to a municipality, which may change deadline, ladder, suspend",
        ),
        (
            {"rule": "R24", "code": "book-follow-up-visit", "suspend": True},
            "$.changes[0].suspend",
            "which may change nothing of it",
        ),
        ({"add": rule("R90", "call-daily")}, "$.changes[0]", "only the region adds or removes"),
        ({"gate": "R11", "suspend": True}, "$.changes[0]", "only the region adds or removes"),
        (
            {"calendars": {"hours": {"ward": "09:00-10:00"}}},
            "$.changes[0].calendars.hours",
            "the hours and the duty of its own places, not ward",
        ),
        ({"calendars": {"closed-days": ["2026-05-15"]}}, "$.changes[0].calendars.closed-days", "not 2026-05-15"),
    ],
)
def test_a_deviation_that_may_not_be_is_refused_with_its_place(
    change: dict[str, object], path: str, problem: str
) -> None:
    with pytest.raises(AgreementError) as refused:
        check_layer(base(), layer(change))

    assert refused.value.path == path
    assert problem in refused.value.problem


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"add": rule()}, "$.changes[0].add"),
        ({"add": rule("R90", "call-daily", addressee="mayor")}, "$.changes[0].add.addressee"),
        ({"gate": "R99", "suspend": True}, "$.changes[0].gate"),
        ({"add-gate": {"id": "R11"}}, "$.changes[0].add-gate.id"),
        ({"add-gate": {"id": "R90"}}, "$.changes[0].add-gate.when"),
        ({"calendars": {"hours": {"ward": "08:00-15:00"}}}, "$.changes[0]"),
        ({"calendars": {"hours": {"ward": "late"}}}, "$.changes"),
        ({"parties": {"acute-team": [{"operator": "mayor"}]}}, "$.changes"),
    ],
)
def test_an_overlay_that_cannot_be_followed_is_refused_with_its_place(change: dict[str, object], path: str) -> None:
    with pytest.raises(AgreementError) as refused:
        check_layer(base(), layer(change, kind="overlay", parties=None))

    assert refused.value.path == path


def test_a_layer_is_checked_with_the_agreement_that_it_names() -> None:
    with pytest.raises(AgreementError) as refused:
        check_layer(base(), layer(base="dk-other"))

    assert refused.value.path == "$.base"


def test_a_municipality_may_set_the_hours_of_its_own_places() -> None:
    ours = layer({"calendars": {"hours": {"municipality": "07:00-15:00", OURS: "07:00-15:00"}}})

    check_layer(base(), ours)

    assert set(resolved_agreement(resolve(base(), [ours])).hours) == {"ward", "municipality", OURS}


CHANGES: Final[tuple[Mapping[str, object], ...]] = (
    {"rule": "R17", "set": {"deadline": SIX_HOURS}},
    {"rule": "R17", "set": {"ladder": OVERDUE, "deadline": {"kind": "elapsed", "span": "PT2H"}}},
    {"rule": "R24", "code": "follow-up-visit", "suspend": True},
    {"rule": "R24", "code": "follow-up-visit", "set": {"deadline": SIX_HOURS}},
    {"calendars": {"hours": {"municipality": "07:00-15:00"}}},
)


@st.composite
def _layers(draw: st.DrawFn) -> list[Layer]:
    changes = draw(st.lists(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=3), max_size=4))
    return [
        layer(
            *each,
            id=f"layer-{number}",
            kind=draw(st.sampled_from(["deviation", "overlay"])),
            valid_from=draw(st.dates(date(2026, 1, 1), date(2026, 12, 31))).isoformat(),
        )
        for number, each in enumerate(changes)
    ]


@given(layers=_layers(), seed=st.randoms(use_true_random=False))
def test_the_order_of_loading_changes_nothing(layers: list[Layer], seed: object) -> None:
    shuffled = list(layers)
    seed.shuffle(shuffled)  # type: ignore[attr-defined] # a random.Random

    assert resolve(base(), shuffled) == resolve(base(), layers)


def test_an_agreement_without_layers_is_itself() -> None:
    resolved = resolve(base(), [])

    assert resolved.document == base()
    assert resolved_agreement(resolved) == parse_agreement(base())


@given(layers=_layers())
def test_whatever_is_laid_upon_it_every_rule_is_there_or_suspended_and_every_difference_has_an_origin(
    layers: list[Layer],
) -> None:
    resolved = resolve(base(), layers)
    rows = {(str(row["id"]), str(row["code"])): row for row in resolved.document["rules"]}  # type: ignore[attr-defined] # a list

    for row in base()["rules"]:  # type: ignore[attr-defined] # a list
        key = (row["id"], row["code"])
        assert (key in rows) is not (key in resolved.suspended)
        different = {name for name in row if key in rows and rows[key][name] != row[name]}
        assert different <= set(resolved.origins.get(key, {}))


def test_an_agreement_may_be_told_by_what_differs_from_another() -> None:
    document: dict[str, object] = {
        "id": "dk-south",
        "version": "2.0.0",
        "title": "Syd",
        "extends": BASE,
        "regions": ["DK-83"],
        "valid-from": "2027-01-01",
        "changes": [{"rule": "R24", "suspend": True}, {"rule": "R17", "set": {"deadline": SIX_HOURS}}],
    }

    south = parse_agreement(expanded(document, base(valid_to="2026-12-31")))

    assert (south.id, south.version, south.regions) == ("dk-south", "2.0.0", frozenset({"DK-83"}))
    assert (south.valid_from, south.valid_to) == (date(2027, 1, 1), None)
    assert [(each.code, each.deadline.span) for each in south.rules] == [("resume-services", timedelta(hours=6))]
    assert south.closed_days == ("06-05",)


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"extends": "dk-elsewhere"}, "$.extends"),
        ({"changes": [{"rule": "R99", "suspend": True}]}, "$.changes[0].rule"),
        ({"changes": [{"rule": "R17", "set": {"source": "a test"}}]}, "$.changes[0]"),
        ({"rules": []}, "$.rules"),
    ],
)
def test_a_difference_that_is_none_is_refused(fields: dict[str, object], path: str) -> None:
    document = {"id": "dk-south", "version": "1", "title": "Syd", "extends": BASE, "regions": ["DK-83"]} | {
        "valid-from": "2027-01-01",
        "changes": [{"rule": "R24", "suspend": True}],
    }

    with pytest.raises(AgreementError) as refused:
        expanded(document | fields, base())

    assert refused.value.path == path
