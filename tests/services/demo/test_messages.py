from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from discharge.directory import Directory
from discharge.identifiers import SorCode
from discharge.stay import EncounterClass, NoticeKind
from fhir_mappings.medcom.intake import NoticeRead, read_message
from services.demo.messages import Notification
from services.demo.seed import master_file
from services.persistence.master_files import read_organizations

DIRECTORY = Directory.of(read_organizations(master_file("organizations.json")))
NOW = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
EPISODE = "11111111-1111-4111-8111-111111111111"


def notification(kind: NoticeKind = NoticeKind.STIN, **changes: Any) -> Notification:
    made = Notification(
        kind=kind,
        message_id="21111111-1111-4111-8111-111111111111",
        bundle_id="31111111-1111-4111-8111-111111111111",
        cpr="1402420004",
        family="Prøvesen",
        given=("Agnete",),
        sender=DIRECTORY[SorCode("999000000001000")],
        receiver=DIRECTORY[SorCode("999000000002000")],
        provider=DIRECTORY[SorCode("999000000001001")],
        episode=EPISODE,
        started_at=NOW - timedelta(days=1),
        ended_at=NOW if kind is NoticeKind.SLHJ else None,
        occurred_at=NOW,
        report_requested=True,
    )
    return replace(made, **changes)


def read(message: Notification) -> NoticeRead:
    found = read_message(message.body(), now=NOW)
    assert isinstance(found, NoticeRead), found
    return found


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_is_built_keeps_every_rule(kind: NoticeKind) -> None:
    is_leave = kind.base in {NoticeKind.STOR, NoticeKind.SLOR}
    is_death = kind.base is NoticeKind.MORS
    ends = kind.base in {NoticeKind.SLHJ, NoticeKind.MORS} and not kind.cancels
    found = read(notification(kind, leave_started_at=NOW if is_leave else None, ended_at=NOW if ends else None))

    assert found.warnings == ()
    assert found.notice.deceased is (not kind.cancels if is_death else None)
    # A death repeats the activity of the message before it, or says how the patient came.
    assert found.notice.kind is (NoticeKind.STIN if is_death else kind)
    assert found.notice.episodes[0].value == EPISODE
    assert found.notice.service_provider == "999000000001001"
    assert found.envelope.receiver == "999000000002000"


def test_an_acute_stay_ends_as_one() -> None:
    found = read(notification(NoticeKind.SLHJ, encounter_class=EncounterClass.EMERGENCY))

    assert found.notice.encounter_class is EncounterClass.EMERGENCY
    assert found.warnings == ()


def test_a_later_message_names_the_earlier_ones() -> None:
    first = notification()
    second = notification(
        NoticeKind.SLHJ,
        message_id="41111111-1111-4111-8111-111111111111",
        history=(first.sent,),
        report_requested=False,
    )

    assert read(second).notice.history == (first.message_id,)
    assert not read(second).notice.report_requested


def test_the_sender_may_be_the_ward_itself() -> None:
    alone = notification(sender=DIRECTORY[SorCode("265161000016000")], provider=None, given=())

    assert read(alone).notice.service_provider == "265161000016000"
    assert read(alone).notice.given == ()


def test_the_same_message_sent_again_is_known_as_the_same() -> None:
    first = notification()
    again = first.again(bundle_id="51111111-1111-4111-8111-111111111111", at=NOW + timedelta(minutes=1))

    assert read(again).envelope.fingerprint == read(first).envelope.fingerprint
    assert read(again).envelope.bundle_id != read(first).envelope.bundle_id
