"""Small builders: a little Denmark, its people, and what happens to them.

Every function takes only what a test wants to be different. Organisations are constants here, so
that a test reads ``owner == NORTH``.
"""

import copy
import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from discharge.agreement import HealthAgreement
from discharge.agreement_format import parse_agreement
from discharge.commands import BeginStay, Envelope, MoveTask, Notice, ReceiveNotice, RevisePlan
from discharge.directory import Directory, Organization, OrganizationKind
from discharge.identifiers import (
    BundleId,
    CprNumber,
    EncounterId,
    EpisodeOfCareId,
    MessageId,
    PatientId,
    PersonId,
    SorCode,
    StayId,
    TaskId,
)
from discharge.notices import FiledNotice
from discharge.patient import Patient
from discharge.policy import Caller, ContentClass, Role
from discharge.stay import Encounter, EncounterClass, NoticeKind, Party, PartyBasis, Stay, StayState
from discharge.task import HandoverTask, Move, Person, Proofs, Title

REGION: Final = SorCode("90000000000")
HOSPITAL: Final = SorCode("91000000000")
WARD: Final = SorCode("91100000000")
OTHER_WARD: Final = SorCode("91200000000")
PAPER_HOSPITAL: Final = SorCode("92000000000")
"""A hospital that does not use Stafet; its ward does not say so itself."""
PAPER_WARD: Final = SorCode("92100000000")
MUNICIPALITY: Final = SorCode("93000000000")
NORTH: Final = SorCode("93100000000")
SOUTH: Final = SorCode("93200000000")
CARE_HOME: Final = SorCode("93300000000")
NEIGHBOUR: Final = SorCode("94000000000")
"""Another municipality."""
PRACTICE: Final = SorCode("95000000000")
UNREGISTERED: Final = SorCode("99999999990")

NOW: Final = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
"""A Friday, 11:40 on a Danish clock."""
ADMITTED_AT: Final = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
CPR: Final = CprNumber.parse("2512489996")
FAMILY: Final = "Elmerskov"

_numbers = itertools.count(1)


def new_id() -> str:
    """An id nobody else has: a UUID, as the store wants it."""
    return f"00000000-0000-4000-8000-{next(_numbers):012x}"


def directory() -> Directory:
    """A region with a hospital of two wards, one that stays on paper, a municipality, its neighbour and a practice."""
    kind = OrganizationKind
    return Directory.of(
        [
            Organization(sor=REGION, name="Region Sund", kind=kind.REGION, region="DK-83"),
            Organization(sor=HOSPITAL, name="Sund Sygehus", kind=kind.HOSPITAL, part_of=REGION),
            Organization(sor=WARD, name="Medicinsk M1", kind=kind.WARD, part_of=HOSPITAL),
            Organization(sor=OTHER_WARD, name="Kirurgisk K2", kind=kind.WARD, part_of=HOSPITAL),
            Organization(
                sor=PAPER_HOSPITAL, name="Bakke Sygehus", kind=kind.HOSPITAL, region="DK-82", uses_stafet=False
            ),
            Organization(sor=PAPER_WARD, name="Bakke M3", kind=kind.WARD, part_of=PAPER_HOSPITAL),
            Organization(sor=MUNICIPALITY, name="Lund Kommune", kind=kind.MUNICIPALITY, region="DK-83"),
            Organization(
                sor=NORTH, name="Hjemmepleje Nord", kind=kind.UNIT, part_of=MUNICIPALITY, districts=frozenset({"nord"})
            ),
            Organization(
                sor=SOUTH, name="Hjemmepleje Syd", kind=kind.UNIT, part_of=MUNICIPALITY, districts=frozenset({"syd"})
            ),
            Organization(sor=CARE_HOME, name="Plejehjemmet Lunden", kind=kind.UNIT, part_of=MUNICIPALITY),
            Organization(sor=NEIGHBOUR, name="Mose Kommune", kind=kind.MUNICIPALITY, region="DK-83"),
            Organization(sor=PRACTICE, name="Lægehuset", kind=kind.GP, region="DK-83"),
        ]
    )


@cache
def _small_file() -> dict[str, object]:
    document = yaml.safe_load(Path(__file__).with_name("fixtures").joinpath("agreement.yaml").read_bytes())
    assert isinstance(document, dict)
    return document


def small_document() -> dict[str, object]:
    """An agreement of six rules, in the form that is kept; the caller's to change."""
    return copy.deepcopy(_small_file())


@cache
def small_agreement() -> HealthAgreement:
    """An agreement of six rules: those of the first path."""
    return parse_agreement(small_document())


def patient(**changes: Any) -> Patient:
    """A citizen of district north with home nursing and a practice."""
    known = Patient(
        id=PatientId(new_id()),
        cpr=CPR,
        family=FAMILY,
        given=("Ane",),
        municipality=MUNICIPALITY,
        district="nord",
        services=frozenset({"home-nursing"}),
        gp=PRACTICE,
    )
    return replace(known, **changes)


def caller(role: Role, organization: SorCode, *, unit: SorCode | None = None, name: str | None = None) -> Caller:
    """Somebody at work."""
    return Caller(
        person_id=PersonId(name or f"{role}-{unit or organization}"),
        name=name or f"{role} at {unit or organization}",
        role=role,
        organization=organization,
        unit=unit,
    )


def ward_nurse(ward: SorCode = WARD) -> Caller:
    """A nurse of a ward."""
    return caller(Role.WARD, HOSPITAL, unit=ward)


def home_nurse(unit: SorCode | None = NORTH, *, name: str | None = None) -> Caller:
    """A nurse of the municipality."""
    return caller(Role.HOME_NURSE, MUNICIPALITY, unit=unit, name=name)


def gp() -> Caller:
    """The citizen's own doctor."""
    return caller(Role.GP, PRACTICE)


def leader(organization: SorCode = MUNICIPALITY) -> Caller:
    """Who is told when nobody answers."""
    return caller(Role.LEADER, organization)


def record_system(organization: SorCode = HOSPITAL) -> Caller:
    """A record system with a token of its organisation."""
    return caller(Role.SYSTEM, organization)


def person(name: str = "Bente") -> Person:
    """A named person."""
    return Person(PersonId(name.lower()), name)


def episode(value: str | None = None) -> EpisodeOfCareId:
    """A local episode-of-care id."""
    return EpisodeOfCareId("urn:oid:1.2.208.999", value or f"urn:uuid:{new_id()}")


def envelope(**changes: Any) -> Envelope:
    """A message from the ward to the municipality, under ids of its own."""
    made = Envelope(
        bundle_id=BundleId(new_id()),
        message_id=MessageId(new_id()),
        sender=WARD,
        receiver=MUNICIPALITY,
        event_code="hospital-notification-message",
        fingerprint=b"f",
        body=b"{}",
    )
    return replace(made, **changes)


def notice(kind: NoticeKind = NoticeKind.STIN, **changes: Any) -> Notice:
    """A notice of the ward, an hour before noon; an end for a discharge."""
    acute = kind is NoticeKind.STAA
    made = Notice(
        kind=kind,
        cpr=CPR,
        family=FAMILY,
        episodes=(episode(),),
        encounter_class=EncounterClass.EMERGENCY if acute else EncounterClass.INPATIENT,
        started_at=ADMITTED_AT,
        ended_at=NOW if kind is NoticeKind.SLHJ else None,
        service_provider=WARD,
        occurred_at=NOW,
    )
    return replace(made, **changes)


def receive(
    received: Notice | None = None, *, sent: Envelope | None = None, client: Caller | None = None
) -> ReceiveNotice:
    """The command that a message becomes."""
    return ReceiveNotice(caller=client or record_system(), envelope=sent or envelope(), notice=received or notice())


def begin_by_hand(**changes: Any) -> BeginStay:
    """The ward clicks a stay into being."""
    made = BeginStay(
        caller=ward_nurse(),
        cpr=CPR,
        family=FAMILY,
        given=("Ane",),
        municipality=MUNICIPALITY,
        gp=PRACTICE,
        ward=WARD,
        started_at=ADMITTED_AT,
    )
    return replace(made, **changes)


def revise(stay_id: StayId, **changes: Any) -> RevisePlan:
    """The ward says something about a stay."""
    return replace(RevisePlan(caller=ward_nurse(), stay_id=stay_id), **changes)


def move(who: Caller, moved: HandoverTask, what: Move, **changes: Any) -> MoveTask:
    """Somebody does something to a task."""
    return replace(MoveTask(caller=who, task_id=moved.id, move=what), **changes)


def stay(**changes: Any) -> Stay:
    """An admitted stay at the ward, known to the municipality."""
    made = Stay(
        id=StayId(new_id()),
        patient_id=PatientId(new_id()),
        receiver=MUNICIPALITY,
        hospital=HOSPITAL,
        ward=WARD,
        state=StayState.ADMITTED,
        began_at=ADMITTED_AT,
        encounters=(
            Encounter(
                id=EncounterId(new_id()),
                encounter_class=EncounterClass.INPATIENT,
                ward=WARD,
                started_at=ADMITTED_AT,
            ),
        ),
        parties=(
            Party(organization=WARD, basis=PartyBasis.TREATS, since=ADMITTED_AT),
            Party(organization=MUNICIPALITY, basis=PartyBasis.SERVES, since=ADMITTED_AT),
        ),
    )
    return replace(made, **changes)


def filed(kind: NoticeKind = NoticeKind.STIN, **changes: Any) -> FiledNotice:
    """A notice as it is kept with its stay."""
    made = FiledNotice(
        id=MessageId(new_id()),
        sender=HOSPITAL,
        kind=kind,
        encounter_class=EncounterClass.EMERGENCY if kind.base is NoticeKind.STAA else EncounterClass.INPATIENT,
        hospital=HOSPITAL,
        ward=WARD,
        started_at=ADMITTED_AT,
        occurred_at=NOW,
        received_at=NOW,
    )
    return replace(made, **changes)


def ended_stay(at: datetime, *, received_at: datetime) -> Stay:
    """The same stay, over."""
    made = stay()
    contact = replace(made.encounter, ended_at=at)
    return replace(made, state=StayState.ENDED, ended_at=at, end_received_at=received_at, encounters=(contact,))


def task(**changes: Any) -> HandoverTask:
    """A duty of the northern unit that the ward asked for, due in two hours."""
    made = HandoverTask(
        id=TaskId(new_id()),
        stay_id=StayId(new_id()),
        patient_id=PatientId(new_id()),
        code="resume-services",
        title=Title("Start ydelserne igen", "Resume services"),
        content_class=ContentClass.PLAN,
        requester=WARD,
        owner=NORTH,
        audience=frozenset({Role.HOME_NURSE, Role.VISITATOR}),
        created_at=NOW,
        changed_at=NOW,
        due_at=NOW + timedelta(hours=2),
        proofs=Proofs(sent_at=NOW),
    )
    return replace(made, **changes)


def local_instant(day: date, at: time) -> datetime:
    """A Danish wall-clock time of a day in winter, as an instant."""
    return datetime.combine(day, at, tzinfo=UTC) - timedelta(hours=1)
