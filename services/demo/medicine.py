"""The medicine of the demo's stays: what the ward wrote, what the doctor signed, what the practice asked and decided.

Data as in ``services.demo.courses``, in terms of the course they belong to. Every list is invented.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from discharge.clock import local
from discharge.medication.lines import ATC, Coding, DoseRow, LineStatus, MedicationLine, Quantity
from discharge.medication.lists import Column
from discharge.medication.record import Verdict
from services.demo.courses import Course
from services.stays.medicine.catalogue import catalogue_of

__all__ = ["Answers", "Decides", "MedicineAct", "Remarks", "Signs", "States", "medicine_of"]

_IDS: Final = uuid.UUID("8c1e6a52-2f0b-5f43-9d0e-1b3f5ad7c2e4")
_MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class States:
    """Somebody states a list: ward or home nurse."""

    at: datetime
    id: str
    column: Column
    lines: tuple[MedicationLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """The ward's doctor stands by the list."""

    at: datetime
    override: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decides:
    """The practice decides a line, by the medicine's name."""

    at: datetime
    name: str
    verdict: Verdict
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The ward answers a question about a line."""

    at: datetime
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remarks:
    """The ward's pharmacist comments on a line."""

    at: datetime
    name: str
    text: str


MedicineAct = States | Signs | Decides | Answers | Remarks


def medicine_of(course: Course) -> tuple[MedicineAct, ...]:
    """What happens to the medicine in ``course``; nothing in most."""
    write = _WRITTEN.get(course.family)
    return () if write is None else tuple(write(course))


def _line(  # noqa: PLR0913 - the columns of a list
    name: str,
    strength: str,
    amount: str = "1",
    times: str = "1",
    *,
    unit: str = "tablet",
    form: str | None = "tablet",
    substance: str | None = None,
    words: str | None = None,
    needed: bool = False,
    status: LineStatus = LineStatus.ACTIVE,
    why: str | None = None,
    against: str | None = None,
    supply: str | None = None,
) -> MedicationLine:
    known = catalogue_of(None).by_name(substance or name)
    dose = DoseRow(
        dose=Quantity(Decimal(amount), unit),
        times=None if needed else Decimal(times),
        days=None if needed else Decimal(1),
        as_needed=needed,
    )
    return MedicationLine(
        id="",
        name=name,
        codes=() if known is None else (Coding(ATC, known.atc, known.name),),
        strength=strength or None,
        form=form,
        route=None if known is None or form is None else known.route,
        dosage=(dose,),
        dosage_text=words,
        status=status,
        change_reason=why,
        indication=against,
        supply=supply,
    )


def _states(course: Course, at: datetime, column: Column, *lines: MedicationLine) -> States:
    def made(*parts: object) -> str:
        return str(uuid.uuid5(_IDS, " ".join(map(str, (course.family, column.value, *parts)))))

    return States(
        at=at,
        id=made("list"),
        column=column,
        lines=tuple(replace(line, id=made(number)) for number, line in enumerate(lines)),
    )


_PINEX: Final = _line("Paracetamol", "500 mg", "2", "4", against="smerter")
_PANTOPRAZOL: Final = _line("Pantoprazol", "40 mg", against="mavesår")
_METFORMIN: Final = _line("Metformin", "500 mg", "2", "2", against="diabetes")


def _home(course: Course) -> datetime:
    assert course.left_at is not None, "only written for patients who have left"
    return course.left_at


def _gerda(course: Course) -> Iterator[MedicineAct]:
    """Signed with something missing; the practice has not begun. One line is guessed, one is not mentioned."""
    left = _home(course)
    losartan = _line("Losartan", "50 mg", against="forhøjet blodtryk")
    simvastatin = _line("Simvastatin", "40 mg", against="forhøjet kolesterol")
    yield _states(
        course,
        course.begins[0][0] + 90 * _MINUTE,
        Column.BEFORE,
        _line("Metoprolol", "50 mg", against="forkammerflimren"),
        losartan,
        simvastatin,
        _line("Hjertemagnyl", "", form=None, substance="Acetylsalicylsyre", against="blodprop"),
        _line("Ibuprofen", "400 mg", needed=True, against="smerter"),
        _PINEX,
        _PANTOPRAZOL,
    )
    until = local(left).date() + timedelta(days=7)
    yield _states(
        course,
        left - 70 * _MINUTE,
        Column.AT_DISCHARGE,
        _line("Metoprolol", "50 mg", "2", against="forkammerflimren", why="Hurtig puls", supply="14 tabletter"),
        replace(losartan, status=LineStatus.PAUSED, ends=until, change_reason="Lavt blodtryk, måles igen om en uge"),
        replace(simvastatin, status=LineStatus.STOPPED, change_reason="Muskelsmerter"),
        _line("Furosemid", "40 mg", against="hjertesvigt", why="Vand i lungerne, udskrevet ved 68,4 kg"),
        _line("Acetylsalicylsyre", "75 mg", against="blodprop"),
        _PINEX,
        _PANTOPRAZOL,
    )
    yield Signs(at=left - 22 * _MINUTE, override="Ibuprofen: patienten husker det ikke. Egen læge spørges.")


def _ellen(course: Course) -> Iterator[MedicineAct]:
    """The practice is half through: it asked the ward about the insulin, which is taken otherwise at home."""
    left = _home(course)
    began = course.acts[-1].at
    insulin = _line("Insulin glargin", "100 E/ml", "14", unit="E", form="pen", words="14 E aften", against="diabetes")
    less = replace(
        insulin, dosage=(replace(insulin.dosage[0], dose=Quantity(Decimal(10), "E")),), dosage_text="10 E aften"
    )
    empagliflozin = _line("Empagliflozin", "10 mg", against="diabetes")
    bisoprolol = _line("Bisoprolol", "5 mg", against="hjertesvigt")
    paused = replace(empagliflozin, status=LineStatus.PAUSED, ends=local(left).date() + timedelta(days=7))
    stopped = replace(_METFORMIN, status=LineStatus.STOPPED)
    new = _line("Spironolacton", "25 mg", against="hjertesvigt", supply="6 tabletter")
    before = course.begins[0][0] + 120 * _MINUTE
    yield _states(course, before, Column.BEFORE, insulin, _METFORMIN, empagliflozin, bisoprolol, _PANTOPRAZOL)
    yield _states(
        course,
        left - 90 * _MINUTE,
        Column.AT_DISCHARGE,
        replace(less, change_reason="For lave blodsukre, 3,2 og 3,4"),
        replace(stopped, change_reason="eGFR 28"),
        replace(paused, change_reason="Kvalme og lavt væskeindtag"),
        replace(new, change_reason="Hjertesvigt. Kalium måles om en uge"),
        bisoprolol,
        _PANTOPRAZOL,
    )
    yield Signs(at=left - 21 * _MINUTE)
    yield _states(
        course,
        left + 340 * _MINUTE,
        Column.NOW,
        insulin,
        replace(_METFORMIN, status=LineStatus.NOT_TAKEN),
        paused,
        new,
        bisoprolol,
        _PANTOPRAZOL,
    )
    yield Decides(at=began + 4 * _MINUTE, name="Metformin", verdict=Verdict.AGREE)
    yield Decides(at=began + 6 * _MINUTE, name="Spironolacton", verdict=Verdict.AGREE)
    yield Decides(
        at=began + 9 * _MINUTE,
        name="Insulin glargin",
        verdict=Verdict.ASK,
        reason="Hvad er målet for fasteblodsukkeret? Hun tager stadig 14 E.",
    )


def _agnete(course: Course) -> Iterator[MedicineAct]:
    """Goes home today, not signed: reasons and supply are missing, one line is not mentioned but remarked on."""
    bisoprolol = _line("Bisoprolol", "2,5 mg", against="hjertesvigt")
    furosemid = _line("Furosemid", "40 mg", against="hjertesvigt")
    yield _states(
        course,
        course.begins[0][0] + 60 * _MINUTE,
        Column.BEFORE,
        bisoprolol,
        furosemid,
        _line("Zopiclon", "3,75 mg", needed=True, against="søvnløshed"),
        _METFORMIN,
        _PINEX,
    )
    yield _states(
        course,
        course.plans[-1][0] + 5 * _MINUTE,
        Column.AT_DISCHARGE,
        _line("Bisoprolol", "2,5 mg", "2"),
        replace(furosemid, dosage=(), dosage_text="efter vægt, se plan", change_reason="Vand i lungerne"),
        replace(_METFORMIN, status=LineStatus.PAUSED, change_reason="Kontrast torsdag"),
        _line("Spironolacton", "25 mg", against="hjertesvigt", why="Hjertesvigt, EF 30 %"),
        _PINEX,
    )
    yield Remarks(
        at=course.plans[-1][0] + 7 * _MINUTE,
        name="Zopiclon",
        text="Øger risikoen for fald. Kan den stoppes, når hun alligevel skifter medicin?",
    )


def _bent(course: Course) -> Iterator[MedicineAct]:
    """Goes home today with everything in place."""
    amlodipin = _line("Amlodipin", "5 mg", against="forhøjet blodtryk")
    warfarin = _line("Warfarin", "2,5 mg", words="efter skema", against="forkammerflimren")
    yield _states(course, course.begins[0][0] + 75 * _MINUTE, Column.BEFORE, amlodipin, warfarin, _PANTOPRAZOL)
    at = course.plans[-1][0]
    apixaban = _line("Apixaban", "5 mg", "1", "2", against="forkammerflimren", supply="14 tabletter")
    yield _states(
        course,
        at + 3 * _MINUTE,
        Column.AT_DISCHARGE,
        amlodipin,
        replace(warfarin, status=LineStatus.STOPPED, change_reason="Svingende INR, skiftet til apixaban"),
        replace(apixaban, change_reason="I stedet for warfarin"),
        _PANTOPRAZOL,
    )
    yield Signs(at=at + 9 * _MINUTE)


_WRITTEN: Final[dict[str, Callable[[Course], Iterator[MedicineAct]]]] = {
    "Modelgaard": _gerda,
    "Øvelund": _ellen,
    "Prøvesen": _agnete,
    "Eksempelsen": _bent,
}
