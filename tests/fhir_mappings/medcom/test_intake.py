"""What a sound message says, as the domain takes it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from discharge.identifiers import CprNumber, EpisodeOfCareId
from discharge.stay import EncounterClass, NoticeKind
from fhir_mappings.medcom.intake import Refused
from tests.fhir_mappings.medcom.reading import notice_of, read
from tests.fhir_mappings.messages import (
    CPR,
    HOSPITAL,
    MUNICIPALITY,
    WARD,
    Message,
    body,
    edited,
    notification,
    of_type,
    provenance,
)


def test_an_admission_becomes_a_notice() -> None:
    found = notice_of(notification("STIN", report=True))

    notice = found.notice
    assert notice.kind is NoticeKind.STIN
    assert notice.cpr == CprNumber(CPR)
    assert (notice.family, notice.given) == ("Sørensen", ("Åse",))
    assert notice.episodes == (
        EpisodeOfCareId(f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}", "urn:uuid:6f1c2c1e-0d7a-4b6e-9a51-000000000001"),
    )
    assert notice.encounter_class is EncounterClass.INPATIENT
    assert notice.started_at == datetime(2026, 11, 18, 8, 30, tzinfo=UTC)
    assert notice.ended_at is None
    assert notice.service_provider == WARD
    assert notice.occurred_at == datetime(2026, 11, 20, 10, 40, 10, tzinfo=UTC)
    assert notice.report_requested
    assert notice.history == ()


def test_an_emergency_visit_becomes_a_notice() -> None:
    notice = notice_of(notification("STAA")).notice

    assert (notice.kind, notice.encounter_class) == (NoticeKind.STAA, EncounterClass.EMERGENCY)
    assert not notice.report_requested


@pytest.mark.parametrize("activity", ["discharge-inpatient-home", "discharge-emergency-home"])
def test_a_discharge_becomes_a_notice_with_its_end(activity: str) -> None:
    message = notification("SLHJ")
    of_type(message, "Provenance")["activity"]["coding"][0]["code"] = activity

    notice = notice_of(message).notice

    assert notice.kind is NoticeKind.SLHJ
    assert notice.ended_at == datetime(2026, 11, 20, 10, 40, tzinfo=UTC)


def test_an_end_in_an_admission_is_not_believed() -> None:
    message = edited(lambda m: of_type(m, "Encounter")["period"].update(end="2026-11-20T09:00:00Z"))

    assert notice_of(message).notice.ended_at is None


def test_the_activity_decides_whatever_status_and_class_say() -> None:
    def contradict(message: Message) -> None:
        of_type(message, "Encounter")["status"] = "in-progress"
        of_type(message, "Encounter")["class"]["code"] = "EMER"

    message = edited(contradict, notification("SLHJ"))

    found = notice_of(message)

    assert found.notice.kind is NoticeKind.SLHJ
    assert found.notice.encounter_class is EncounterClass.EMERGENCY
    assert {issue.rule for issue in found.warnings} == {"stafet-status-fits", "stafet-class-fits"}


def test_the_envelope_says_who_writes_to_whom() -> None:
    message = notification()

    envelope = notice_of(message).envelope

    assert (envelope.bundle_id, envelope.message_id) == ("bundle-stin-1", "header-stin-1")
    assert (envelope.sender, envelope.receiver) == (HOSPITAL, MUNICIPALITY)
    assert envelope.sender_gln is not None
    assert envelope.receiver_gln is not None
    assert envelope.sender_endpoint == f"https://sor2.sum.dsdn.dk/#id={HOSPITAL}"
    assert envelope.event_code == "hospital-notification-message"
    assert envelope.body == body(message)


def test_the_receiver_of_a_refused_message_is_read_from_the_endpoint_when_nothing_else_names_it() -> None:
    found = read(edited(lambda m: of_type(m, "MessageHeader")["destination"][0].pop("receiver")))

    assert isinstance(found, Refused)
    assert found.envelope.receiver == MUNICIPALITY


def test_a_sender_that_is_not_sent_along_is_read_from_the_endpoint() -> None:
    found = read(edited(lambda m: of_type(m, "MessageHeader")["sender"].update(reference="Organization/nowhere")))

    assert isinstance(found, Refused)
    assert found.envelope.sender == HOSPITAL
    assert found.envelope.sender_gln is None


def _history(message: Message) -> None:
    of_type(message, "Provenance")["entity"] = [
        {"role": "revision", "what": {"reference": "https://x.example/MessageHeader/first"}},
        {"role": "source", "what": {"identifier": {"value": "x"}}},
    ]
    older = provenance("older", "first", "admit-emergency", after=-timedelta(days=2))
    older["entity"] = [{"role": "source", "what": {"reference": "MessageHeader/zeroth"}}]
    message["entry"].insert(1, {"resource": older})


def test_history_names_each_earlier_message_once() -> None:
    found = notice_of(edited(_history))

    assert found.notice.kind is NoticeKind.STIN
    assert found.notice.history == ("first", "zeroth")


def test_the_latest_of_several_own_provenances_counts() -> None:
    def add(message: Message) -> None:
        later = provenance("later", "header-stin-1", "discharge-inpatient-home", after=timedelta(minutes=5))
        message["entry"].append({"resource": later})
        of_type(message, "Encounter")["period"]["end"] = "2026-11-20T10:00:00Z"
        of_type(message, "Encounter")["status"] = "finished"

    assert notice_of(edited(add)).notice.kind is NoticeKind.SLHJ


@pytest.mark.parametrize(
    ("family", "kept"),
    [
        ("So\u0308rensen\u0301", "Sörenseń"),
        ("A\u030ase Bja\u030alby", "Åse Bjålby"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("\u202enesnerøS", "\u202enesnerøS"),
        ("x" * 1000, "x" * 1000),
        ("Z\u0351\u036b\u0343" * 20, None),
        ("  Sørensen ", "Sørensen"),
    ],
)
def test_any_name_is_taken_and_normalised(family: str, kept: str | None) -> None:
    found = notice_of(edited(lambda m: of_type(m, "Patient")["name"][0].update(family=family)))

    assert found.notice.family is not None
    assert kept is None or found.notice.family == kept


def test_a_withheld_family_name_is_none() -> None:
    def withhold(message: Message) -> None:
        reason = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}
        of_type(message, "Patient")["name"] = [{"use": "official", "_family": {"extension": [reason]}}]

    notice = notice_of(edited(withhold)).notice

    assert (notice.family, notice.given) == (None, ())


def test_the_official_name_counts_and_must_be_there() -> None:
    both = edited(lambda m: of_type(m, "Patient")["name"].insert(0, {"use": "nickname", "family": "Sille"}))
    other = edited(lambda m: of_type(m, "Patient").update(name=[{"family": "Sille"}]))

    assert notice_of(both).notice.family == "Sørensen"
    assert isinstance(read(other), Refused)


def test_an_unsupported_type_of_message_is_refused_with_nothing_else_said() -> None:
    message = edited(lambda m: of_type(m, "MessageHeader")["eventCoding"].update(code="empty-message"))
    of_type(message, "Encounter").pop("class")

    found = read(message)

    assert isinstance(found, Refused)
    [issue] = found.issues
    assert issue.code == "not-supported"
    assert "an empty message" in issue.text
    assert found.cpr == CprNumber(CPR)


def test_an_unreadable_number_leaves_the_refusal_without_one() -> None:
    found = read(edited(lambda m: of_type(m, "Patient")["identifier"][0].update(value="404509995")))

    assert isinstance(found, Refused)
    assert found.cpr is None


def test_a_time_of_death_says_that_the_patient_is_dead() -> None:
    message = edited(lambda m: of_type(m, "Patient").update(deceasedDateTime="2026-11-20T11:00:00Z"))

    assert notice_of(message).notice.deceased is True
