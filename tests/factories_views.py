"""Example views for tests of pages: one invented ward, municipality and practice on a Friday before noon."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.identifiers import EncounterId, FeedId, PatientId, PersonId, SorCode, StayId, TaskId
from discharge.plan import Certainty, DischargePlan, Need
from discharge.policy import Caller, ContentClass, Role
from discharge.stay import Encounter, EncounterClass, Stay, StayState
from discharge.task import HandoverTask, Person, Priority, Proofs, TaskStatus, Title
from services.persistence.views import (
    FeedHead,
    Part,
    PatientView,
    PlanPage,
    PlanVersion,
    Show,
    StayView,
    TaskCard,
    TaskList,
    TaskPage,
    TaskRecord,
    Timeline,
    Told,
    WardBoard,
    WardRow,
    counted,
    is_shown,
)

NOW = datetime(2026, 11, 20, 10, 40, tzinfo=UTC)
"""Friday 20 November 2026, 11.40 in Denmark."""

HOSPITAL = SorCode("265161000016000")
WARD = SorCode("265161000016001")
MUNICIPALITY = SorCode("411711000016000")
NORTH = SorCode("411711000016001")
PRACTICE = SorCode("531711000016000")
NURSE = Person(PersonId("p-mette"), "Mette Krog")
COLLEAGUE = Person(PersonId("p-hanne"), "Hanne Prøvegaard")
WARD_NURSE = Person(PersonId("p-sofie"), "Sofie Prøveholm")


def at(clock: str, *, days: int = 0) -> datetime:
    """The instant of a Danish wall-clock time, ``days`` after the Friday."""
    hour, minute = map(int, clock.split("."))
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC) - timedelta(hours=1) + timedelta(days=days)


def directory() -> Directory:
    kinds = OrganizationKind
    return Directory.of(
        (
            Organization(sor=HOSPITAL, name="Regionshospitalet Fjordby", kind=kinds.HOSPITAL, region="DK-82"),
            Organization(sor=WARD, name="Medicinsk sengeafsnit M2", kind=kinds.WARD, part_of=HOSPITAL),
            Organization(sor=MUNICIPALITY, name="Birkelund Kommune", kind=kinds.MUNICIPALITY, region="DK-82"),
            Organization(
                sor=NORTH,
                name="Hjemmesygeplejen Nord",
                kind=kinds.UNIT,
                part_of=MUNICIPALITY,
                districts=frozenset({"Nord"}),
            ),
            Organization(sor=PRACTICE, name="Lægerne Kirkestræde", kind=kinds.GP, region="DK-82"),
        )
    )


def caller(role: Role = Role.HOME_NURSE) -> Caller:
    places = {
        Role.WARD: (WARD_NURSE, HOSPITAL, WARD),
        Role.HOME_NURSE: (NURSE, MUNICIPALITY, NORTH),
        Role.GP: (Person(PersonId("p-anne"), "Anne Testgaard"), PRACTICE, None),
        Role.PHARMACIST: (Person(PersonId("p-rikke"), "Rikke Ravn"), HOSPITAL, WARD),
        Role.OPERATOR: (Person(PersonId("p-ole"), "Ole Drift"), MUNICIPALITY, None),
        Role.LEADER: (Person(PersonId("p-lis"), "Lis Prøve"), MUNICIPALITY, None),
    }
    person, organization, unit = places[role]
    return Caller(person_id=person.id, name=person.name, role=role, organization=organization, unit=unit)


def head(feed: SorCode = NORTH, offset: int = 124) -> FeedHead:
    return FeedHead(FeedId(feed), "7412-1-0", offset)


def plan(**changes: Any) -> DischargePlan:
    made = DischargePlan(
        version=4,
        expected_discharge_at=at("15.00"),
        certainty=Certainty.CERTAIN,
        needs=frozenset({Need.HOME_NURSING, Need.PERSONAL_CARE, Need.MEALS}),
        medicine_until=at("12.00", days=3).date(),
        contact_phone="70 00 00 42",
        destination="home",
        functional_level="walking-aid",
        first_visit_at=at("18.00"),
        first_24_hours="Sidste vanddrivende gives kl. 14. Vejes hver morgen.",
        bed="12",
    )
    return replace(made, **changes)


def stay(number: int = 1, **changes: Any) -> Stay:
    began_at = changes.pop("began_at", at("14.05", days=-4))
    made = Stay(
        id=StayId(f"stay-{number}"),
        patient_id=PatientId(f"patient-{number}"),
        receiver=MUNICIPALITY,
        hospital=HOSPITAL,
        ward=WARD,
        state=StayState.ADMITTED,
        began_at=began_at,
        encounters=(
            Encounter(
                id=EncounterId(f"encounter-{number}"),
                encounter_class=EncounterClass.INPATIENT,
                ward=WARD,
                started_at=began_at,
            ),
        ),
        plan=plan(),
    )
    return replace(made, **changes)


_NAMES = (
    ("Agnete Prøvesen", 84, "140242-••••"),
    ("Bent Eksempelsen", 79, "030447-••••"),
    ("Gerda Modelgaard", 91, "220535-••••"),
    ("Viggo Skabelon", 68, "110958-••••"),
    ("Inger Fiktivsen", 76, "051150-••••"),
    ("Poul Opdigt", 82, "290944-••••"),
    ("Karen Mønsterby", 88, "170738-••••"),
    ("Ib Testrup", 73, "080653-••••"),
    ("Ruth Demodal", 80, "121246-••••"),
    ("Ove Prøvegaard", 77, "190549-••••"),
)


def patient(number: int = 1) -> PatientView:
    name, age, cpr = _NAMES[(number - 1) % len(_NAMES)]
    return PatientView(name=name, age=age, cpr_masked=cpr)


def context(number: int = 1, **changes: Any) -> StayView:
    made = changes.pop("stay", None) or stay(number)
    now_plan = made.plan
    plans = changes.pop("plans", None)
    if plans is None and now_plan.version:
        first = replace(now_plan, version=max(1, now_plan.version - 1), expected_discharge_at=at("10.00", days=3))
        plans = (
            PlanVersion(plan=first, at=at("15.20", days=-2), by=WARD_NURSE),
            PlanVersion(plan=now_plan, at=at("11.28"), by=WARD_NURSE),
        )
    return StayView(
        stay=made, patient=changes.pop("patient", patient(number)), gp=PRACTICE, plans=plans or (), **changes
    )


def proofs(
    sent: str = "11.28",
    delivered: str | None = None,
    seen: str | None = None,
    taken: str | None = None,
    done: str | None = None,
    by: Person = NURSE,
) -> Proofs:
    made = Proofs(sent_at=at(sent), delivered_at=None if delivered is None else at(delivered))
    if seen is not None:
        made = made.seen(at(seen), by)
    if taken is not None:
        made = made.accepted(at(taken), by)
    return made if done is None else made.done(at(done), by)


def task(number: int = 1, **changes: Any) -> HandoverTask:
    made = HandoverTask(
        id=TaskId(f"task-{number}"),
        stay_id=StayId(f"stay-{number}"),
        patient_id=PatientId(f"patient-{number}"),
        code="resume-services",
        title=Title("Start ydelserne igen, og aflæg første besøg", "Resume services and make the first visit"),
        content_class=ContentClass.PLAN,
        requester=WARD,
        owner=NORTH,
        audience=frozenset({Role.HOME_NURSE, Role.VISITATOR}),
        chain=(MUNICIPALITY,),
        created_at=at("11.28"),
        changed_at=at("11.28"),
        due_at=at("18.00"),
        proofs=proofs(delivered="11.28"),
    )
    return replace(made, **changes)


def record(number: int = 1, **changes: Any) -> TaskRecord:
    extra = {name: changes.pop(name) for name in ("remind_at", "take_by", "told") if name in changes}
    return TaskRecord(task=task(number, **changes), **extra)


def taken(number: int, by: Person, clock: str = "11.20", **changes: Any) -> TaskRecord:
    return record(
        number,
        status=TaskStatus.ACCEPTED,
        assignee=by,
        proofs=proofs("11.00", "11.00", "11.05", clock, by=by),
        **changes,
    )


def records() -> tuple[TaskRecord, ...]:
    """One task in every state that a list shows."""
    return (
        record(
            2,
            title=Title("Sæt besøg, mad og dosispakning på pause", "Pause visits, meals and dose dispensing"),
            code="pause-services",
            due_at=at("11.28"),
            proofs=proofs("10.58", "10.58", "11.04", by=COLLEAGUE),
            status=TaskStatus.RECEIVED,
            told=(Told(organization=MUNICIPALITY, roles=frozenset({Role.HOME_NURSE}), at=at("11.28")),),
        ),
        record(
            1,
            priority=Priority.ASAP,
            take_by=at("12.08"),
            proofs=proofs("11.30", "11.30", "11.38"),
            status=TaskStatus.RECEIVED,
        ),
        record(
            10,
            title=Title("Send indlæggelsesrapport", "Send the report of admission"),
            code="send-admission-report",
            priority=Priority.URGENT,
            due_at=at("12.01"),
            proofs=proofs("11.31"),
        ),
        taken(5, NURSE, due_at=at("15.00")),
        taken(3, COLLEAGUE, "10.12", due_at=at("17.30")),
        record(
            6,
            status=TaskStatus.CANCELLED,
            status_reason="Udskrivelsen er annulleret",
            changed_at=at("11.35"),
            proofs=proofs("10.58", "10.58", "11.04"),
        ),
        record(
            7,
            status=TaskStatus.COMPLETED,
            assignee=NURSE,
            changed_at=at("11.20"),
            proofs=proofs("09.00", "09.01", "09.02", "09.10", "11.20"),
        ),
        record(
            8,
            status=TaskStatus.RECEIVED,
            proposed_time=at("16.00"),
            proofs=proofs("11.00", "11.00", "11.05", by=COLLEAGUE),
        ),
    )


def card(found: TaskRecord) -> TaskCard:
    return TaskCard(record=found, context=context(int(found.task.stay_id.removeprefix("stay-"))))


def task_list(found: Iterable[TaskRecord] | None = None, *, show: Show = Show.GROUP) -> TaskList:
    known = tuple(records() if found is None else found)
    me = caller().person_id
    cards = tuple(card(one) for one in known if is_shown(show, one, person_id=me, now=NOW))
    return TaskList(
        now=NOW,
        feed_head=head(),
        show=show,
        counts=counted(known, person_id=me, now=NOW),
        part=Part.of(len(cards), 1),
        cards=cards,
    )


def task_page(found: TaskRecord | None = None) -> TaskPage:
    return TaskPage(now=NOW, feed_head=head(), card=card(found or records()[1]), others=(taken(3, COLLEAGUE),))


def ward_tasks(number: int) -> tuple[TaskRecord, ...]:
    """What the receivers and the ward owe after a discharge."""
    epikrise = Title("Send epikrise til egen læge", "Send the discharge letter to the GP")
    letter = Title("Læs epikrisen, og følg op", "Read the discharge letter and follow up")
    return (
        record(number, id=TaskId(f"task-{number}a"), take_by=at("11.58")),
        record(
            number,
            id=TaskId(f"task-{number}b"),
            title=letter,
            code="read-discharge-letter",
            owner=PRACTICE,
            audience=frozenset({Role.GP}),
            due_at=at("00.00", days=4),
            proofs=proofs("11.28", "11.28", "11.32"),
            status=TaskStatus.RECEIVED,
        ),
        record(
            number,
            id=TaskId(f"task-{number}c"),
            title=epikrise,
            code="send-discharge-letter",
            owner=WARD,
            chain=(),
            audience=frozenset({Role.WARD, Role.DOCTOR}),
            due_at=at("00.00", days=4),
        ),
    )


def ward_board(rows: int = 10) -> WardBoard:
    return WardBoard(now=NOW, feed_head=head(WARD), rows=tuple(_ward_row(number) for number in range(1, rows + 1)))


def _ward_row(number: int) -> WardRow:
    empty = DischargePlan(bed="06")
    variants: dict[int, tuple[DischargePlan, tuple[TaskRecord, ...]]] = {
        0: (plan(contact_phone=None, medicine_until=None), ()),
        1: (plan(bed="07", expected_discharge_at=at("13.00")), (records()[0],)),
        2: (plan(bed="03", expected_discharge_at=at("14.30")), (taken(3, COLLEAGUE),)),
        3: (plan(bed="15", expected_discharge_at=at("16.00"), certainty=Certainty.LIKELY), (taken(4, NURSE),)),
        4: (
            plan(bed="09", expected_discharge_at=at("11.00", days=1), certainty=Certainty.LIKELY),
            (record(5, status=TaskStatus.RECEIVED, proofs=proofs("09.00", "09.00", "09.20")),),
        ),
        5: (plan(bed="04", expected_discharge_at=at("10.00", days=2), certainty=Certainty.UNSURE), (record(6),)),
        6: (
            plan(bed="01", expected_discharge_at=at("13.00", days=3), certainty=Certainty.UNSURE),
            (
                record(
                    7,
                    status=TaskStatus.COMPLETED,
                    assignee=NURSE,
                    proofs=proofs("09.00", "09.01", "09.02", "09.10", "09.55"),
                ),
            ),
        ),
        7: (plan(bed="11", expected_discharge_at=at("00.00", days=4), certainty=Certainty.UNSURE), ()),
        8: (empty, ()),
    }
    if number % 10 == 0:
        ended = replace(
            stay(number, state=StayState.ENDED, plan=plan(bed="02")), ended_at=at("11.28"), end_received_at=at("11.28")
        )
        return WardRow(context=context(number, stay=ended), tasks=ward_tasks(number))
    made, tasks = variants[(number - 1) % 10]
    asked = int(number % 10 == 9)
    return WardRow(context=context(number, stay=stay(number, plan=made)), tasks=tasks, asked=asked)


def plan_page(number: int = 1, *, ended: bool = False, missing: bool = True) -> PlanPage:
    made = stay(number, plan=plan(contact_phone=None) if missing else plan())
    if ended:
        made = replace(made, state=StayState.ENDED, ended_at=at("11.28"), end_received_at=at("11.28"))
    return PlanPage(
        now=NOW,
        feed_head=head(WARD),
        context=context(number, stay=made, override_reason="Datteren henter nu" if ended else None),
        tasks=ward_tasks(number) if ended else (taken(1, NURSE),),
    )


def timeline(*, ended: bool = True) -> Timeline:
    page = plan_page(ended=ended, missing=False)
    return Timeline(now=NOW, feed_head=head(), context=page.context, tasks=page.tasks)
