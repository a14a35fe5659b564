"""A reconciled line as MedicationStatement, and what a reader of it gets back."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.identifiers import EncounterId, PatientId, StayId, TaskId
from discharge.medication.lines import ATC, Change, Coding, DoseRow, LineStatus, Maximum, MedicationLine, Quantity
from discharge.medication.lists import Column, ListOrigin, MedicationList, Saying
from discharge.medication.record import Answer, Comment, Decision, LineId, MedicationReconciliation, SignOff, Verdict
from discharge.policy import Role
from fhir_mappings import r4
from fhir_mappings.elements import Element
from fhir_mappings.instants import write_instant
from fhir_mappings.medicine.line import read_line
from fhir_mappings.medicine.statement import DECISION, RECONCILIATION, shown_in, statement_resource, version_of
from fhir_mappings.references import NOWHERE
from tests.discharge.medication.lines import AT, DOCTOR, GP, HOSPITAL, PRACTICE, dose, medicine, stated, tables

CONTACT = EncounterId("encounter-1")
TASK = TaskId("task-1")
BEFORE, AFTER, NOW = Column.BEFORE, Column.AT_DISCHARGE, Column.NOW


def record(*lists: MedicationList) -> MedicationReconciliation:
    made = MedicationReconciliation(stay_id=StayId("stay-1"), patient_id=PatientId("patient-1"), version=3)
    numbers = itertools.count(1)
    for each in lists:
        made = made.with_list(each, lambda: f"id-{next(numbers)}")
    return made


def of(*lists: MedicationList) -> Any:
    """The only line of the table."""
    made = record(*lists)
    (line_id,) = made.lines
    return statement_resource(made, line_id, encounter_id=CONTACT, tasks=(TASK,))


def read(resource: Any) -> MedicationLine:
    return read_line(Element("MedicationStatement", resource), line_id="", resolve=lambda _: NOWHERE)


def said(resource: Any, url: str) -> dict[str, Any]:
    """The parts of an extension, each by its name."""
    (extension,) = [each for each in resource["extension"] if each["url"] == url]
    return {
        part["url"]: next(value for name, value in part.items() if name != "url") for part in extension["extension"]
    }


def test_a_line_that_goes_on_reads_as_the_contract_says() -> None:
    again = stated(AFTER, medicine(change=Change.UNCHANGED), as_of=AT)
    resource = of(stated(BEFORE, medicine()), again)

    assert resource["id"] == "id-1"
    assert re.fullmatch(r"3-[a-p]{8}-[a-p]{32}", resource["meta"]["versionId"])
    assert resource["status"] == "active"
    assert resource["medicationCodeableConcept"] == {
        "coding": [{"system": ATC, "code": "C07AB02"}],
        "text": "Metoprolol",
    }
    assert resource["subject"] == {"reference": "Patient/patient-1"}
    assert resource["context"] == {"reference": "Encounter/encounter-1"}
    assert resource["derivedFrom"] == [{"reference": "#before-1"}, {"reference": "#at-discharge-1"}]
    assert said(resource, RECONCILIATION) == {
        "change": "unchanged",
        "basis": "code",
        "guessed": False,
        "signed": False,
        "state": "open",
        "part-of": {"reference": "Task/task-1"},
    }
    assert "Metoprolol, 50 mg, tablet" in resource["text"]["div"]
    r4.require_shape(resource)


def test_each_list_stands_inside_with_its_age_and_whose_it_is() -> None:
    resource = of(
        stated(BEFORE, medicine(), as_of=AT - timedelta(days=1)),
        stated(NOW, medicine(dosage=(dose("2"),)), source=PRACTICE),
    )

    before, now = resource["contained"]
    assert (before["id"], before["category"]["coding"][0]["code"]) == ("before-1", "before")
    assert (before["dateAsserted"], now["dateAsserted"]) == ("2026-11-19T10:00:00Z", "2026-11-20T10:00:00Z")
    assert now["informationSource"]["identifier"]["value"] == PRACTICE
    assert [each["dosage"][0]["doseAndRate"][0]["doseQuantity"]["value"] for each in (before, now)] == [1, 2]


def test_what_the_list_says_of_a_change_stands_on_its_own_line() -> None:
    resource = of(stated(BEFORE, medicine()), stated(AFTER, medicine(change=Change.STOPPED, status=LineStatus.STOPPED)))

    before, after = map(read, resource["contained"])
    assert (before.change, after.change) == (None, Change.STOPPED)
    assert (read(resource).change, resource["status"]) == (Change.STOPPED, "stopped")


@pytest.mark.parametrize(
    ("lists", "status", "doubt"),
    [
        ((stated(BEFORE, medicine()),), "unknown", "no-list-at-discharge"),
        ((stated(BEFORE, medicine()), stated(AFTER)), "unknown", "not-mentioned"),
        ((stated(NOW, medicine()),), "active", "only-now"),
        ((stated(AFTER, medicine()),), "active", "no-list-before"),
        ((stated(AFTER, medicine(status=LineStatus.ENDED)),), "completed", "course-ended"),
        ((stated(AFTER, medicine(change=Change.STOPPED)),), "unknown", "contradiction"),
        ((stated(BEFORE), stated(AFTER, medicine(status=LineStatus.PAUSED))), "on-hold", None),
    ],
)
def test_what_nobody_can_tell_is_not_told(lists: tuple[MedicationList, ...], status: str, doubt: str | None) -> None:
    resource = of(*lists)

    assert resource["status"] == status
    assert said(resource, RECONCILIATION).get("doubt") == doubt


def test_a_copy_of_what_a_withdrawn_document_said_is_not_told_as_taken() -> None:
    letter = stated(AFTER, medicine(), origin=ListOrigin.DOCUMENT, documents=("letter",))
    copied = stated(AFTER, medicine(copied_from=letter.lines[0].id), replaces=letter.id)
    made = record(letter, copied).with_documents([], lambda: "id", ["letter"])
    (line_id,) = made.lines

    resource = statement_resource(made, line_id, encounter_id=CONTACT, tasks=(TASK,))

    assert resource["status"] == "unknown"
    assert said(resource, RECONCILIATION)["doubt"] == "source-withdrawn"


def test_a_line_without_product_says_so_and_reads_as_nameless_again() -> None:
    resource = of(stated(AFTER, medicine(None, None)))

    assert "product not included" in resource["medicationCodeableConcept"]["text"]
    assert read(resource).is_nameless
    r4.require_shape(resource)


def test_medicine_in_words_alone_is_a_statement_that_says_where_it_stands() -> None:
    words = stated(AFTER, saying=Saying.NOT_KNOWN, text="Metoprolol 50 mg x 1")
    resource = of(words)

    concept = resource["medicationCodeableConcept"]
    assert concept["extension"][0]["valueCode"] == "as-text"
    assert "medication in words" in concept["text"]
    assert resource["status"] == "unknown"
    assert said(resource, RECONCILIATION)["doubt"] == "in-words"
    assert "Metoprolol 50 mg x 1" in resource["text"]["div"]
    assert (read(resource).name, read(resource).instruction) == (None, words.text)
    r4.require_shape(resource)


def test_of_several_who_say_what_is_taken_now_each_is_named() -> None:
    practice = stated(NOW, medicine(), source=PRACTICE)
    hospital = stated(NOW, medicine(), origin=ListOrigin.SYSTEM)

    resource = of(stated(AFTER, medicine()), practice, hospital)

    sources = [each["informationSource"]["identifier"]["value"] for each in resource["contained"]]
    assert sources == [HOSPITAL, HOSPITAL, PRACTICE]


def test_a_signed_line_says_so_as_long_as_it_stands_as_it_was_signed() -> None:
    made = record(stated(BEFORE, medicine()))
    (line_id,) = made.lines
    shown = {each: line.fingerprint for each, line in made.lines.items()}
    signed = made.signed(SignOff(by=DOCTOR, at=AT, shown=shown))
    later = signed.with_list(stated(AFTER, medicine(dosage=(dose("2"),))), lambda: "id-9")

    for each, stands in ((signed, True), (later, False)):
        resource = statement_resource(each, line_id, encounter_id=CONTACT)
        assert said(resource, RECONCILIATION)["signed"] is stands


def test_a_decision_is_shown_with_question_and_answer() -> None:
    made = record(stated(AFTER, medicine()))
    (line_id,) = made.lines
    asked = made.decided([decision(made, line_id, Verdict.ASK, "Hvor længe?")])
    later = AT + timedelta(hours=1)
    answered = asked.answered(Answer(line_id=line_id, text="Fire uger", by=DOCTOR, organization=HOSPITAL, at=later))
    agreed = asked.decided([decision(made, line_id, Verdict.AGREE)])

    shown = [said(statement_resource(each, line_id, encounter_id=CONTACT), DECISION) for each in (asked, answered)]
    by = {"identifier": {"system": "urn:stafet:person", "value": GP.id}, "display": GP.name}
    assert shown[0] == {"code": "ask", "at": "2026-11-20T10:00:00Z", "by": by, "reason": "Hvor længe?"}
    assert shown[1] == shown[0] | {"answer": "Fire uger"}
    assert said(statement_resource(agreed, line_id, encounter_id=CONTACT), DECISION).keys() == {"code", "at", "by"}


def decision(made: MedicationReconciliation, line_id: LineId, verdict: Verdict, reason: str | None = None) -> Decision:
    shown = made.lines[line_id].fingerprint
    return Decision(line_id=line_id, verdict=verdict, by=GP, organization=PRACTICE, at=AT, shown=shown, reason=reason)


@pytest.mark.parametrize(
    ("row", "repeat"),
    [
        (dose("1", times="3"), {"frequency": 3, "period": 1, "periodUnit": "d"}),
        (dose("1", times="0.5"), {"frequency": 1, "period": 2, "periodUnit": "d"}),
        (dose("1", days="3.5"), {"frequency": 1, "period": 3.5, "periodUnit": "d"}),
        (
            DoseRow(text="x", length="3 d"),
            {"boundsDuration": {"value": 3, "unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}},
        ),
        (DoseRow(text="x", length="2 uger"), {"boundsDuration": {"value": 2, "unit": "uger"}}),
        (DoseRow(text="x", length="indtil videre"), None),
        (dose("1", days="0"), None),
        (dose("1", times="0"), None),
    ],
)
def test_how_often_is_a_whole_number_in_fhir(row: DoseRow, repeat: dict[str, Any] | None) -> None:
    resource = of(stated(AFTER, medicine(dosage=(row,))))

    assert resource["dosage"][0].get("timing", {}).get("repeat") == repeat
    r4.require_shape(resource)


def test_as_needed_is_said_with_or_without_what_for() -> None:
    resource = of(
        stated(AFTER, medicine(dosage=(DoseRow(as_needed=True), DoseRow(as_needed=True, as_needed_for="smerter"))))
    )

    assert [row.as_needed_for for row in read(resource).dosage] == [None, "smerter"]
    assert resource["dosage"][0]["asNeededBoolean"] is True


@pytest.mark.parametrize(
    ("changes", "dosage"),
    [
        ({"dosage_text": "efter skema"}, [{"text": "efter skema", "route": {"text": "oral"}}]),
        ({}, [{"route": {"text": "oral"}}]),
        ({"route": None}, None),
    ],
)
def test_without_rows_the_words_and_the_route_are_still_said(
    changes: dict[str, Any], dosage: list[dict[str, Any]] | None
) -> None:
    resource = of(stated(AFTER, medicine(dosage=(), **changes)))

    assert resource.get("dosage") == dosage


EACH = Maximum(Quantity(Decimal(2), "tablet"))
IN_A_DAY = Maximum(Quantity(Decimal("4.5"), "g"), Quantity(Decimal(1), "d"))
IN_A_ROUND = Maximum(Quantity(Decimal(1), "1"), Quantity(Decimal(3), "omgange"))
_texts = st.none() | st.sampled_from(["Pinex", "1 tablet morgen", "smerter", "æøå <b>"])
_amounts = st.decimals(min_value=Decimal("0.001"), max_value=Decimal(5000), places=3)
_rows = st.builds(
    DoseRow,
    text=st.sampled_from(["1 tablet", "efter behov"]),
    sequence=st.integers(1, 3),
    dose=st.none() | st.builds(Quantity, _amounts, st.sampled_from(["mg", "tablet", "1"])),
    times=st.just(Decimal(3)),
    days=st.sampled_from([Decimal(1), Decimal(7), Decimal("3.5")]),
    as_needed=st.just(value=True),
    as_needed_for=_texts,
    length=st.sampled_from([None, "3 d", "1.5 wk", "2 uger", "2 hele uger", "2026-11..2026-12-01", "..2026-12-01"]),
    maxima=st.sampled_from([(), (EACH,), (IN_A_DAY,), (EACH, IN_A_DAY), (EACH, IN_A_ROUND)]),
    beside=st.sampled_from([(), ("aften",), ("ved sengetid, aften", "Stop ved <diarré>")]),
)
_numbers = st.frozensets(st.tuples(st.sampled_from(["urn:a", "urn:b"]), st.sampled_from(["1", "2"])), max_size=2)
_lines = st.builds(
    MedicationLine,
    id=st.just(""),
    name=st.sampled_from(["Pinex", "Panodil 500 mg"]),
    codes=st.sampled_from(
        [(), (Coding(ATC, "N02BE01", "Paracetamol"), Coding(None, "7")), (Coding("urn:local", "7"),)]
    ),
    orders=_numbers,
    products=_numbers,
    strength=_texts,
    form=_texts,
    route=_texts,
    dosage=st.lists(_rows, min_size=1, max_size=3).map(tuple),
    dosage_text=_texts,
    status=st.sampled_from(LineStatus),
    begins=st.none() | st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    ends=st.none() | st.dates(date(1900, 1, 1), date(2199, 12, 31)),
    indication=_texts,
    change=st.none() | st.sampled_from([change for change in Change if change is not Change.UNCLEAR]),
    change_reason=_texts,
    note=_texts,
)


@given(_lines)
def test_what_a_list_says_is_read_again_as_it_was_said(line: MedicationLine) -> None:
    resource = of(stated(AFTER, replace(line, id="line-1")))

    (own,) = map(read, resource["contained"])
    assert own == line
    assert replace(read(resource), status=line.status, change=line.change) == line


@settings(max_examples=25)
@given(tables())
def test_every_line_of_every_table_is_a_fhir_statement_that_keeps_each_list(lists: list[MedicationList]) -> None:
    made = record(*lists)

    for line_id, line in made.lines.items():
        resource: Any = statement_resource(made, line_id, encounter_id=CONTACT)
        r4.model_of("MedicationStatement").model_validate(resource)
        kept = [(read(each).name, read(each).codes, read(each).instruction) for each in resource["contained"]]
        assert kept == [(each.name, each.codes, each.instruction) for each in line.joined.all_lines]


def test_comments_stand_as_notes_with_author_role_and_time_behind_the_lines_own() -> None:
    made = record(stated(AFTER, medicine(note="Knuses")))
    (line_id,) = made.lines
    first, second = (
        Comment(line_id=line_id, text=text, by=DOCTOR, role=role, organization=HOSPITAL, at=AT + timedelta(hours=hours))
        for text, role, hours in (("Kan ikke knuses", Role.PHARMACIST, 1), ("Findes som mikstur", Role.GP, 2))
    )
    for each in (first, second):
        made = replace(made.commented(each), version=made.version + 1)

    resource: Any = statement_resource(made, line_id, encounter_id=CONTACT)

    assert resource["note"] == [
        {"text": "Knuses"},
        {"authorString": f"{DOCTOR.name}, pharmacist", "time": write_instant(first.at), "text": "Kan ikke knuses"},
        {"authorString": f"{DOCTOR.name}, gp", "time": write_instant(second.at), "text": "Findes som mikstur"},
    ]
    assert all("authorString" not in str(each) for each in resource["contained"])
    r4.require_shape(resource)


def test_a_line_without_note_or_comment_has_no_note() -> None:
    made = record(stated(AFTER, medicine()))
    (line_id,) = made.lines
    comment = Comment(line_id=line_id, text="Se på det", by=GP, role=Role.GP, organization=PRACTICE, at=AT)

    bare, commented = (
        statement_resource(each, line_id, encounter_id=CONTACT) for each in (made, made.commented(comment))
    )

    assert "note" not in bare
    assert commented["note"] == [{"authorString": f"{GP.name}, gp", "time": write_instant(AT), "text": "Se på det"}]


@pytest.mark.parametrize("row", [dose("1e30"), dose("-1e300"), dose("1", times="24000000000000000"), dose("3e9")])
def test_what_no_number_of_fhir_can_hold_breaks_no_answer(row: DoseRow) -> None:
    resource = of(stated(AFTER, medicine(dosage=(row,))))

    (written,) = resource["dosage"]
    assert "frequency" not in written.get("timing", {}).get("repeat", {}) or row.times == 1
    assert orjson.loads(orjson.dumps(resource)) == resource


def test_a_duty_that_is_made_later_is_another_version_of_the_line() -> None:
    made = record(stated(AFTER, medicine()))
    (line_id,) = made.lines

    before = version_of(made, line_id, encounter_id=CONTACT)
    after = version_of(made, line_id, encounter_id=CONTACT, tasks=(TASK,))

    assert before != after
    assert shown_in(before) == shown_in(after) == made.lines[line_id].fingerprint
