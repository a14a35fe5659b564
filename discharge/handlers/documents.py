"""A discharge report comes in: it is joined to its stay, states medicine, and fills what the plan leaves empty.

Source: eu-discharge-report digest 3.2, 5 and 7; domain.md R14 and R19.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from discharge.agreement import Trigger
from discharge.commands import RevisePlan
from discharge.documents.commands import DocumentSubject, FileReport, TakeSuggestion
from discharge.documents.filling import FILLED, followed, is_confirmable, may_be_taken, revision_of
from discharge.documents.report import FiledReport
from discharge.documents.rulings import Ruling
from discharge.documents.standing import (
    Standing,
    in_force,
    is_question,
    lists_of,
    replaced_by,
    standings,
)
from discharge.errors import DocumentError, NotFoundError
from discharge.events import DocumentFiled
from discharge.handlers import duties, medication, ward
from discharge.handlers.reported import news_of_reports
from discharge.identifiers import DocumentId, SorCode
from discharge.medication.record import MedicationWork
from discharge.policy import Caller, Role, require_role, require_sender
from discharge.ports import UnitOfWork
from discharge.stay import Stay, StayState
from discharge.task import Person

__all__ = ["Filing", "file_report", "readers_of", "take_effect", "take_suggestion"]

_TAKEN_BACK: Final = frozenset({Standing.WITHDRAWN, Standing.NOT_OURS})
_LONE_START: Final = timedelta(days=1)
_NOBODYS: Final = (
    "No stay of this hospital is known for this citizen under that identifier or in that period. Nothing is kept"
)
_STRANGER: Final = (
    "No CPR number, and no person has said which stay it is about: send it with that stay, as ward or doctor"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """What became of a document."""

    filed: FiledReport
    standing: Standing
    is_repeat: bool = False
    replaces: tuple[DocumentId, ...] = ()
    is_question: bool = False


async def file_report(command: FileReport, uow: UnitOfWork) -> Filing:
    """File a report with the stay that it is about; the same one again changes nothing and gets the same answer.

    Raises:
        NotAllowedError: not a role of a hospital, or a client that sends for somebody else.
        NotFoundError: the stay that was named is none of the caller's.
        DocumentError: no stay can be told, or it is another citizen's.
    """
    caller, report = command.caller, command.report
    require_role(caller, "file-document", Role.SYSTEM, Role.WARD, Role.DOCTOR)
    places = _places(caller, uow)
    is_system = caller.role is Role.SYSTEM
    if is_system and command.subject.providers and places.isdisjoint(command.subject.providers):
        require_sender(caller, command.subject.providers[0], uow.directory)
    stay = await _stay(command, places, uow)
    known, rulings = await uow.documents.of_stay(stay), await uow.documents.rulings(stay)
    same = (each for each in known if each.report.bundle_key == report.bundle_key)
    first = next((each for each in same if each.report.digest == report.digest), None)
    if first is not None:
        await uow.commit()
        return _filing(first, known, rulings, is_repeat=True)
    filed = FiledReport(
        report=report,
        stay_id=stay.id,
        position=len(known),
        received_at=uow.now,
        sender=_sender(command.subject, stay, uow),
        by=None if is_system else _person(caller),
    )
    held = in_force(known, rulings)
    stay = await take_effect(uow, stay, held, [*known, filed], rulings, _person(caller))
    if stay.plan.filled_from == filed.id:
        filed = replace(filed, filled=(FILLED,))
    filing = _filing(filed, [*known, filed], rulings)
    await uow.documents.add(filed, command.body)
    uow.record(
        DocumentFiled(
            at=uow.now,
            stay_id=stay.id,
            by=_person(caller),
            document_id=filed.id,
            standing=filing.standing,
            is_question=filing.is_question,
            is_summary=report.is_summary,
            hospital=stay.hospital,
            places=readers_of(stay, uow),
        )
    )
    await uow.stays.save(stay)
    await uow.commit()
    return filing


async def take_suggestion(command: TakeSuggestion, uow: UnitOfWork) -> Stay:
    """The ward takes something of a report over into its plan, or stands by what the report filled by itself.

    Raises:
        NotAllowedError: the caller is no ward.
        NotFoundError: no such document or suggestion, or not the caller's ward.
        DocumentError: the report does not hold, or it is in words only, which a person has to read and write into
            the plan.
    """
    require_role(command.caller, "revise-plan", Role.WARD, Role.DOCTOR)
    stay = await uow.stays.get(command.stay_id)
    if stay.ward not in command.caller.scope(uow.directory) or not stay.is_read_by(stay.ward, uow.now):
        raise NotFoundError(kind="Stay")
    there, rulings = await uow.documents.of_stay(stay), await uow.documents.rulings(stay)
    filed = next((each for each in there if each.id == command.document_id), None)
    if filed is not None and not may_be_taken(standings(there, rulings)[filed.id], stay.state):
        raise DocumentError(element="document", problem="The report does not hold, or nobody plans for this stay")
    if filed is None or not 0 <= command.number < len(filed.report.suggestions):
        raise NotFoundError(kind="Document")
    suggestion = filed.report.suggestions[command.number]
    if suggestion.value is None:
        raise DocumentError(element=suggestion.place, problem="It is in words only: read it, and write it in the plan")
    if is_confirmable(suggestion, stay.plan):
        stay = replace(stay, plan=stay.plan.confirmed())
        await uow.stays.save(stay)
        await uow.commit()
        return stay
    revision = revision_of(suggestion, stay.plan)
    return await ward.revise_plan(RevisePlan(caller=command.caller, stay_id=stay.id, revision=revision), uow)


def _places(caller: Caller, uow: UnitOfWork) -> frozenset[SorCode]:
    """Where the caller writes: its own place, those that it was granted, and all below them."""
    granted = (sor for place in caller.grants for sor in uow.directory.within(place))
    return frozenset({*caller.scope(uow.directory), *granted})


async def _stay(command: FileReport, places: frozenset[SorCode], uow: UnitOfWork) -> Stay:
    """The stay, under its lock."""
    subject = command.subject
    if command.stay_id is not None:
        return await _named(command, places, uow)
    if subject.number is None:
        raise DocumentError(element=f"{subject.patient_at}.identifier", problem=_STRANGER)
    patient = await uow.patients.by_cpr(subject.number)
    stays = () if patient is None else await uow.stays.of_patient(patient.id)
    found = _matching([each for each in stays if _is_at(each, places)], subject, uow)
    if found is None:
        # The same words whether the citizen is unknown, or in another hospital: nobody learns which.
        raise DocumentError(element=f"{subject.encounter_at}.identifier", problem=_NOBODYS)
    return found


async def _named(command: FileReport, places: frozenset[SorCode], uow: UnitOfWork) -> Stay:
    """The stay that was named: by a person where the document holds no number that proves it."""
    assert command.stay_id is not None
    subject = command.subject
    stay = await uow.stays.get(command.stay_id)
    if not _is_at(stay, places):
        raise NotFoundError(kind="Stay")
    if subject.number is None:
        if command.caller.role is Role.SYSTEM:
            raise DocumentError(element=f"{subject.patient_at}.identifier", problem=_STRANGER)
        return stay
    patient = await uow.patients.get(stay.patient_id)
    if patient.cpr != subject.number:
        problem = "The document is about another citizen than the stay that was named"
        raise DocumentError(element=f"{subject.patient_at}.identifier", problem=problem)
    return stay


def _is_at(stay: Stay, places: frozenset[SorCode]) -> bool:
    return stay.ward in places or stay.hospital in places


def _matching(stays: Sequence[Stay], subject: DocumentSubject, uow: UnitOfWork) -> Stay | None:
    """By episode id; else the only stay at that hospital in that time."""
    standing = [each for each in stays if each.state is not StayState.CANCELLED]
    shared = [each for each in standing if each.is_of(subject.episodes)]
    if shared:
        return shared[0]
    hospitals = {uow.directory.hospital_of(sor) for sor in subject.providers if sor in uow.directory}
    overlapping = [
        each for each in standing if _overlaps(each, subject) and (not hospitals or each.hospital in hospitals)
    ]
    return overlapping[0] if len(overlapping) == 1 else None


def _overlaps(stay: Stay, subject: DocumentSubject) -> bool:
    """Tell whether the times meet. Published documents write the time of departure as the start, and no end."""
    first, last = subject.began_at or subject.ended_at, subject.ended_at or subject.began_at
    if first is None or last is None:
        return False
    if subject.ended_at is None:
        first -= _LONE_START
    return stay.began_at <= last and (stay.ended_at is None or first <= stay.ended_at)


def _sender(subject: DocumentSubject, stay: Stay, uow: UnitOfWork) -> SorCode:
    return next((sor for sor in subject.providers if sor in uow.directory), stay.hospital)


def _person(caller: Caller) -> Person:
    return Person(caller.person_id, caller.name)


def _filing(
    filed: FiledReport, everything: Sequence[FiledReport], rulings: Sequence[Ruling], *, is_repeat: bool = False
) -> Filing:
    return Filing(
        filed=filed,
        standing=standings(everything, rulings)[filed.id],
        is_repeat=is_repeat,
        replaces=replaced_by(filed.report, everything, rulings),
        is_question=is_question(everything, rulings, about=filed.id),
    )


def readers_of(stay: Stay, uow: UnitOfWork) -> tuple[SorCode, ...]:
    """Every place that still reads the stay."""
    return tuple(sorted({party.organization for party in stay.parties if stay.is_read_by(party.organization, uow.now)}))


async def take_effect(
    uow: UnitOfWork,
    stay: Stay,
    held: Sequence[FiledReport],
    filed: Sequence[FiledReport],
    rulings: Sequence[Ruling],
    by: Person,
) -> Stay:
    """Let plan and medicine follow the documents that count now, in the same commit.

    Args:
        uow: the unit of work.
        stay: the stay, under its lock.
        held: those that counted before.
        filed: all documents of the stay.
        rulings: what people say of them.
        by: who did what changed it.
    """
    if stay.state not in {StayState.DEAD, StayState.CANCELLED}:
        known = {each.id for each in held}
        fresh = {each.id for each in in_force(filed, rulings)} - known
        before = stay.plan
        plan = followed(before, filed, rulings, fresh)
        if plan is not before:
            patient = await uow.patients.get(stay.patient_id)
            stay = await ward.spread(uow, replace(stay, plan=plan), patient, before, by)
    record = await uow.medications.of_stay(stay)
    taken_back = [each for each, found in standings(filed, rulings).items() if found in _TAKEN_BACK]
    stated = record.with_documents(lists_of(stay.id, filed, rulings), uow.new_id, taken_back)
    if stated is not record:
        _, stay = await medication.keep(uow, stay, record, stated, MedicationWork.LISTED, by)
    return await _followed_by_duties(uow, stay, held, in_force(filed, rulings), by)


async def _followed_by_duties(
    uow: UnitOfWork, stay: Stay, held: Sequence[FiledReport], holding: Sequence[FiledReport], by: Person
) -> Stay:
    """The duty to send such a report is done, or owed again."""
    same = {each.id for each in held} == {each.id for each in holding}
    if same or stay.state in {StayState.DEAD, StayState.CANCELLED}:
        return stay
    patient = await uow.patients.get(stay.patient_id)
    news = news_of_reports(stay, held, holding, by, uow.directory)
    return await duties.plan_tasks(uow, stay, patient, Trigger.DOCUMENT_FILED, news=news)
