from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discharge.commands import ReceiptCode
from discharge.identifiers import CprNumber, EpisodeOfCareId
from discharge.stay import EncounterClass, NoticeKind
from fhir_mappings.errors import JsonTextError, MappingError, NotAMessageError, TooCostlyError
from fhir_mappings.medcom.intake import LetterRead, NoticeRead, Read, ReceiptRead, Refused, read_message
from tests.fhir_mappings.messages import (
    CPR,
    HOSPITAL,
    MUNICIPALITY,
    NOW,
    WARD,
    Message,
    acknowledgement,
    body,
    edited,
    notification,
    of_type,
    provenance,
)

EXAMPLES = Path(__file__).parents[4] / "shared" / "medcom" / "examples"
PUBLISHED = sorted(EXAMPLES.glob("*.json"))
FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "fhir").glob("*.json"))


def read(message: Message) -> Read:
    return read_message(body(message), now=NOW)


def notice_of(message: Message) -> NoticeRead:
    found = read(message)
    assert isinstance(found, NoticeRead)
    return found


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


# Structure, found by the R4 models where no rule of ours speaks.
@pytest.mark.parametrize(
    ("edit", "expression", "code", "detail"),
    [
        (lambda m: m["entry"].append(7), "Bundle.entry[7].resource.resourceType", "structure", "MSG_UNKNOWN_TYPE"),
        (lambda m: m["entry"].append({}), "Bundle.entry[7].resource.resourceType", "structure", "MSG_UNKNOWN_TYPE"),
        (lambda m: m.update(foo=1), "Bundle.foo", "structure", "MSG_BAD_FORMAT"),
        (lambda m: m.update({"0404509995": 1}), "Bundle", "structure", "MSG_BAD_FORMAT"),
        (
            lambda m: of_type(m, "Patient").update(birthDate="2026-13-45"),
            "Bundle.entry[1].resource.birthDate",
            "structure",
            "MSG_Datatype_Wrong",
        ),
        (
            lambda m: of_type(m, "Patient").update(text=5),
            "Bundle.entry[1].resource.text",
            "structure",
            "MSG_Datatype_Wrong",
        ),
        (
            lambda m: of_type(m, "Patient").update(contained=[{"resourceType": "Nonsense"}]),
            "Bundle.entry[1].resource.resourceType",
            "structure",
            "MSG_UNKNOWN_TYPE",
        ),
        (
            lambda m: m["entry"].append({"resource": {"resourceType": "Nonsense", "id": "x"}}),
            "Bundle.entry[7].resource.resourceType",
            "structure",
            "MSG_UNKNOWN_TYPE",
        ),
        (
            lambda m: of_type(m, "Provenance")["agent"][0].pop("who"),
            "Bundle.entry[6].resource.agent[0].who",
            "required",
            None,
        ),
        (
            lambda m: of_type(m, "Patient")["name"][0].update(period={"start": "2026-11-18T09:30:00"}),
            "Bundle.entry[1].resource.name[0].period.start",
            "value",
            "MSG_DATE_FORMAT",
        ),
    ],
)
def test_broken_structure_is_refused_and_named(
    edit: Callable[[Message], object], expression: str, code: str, detail: str | None
) -> None:
    found = read(edited(edit))

    assert isinstance(found, Refused)
    assert (expression, code, detail) in {(i.expression, i.code, i.detail) for i in found.issues}


# Before the acknowledgement point.
@pytest.mark.parametrize(
    ("edit", "code", "detail"),
    [
        (lambda m: m.update(type="batch"), "invalid", "MSG_PARAM_INVALID"),
        (lambda m: m.pop("type"), "invalid", "MSG_PARAM_INVALID"),
        (lambda m: m.pop("id"), "required", "MSG_RESOURCE_ID_MISSING"),
        (lambda m: m.update(id=""), "required", "MSG_RESOURCE_ID_MISSING"),
        (lambda m: m.update(id="x" * 65), "value", "MSG_ID_TOO_LONG"),
        (lambda m: m.update(id="bad id"), "value", "MSG_ID_INVALID"),
        (lambda m: m.update(id="ærø"), "value", "MSG_ID_INVALID"),
        (lambda m: m.update(id="x\n"), "value", "MSG_ID_INVALID"),
        (lambda m: m.update(id=7), "value", "MSG_ID_INVALID"),
        (lambda m: m.pop("entry"), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m.update(entry=[]), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m.update(entry=[7]), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m["entry"].append(m["entry"].pop(0)), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: m["entry"].append(m["entry"][0]), "invalid", "MSG_RESOURCE_REQUIRED"),
        (lambda m: of_type(m, "MessageHeader").pop("id"), "required", "MSG_RESOURCE_ID_MISSING"),
        (lambda m: of_type(m, "MessageHeader").update(id="x" * 65), "value", "MSG_ID_TOO_LONG"),
        (lambda m: of_type(m, "MessageHeader").pop("sender"), "required", "MSG_RESOURCE_REQUIRED"),
        (
            lambda m: (of_type(m, "MessageHeader").pop("sender"), of_type(m, "MessageHeader").pop("source")),
            "required",
            "MSG_RESOURCE_REQUIRED",
        ),
        (
            lambda m: (
                of_type(m, "MessageHeader").pop("sender"),
                of_type(m, "MessageHeader")["source"].update(endpoint="https://sor2.sum.dsdn.dk/#id=1"),
            ),
            "required",
            "MSG_RESOURCE_REQUIRED",
        ),
    ],
)
def test_what_cannot_be_acknowledged_is_no_message(edit: Callable[[Message], object], code: str, detail: str) -> None:
    with pytest.raises(NotAMessageError) as caught:
        read(edited(edit))

    assert (caught.value.issue.code, caught.value.issue.detail) == (code, detail)
    assert caught.value.issue.expression is not None


def test_another_resource_is_no_message() -> None:
    with pytest.raises(JsonTextError) as caught:
        read({"resourceType": "Patient"})

    assert caught.value.issue.detail == "MSG_RESOURCE_TYPE_MISMATCH"


def test_a_thousand_entries_are_taken_and_one_more_is_too_costly() -> None:
    def fill(message: Message, size: int) -> None:
        extra = size - len(message["entry"])
        more = ({"resourceType": "Organization", "id": f"o{number}", "name": "x"} for number in range(extra))
        message["entry"] += [{"resource": each} for each in more]

    assert isinstance(read(edited(lambda m: fill(m, 1000))), NoticeRead)
    with pytest.raises(TooCostlyError) as caught:
        read(edited(lambda m: fill(m, 1001)))
    assert caught.value.issue.code == "too-costly"


# Fingerprints.
@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m.update(id="another-sending", timestamp="2026-11-20T12:10:05+01:00"),
        lambda m: of_type(m, "Provenance").update(
            occurredDateTime="2026-11-20T11:10:10Z", recorded="2026-11-20T11:10:10Z", text={"status": "generated"}
        ),
        lambda m: m["entry"].append(m["entry"].pop(1)),
    ],
)
def test_a_resend_has_the_same_fingerprint(edit: Callable[[Message], object]) -> None:
    first, again = read(notification()), read(edited(edit))

    assert first.envelope.fingerprint == again.envelope.fingerprint
    assert len(first.envelope.fingerprint) == 32


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: of_type(m, "Patient")["name"][0].update(family="Jensen"),
        lambda m: of_type(m, "Encounter")["period"].update(start="2026-11-18T09:31:00+01:00"),
        lambda m: of_type(m, "Provenance")["activity"]["coding"][0].update(code="admit-emergency"),
        lambda m: m.update(language="da"),
        lambda m: m["entry"].append({}),
    ],
)
def test_other_content_has_another_fingerprint(edit: Callable[[Message], object]) -> None:
    assert read(notification()).envelope.fingerprint != read(edited(edit)).envelope.fingerprint


# Receipts.
@pytest.mark.parametrize(
    ("message", "answers", "code"),
    [
        (acknowledgement(), "header-stin-1", ReceiptCode.OK),
        (acknowledgement(code="fatal-error"), "header-stin-1", ReceiptCode.FATAL_ERROR),
        (acknowledgement(answers="MessageHeader/header-stin-1"), "header-stin-1", ReceiptCode.OK),
        (acknowledgement(answers=None), "header-from-provenance", ReceiptCode.OK),
        (acknowledgement(code="perhaps"), "header-stin-1", None),
        (
            edited(lambda m: m["entry"].pop(), acknowledgement(answers=None)),
            None,
            ReceiptCode.OK,
        ),
        (
            edited(lambda m: of_type(m, "Provenance").pop("entity"), acknowledgement(answers=None)),
            None,
            ReceiptCode.OK,
        ),
    ],
)
def test_a_receipt_is_read_and_never_refused(message: Message, answers: str | None, code: ReceiptCode | None) -> None:
    found = read(message)

    assert isinstance(found, ReceiptRead)
    assert (found.answers, found.code) == (answers, code)


# Everything at once.
def test_published_messages_are_handled_as_expected() -> None:
    """Those that lie beside the checkout, if any do: a list of parameters that may be empty would be a skip."""
    for path in PUBLISHED:
        _handled_as_expected(path)


def _handled_as_expected(path: Path) -> None:
    found = read_message(path.read_bytes(), now=NOW)
    name = path.stem
    if name.startswith("ack-"):
        assert isinstance(found, ReceiptRead)
        assert found.answers is not None
        assert found.code is not None
        assert found.broken == ()
    elif name.startswith("cc-"):
        assert isinstance(found, LetterRead)
    else:
        assert isinstance(found, NoticeRead)
        named = [kind for kind in NoticeKind if f"-{kind}" in name]
        assert found.notice.deceased if "MORS" in name else not named or found.notice.kind in named


def test_a_time_of_death_says_that_the_patient_is_dead() -> None:
    message = edited(lambda m: of_type(m, "Patient").update(deceasedDateTime="2026-11-20T11:00:00Z"))

    assert notice_of(message).notice.deceased is True


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture_files_are_what_the_factory_makes(path: Path) -> None:
    kind = path.stem.upper()

    assert orjson.loads(path.read_bytes()) == notification(kind, report=kind == "STIN")


_SEEDS = [body(notification(kind)) for kind in ("STIN", "STAA", "SLHJ", "STOR", "MORS")] + [body(acknowledgement())]


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(_SEEDS),
    st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 3), st.binary(min_size=1, max_size=6)), max_size=6),
)
def test_changed_bytes_never_raise_anything_but_our_errors(seed: bytes, changes: list[tuple[int, int, bytes]]) -> None:
    mutated = seed
    for place, length, piece in changes:
        at = place % len(mutated)
        mutated = mutated[:at] + piece + mutated[at + length :]
    found = _outcome(mutated)
    assert "0404509995" not in repr(found.issues if isinstance(found, Refused | MappingError) else ())
    if isinstance(found, Refused):
        assert any(issue.severity == "error" for issue in found.issues)


_NAMES = ("id", "reference", "resourceType", "extension", "url", "contained", "system", "value", "x")
_TEXTS = ("", "x", "Patient", "2026-11-20", "Organization/ward")
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(_TEXTS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(_SEEDS), st.lists(st.tuples(st.integers(0, 500), _JSON), min_size=1, max_size=4))
def test_changed_values_never_raise_anything_but_our_errors(seed: bytes, changes: list[tuple[int, object]]) -> None:
    message = orjson.loads(seed)
    for number, value in changes:
        places = list(_places(message))
        if not places:
            break
        container, key = places[number % len(places)]
        container[key] = value
    _outcome(orjson.dumps(message))


def _outcome(message: bytes) -> Read | MappingError:
    try:
        return read_message(message, now=NOW)
    except MappingError as error:
        return error


def _places(value: object) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        found.append((value, key))
        found += _places(inner)
    return found
