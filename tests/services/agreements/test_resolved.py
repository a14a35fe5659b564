from dataclasses import replace
from datetime import date

from discharge.in_force import in_force
from services.agreements.reading import read_agreement
from services.agreements.resolved import CORE, ResolvedView, RuleLine, resolved_on
from services.agreements.shipped import LAYERS, PROFILES, layer_file, profile, shipped
from services.web.language import language

DOCUMENTS = (*map(profile, PROFILES), *(read_agreement(layer_file(name), find=shipped) for name in LAYERS))
BIRKELUND, LINDEHOEJ = "999000000002000", "999000000002100"
FRIDAY, SUMMER = date(2026, 11, 20), date(2027, 7, 15)


def _view(
    region: str = "DK-82", municipality: str | None = BIRKELUND, day: date = FRIDAY, lang: str = "da"
) -> ResolvedView:
    view = resolved_on(DOCUMENTS, region=region, municipality=municipality, day=day, lang=language(lang))
    assert view is not None
    return view


def _rule(view: ResolvedView, code: str) -> RuleLine:
    return next(rule for rule in view.rules if rule.code == code)


def test_a_rule_reads_without_knowing_the_file() -> None:
    plan = _rule(_view(), "send-care-plan")

    assert (plan.id, plan.owed_by) == ("R06", "afsnittet (Sygeplejerske)")
    assert plan.deadline.startswith("senest kl. 12 arbejdsdagen før forventet udskrivelse")
    assert plan.verify == ("fristen", "trinnene")
    assert plan.consequences[0] == ("Er udført, når planen bliver ændret", "has(plan.needs)")


def test_what_a_municipality_deviates_in_says_so_and_all_else_does_not() -> None:
    view = _view()

    assert {rule.code: rule.origins for rule in view.rules if rule.origins} == {
        "resume-services": (("trinnene", "birkelund 1.0.0"),)
    }
    assert [(line.id, line.layer) for line in view.suspended] == [("R12", "birkelund 1.0.0")]
    assert {line.name: line.origin for line in view.hours if line.origin} == {"kommunen": "birkelund 1.0.0"}
    assert view.layers == ("Birkelund Kommunes afvigelser (birkelund 1.0.0)",)


def test_a_neighbour_has_the_agreement_of_the_region_alone() -> None:
    view = _view(municipality=LINDEHOEJ)

    assert (view.version, view.layers, view.suspended) == ("1.0.0", (), ())
    assert not any(rule.origins for rule in view.rules)


def test_a_dated_overlay_is_there_on_its_days_only() -> None:
    summer, after = _view(day=SUMMER), _view(day=date(2027, 7, 26))

    assert "på dag 14" in _rule(summer, "follow-up-visit").deadline
    assert "på dag 7" in _rule(after, "follow-up-visit").deadline
    assert summer.version == "1.0.0+birkelund@1.0.0+midtjylland-sommer-2027@1.0.0"


def test_an_epidemic_held_rules_back_in_the_north() -> None:
    then, now = (_view("DK-81", None, day) for day in (date(2021, 10, 31), date(2021, 11, 1)))

    assert {line.id for line in then.suspended} == {"N01", "R02", "R24"}
    assert now.suspended == ()


def test_a_row_that_a_layer_adds_says_that_all_of_it_is_the_layers() -> None:
    (base, *_), layer = DOCUMENTS, DOCUMENTS[-3]
    added = {**profile("dk-nordjylland")["rules"][-1], "id": "R90", "code": "call-daily"}  # type: ignore[index] # a list
    overlay = {**layer, "kind": "overlay", "id": "epidemic", "changes": [{"add": added}]}

    view = resolved_on((base, overlay), region="DK-82", municipality=BIRKELUND, day=FRIDAY, lang=language("da"))

    assert view is not None
    assert _rule(view, "call-daily").is_added
    assert _rule(view, "call-daily").origins == (("hele reglen", "epidemic 1.0.0"),)


def test_the_core_and_the_rules_that_are_clauses_stand_beside_the_rows() -> None:
    view = _view()

    assert [line.id for line in view.core] == ["R28", "R29", "R30", "R31", "R32", "R33"]
    assert dict(view.clauses) == {"R09": "R06 read-care-plan", "R16": "R15 take-home"}
    assert not {rule.id for rule in view.rules} & {number for number, _, _ in CORE}


def test_gates_parties_and_closed_days_are_shown() -> None:
    view = _view()

    assert [(gate.id, gate.element) for gate in view.gates] == [("R11", "agreed-by-phone"), ("R26", "agreed-by-phone")]
    assert [line.words for line in view.parties] == [
        "til og med 31.12.2026: kommunen udfører, kommunen svarer for det",
        "fra 01.01.2027: kommunen udfører, regionen svarer for det",
    ]
    assert [line.name for line in view.closed_days] == ["06-05", "12-24", "12-31"]


def test_it_reads_in_english_too() -> None:
    view = _view(lang="en")

    assert _rule(view, "send-care-plan").deadline.startswith("no later than 12:00 on the working day before")
    assert view.core[0].words.startswith("Leave begins")


def test_on_a_day_without_an_agreement_there_is_nothing() -> None:
    lang = language("da")

    assert resolved_on(DOCUMENTS, region="DK-82", municipality=None, day=date(2019, 1, 1), lang=lang) is None
    assert resolved_on(DOCUMENTS, region=None, municipality=None, day=FRIDAY, lang=lang) is None


def test_two_regions_become_one_at_midnight() -> None:
    def agreement(region: str, day: date) -> str:
        found = in_force(DOCUMENTS, region=region, municipality=None, day=day)
        assert found is not None
        return str(found.base["id"])

    last, first = date(2026, 12, 31), date(2027, 1, 1)

    assert [agreement(region, last) for region in ("DK-84", "DK-85")] == ["dk-hovedstaden", "dk-sjaelland"]
    assert [agreement(region, first) for region in ("DK-84", "DK-85")] == ["dk-oestdanmark", "dk-oestdanmark"]


def test_the_view_is_a_value() -> None:
    view = _view()

    assert replace(view) == _view()


def test_a_layer_that_cannot_be_laid_there_is_left_out_of_what_is_shown() -> None:
    astray = {
        "kind": "overlay",
        "id": "astray",
        "version": "1",
        "title": "Ingen regel",
        "base": "dk-midtjylland",
        "valid-from": "2026-01-01",
        "changes": [{"rule": "R99", "suspend": True}],
    }

    view = resolved_on(
        (profile("dk-midtjylland"), astray),
        region="DK-82",
        municipality=None,
        day=date(2026, 11, 20),
        lang=language("en"),
    )

    assert view is not None
    assert (view.version, view.layers) == ("1.0.0", ())
