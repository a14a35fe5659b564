"""A discharge report comes in: it is joined to its stay, states medicine, and fills what the plan leaves empty.

Source: eu-discharge-report digest 3.2, 5 and 7; domain.md R14 and R19.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from discharge.commands import RevisePlan
from discharge.documents.commands import DocumentSubject, FileReport, TakeSuggestion
from discharge.documents.filling import revision_of, taken_by_itself
from discharge.documents.report import DocumentId, FiledReport
from discharge.documents.standing import Standing, is_question, lists_of, replaced_by, standings
from discharge.errors import DocumentError, NotFoundError
from discharge.events import DocumentFiled
from discharge.handlers import medication, ward
from discharge.identifiers import SorCode
from discharge.medication.record import MedicationWork
from discharge.policy import Caller, Role, require_role, require_sender
from discharge.ports import UnitOfWork
from discharge.stay import Stay, StayState
from discharge.task import Person

__all__ = ["Filing", "file_report", "take_suggestion"]

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
    known = await uow.documents.of_stay(stay)
    same = (each for each in known if each.report.bundle_key == report.bundle_key)
    first = next((each for each in same if each.report.digest == report.digest), None)
    if first is not None:
        await uow.commit()
        return _filing(first, known, is_repeat=True)
    filed = FiledReport(
        report=report,
        stay_id=stay.id,
        position=len(known),
        received_at=uow.now,
        sender=_sender(command.subject, stay, uow),
        by=None if is_system else _person(caller),
    )
    stay, filed = await _filled(uow, stay, filed, known, _person(caller))
    filing = _filing(filed, [*known, filed])
    await uow.documents.add(filed, command.body)
    stay = await _stated(uow, stay, [*known, filed], _person(caller))
    readers = {party.organization for party in stay.parties if stay.is_read_by(party.organization, uow.now)}
    uow.record(
        DocumentFiled(
            at=uow.now,
            stay_id=stay.id,
            by=_person(caller),
            document_id=filed.id,
            standing=filing.standing,
            is_question=filing.is_question,
            hospital=stay.hospital,
            places=tuple(sorted(readers)),
        )
    )
    await uow.stays.save(stay)
    await uow.commit()
    return filing


async def take_suggestion(command: TakeSuggestion, uow: UnitOfWork) -> Stay:
    """The ward takes something of a report over into its plan.

    Raises:
        NotAllowedError: the caller is no ward.
        NotFoundError: no such document or suggestion, or not the caller's ward.
        DocumentError: it is in words only, which a person has to read and write into the plan.
    """
    require_role(command.caller, "revise-plan", Role.WARD, Role.DOCTOR)
    stay = await uow.stays.get(command.stay_id)
    if stay.ward not in command.caller.scope(uow.directory):
        raise NotFoundError(kind="Stay")
    there = await uow.documents.of_stay(stay)
    filed = next((each for each in there if each.id == command.document_id), None)
    if filed is not None and standings(there)[filed.id] in {Standing.REPLACED, Standing.WITHDRAWN, Standing.HELD}:
        raise DocumentError(element="document", problem="It was replaced or taken back: look at the one that holds")
    if filed is None or not 0 <= command.number < len(filed.report.suggestions):
        raise NotFoundError(kind="Document")
    suggestion = filed.report.suggestions[command.number]
    if suggestion.value is None:
        raise DocumentError(element=suggestion.place, problem="It is in words only: read it, and write it in the plan")
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
    keys = {episode.key for episode in subject.episodes}
    standing = [each for each in stays if each.state is not StayState.CANCELLED]
    shared = [each for each in standing if keys & {episode.key for episode in each.episodes}]
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


def _filing(filed: FiledReport, everything: Sequence[FiledReport], *, is_repeat: bool = False) -> Filing:
    others = [each for each in everything if each.id != filed.id]
    return Filing(
        filed=filed,
        standing=standings(everything)[filed.id],
        is_repeat=is_repeat,
        replaces=replaced_by(filed.report, others),
        is_question=is_question(everything),
    )


async def _filled(
    uow: UnitOfWork, stay: Stay, filed: FiledReport, known: Iterable[FiledReport], by: Person
) -> tuple[Stay, FiledReport]:
    """Fill what the plan leaves empty from a report that holds; the report remembers what was filled from it."""
    found = taken_by_itself(filed.report, stay.plan)
    holds = standings([*known, filed])[filed.id] is Standing.IN_FORCE
    if found is None or not holds or stay.state in {StayState.DEAD, StayState.CANCELLED}:
        return stay, filed
    before = stay.plan
    stay = replace(stay, plan=before.revised(revision_of(found, before)))
    patient = await uow.patients.get(stay.patient_id)
    return await ward.spread(uow, stay, patient, before, by), replace(filed, filled=(found.element,))


async def _stated(uow: UnitOfWork, stay: Stay, filed: Sequence[FiledReport], by: Person) -> Stay:
    """State the lists of the documents that hold, in the same commit."""
    before = await uow.medications.of_stay(stay)
    after = before.with_documents(lists_of(stay.id, filed), uow.new_id)
    if after is before:
        return stay
    _, stay = await medication.keep(uow, stay, before, after, MedicationWork.LISTED, by)
    return stay
