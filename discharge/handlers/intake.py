"""A message came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from discharge.agreement import Trigger
from discharge.commands import Envelope, Notice, Receipt, ReceiptCode, ReceiveNotice, RefuseMessage
from discharge.directory import OrganizationKind
from discharge.events import MessageRefused
from discharge.handlers import course
from discharge.identifiers import PatientId, SorCode
from discharge.patient import Patient
from discharge.policy import Role, require_role, require_sender
from discharge.ports import UnitOfWork
from discharge.stay import NoticeKind, Stay

__all__ = ["receive_notice", "refuse_message"]

_HOSPITAL: Final = frozenset({OrganizationKind.HOSPITAL, OrganizationKind.WARD})


async def receive_notice(command: ReceiveNotice, uow: UnitOfWork) -> Receipt:
    """Take a valid notice in. A repeated one changes nothing and gets the first answer.

    A citizen whom the receiver gives no service is none of its business: the answer is ``ok``, and
    the body is dropped in this same transaction, unless the hospital itself uses Stafet and keeps
    the stay as its own.

    Raises:
        NotAllowedError: the client may not send for this sender.
    """
    _require_client(command, uow)
    earlier = await uow.messages.claim(command.envelope)
    if earlier is not None:
        await uow.commit()
        return earlier
    notice, envelope = command.notice, command.envelope
    receipt = Receipt(code=ReceiptCode.OK, issues=command.warnings)
    patient = await uow.patients.by_cpr(notice.cpr)
    receiver = envelope.receiver if envelope.receiver in uow.directory else None
    known = receiver is not None and patient is not None and patient.is_known_to(receiver, uow.directory)
    ward = notice.service_provider if notice.service_provider in uow.directory else envelope.sender
    if not known and not _uses_stafet(ward, uow):
        await uow.messages.conclude(envelope, receipt, stay_id=None, patient=None, keep=False)
        await uow.commit()
        return receipt
    patient = await _citizen(patient, notice, uow)
    stay = await _take_in(uow, patient, notice, replace(envelope, receiver=receiver), ward=ward, known=known)
    await uow.stays.save(stay)
    await uow.messages.supersede(stay.id, notice.history)
    await uow.messages.conclude(envelope, receipt, stay_id=stay.id, patient=patient, keep=True)
    await uow.commit()
    return receipt


async def refuse_message(command: RefuseMessage, uow: UnitOfWork) -> Receipt:
    """Keep a message that breaks the standard, or that is not acted on, where an operator sees it.

    Raises:
        NotAllowedError: the client may not send for this sender.
    """
    _require_client(command, uow)
    earlier = await uow.messages.claim(command.envelope)
    if earlier is not None:
        await uow.commit()
        return earlier
    envelope = command.envelope
    receipt = Receipt(code=ReceiptCode.FATAL_ERROR, issues=command.issues)
    patient = None if command.cpr is None else await uow.patients.by_cpr(command.cpr)
    known = (
        patient is not None and envelope.receiver is not None and patient.is_known_to(envelope.receiver, uow.directory)
    )
    keep = command.cpr is None or known or _uses_stafet(envelope.sender, uow)
    await uow.messages.conclude(envelope, receipt, stay_id=None, patient=patient if keep else None, keep=keep)
    uow.record(
        MessageRefused(at=uow.now, message_id=envelope.message_id, sender=envelope.sender, receiver=envelope.receiver)
    )
    await uow.commit()
    return receipt


def _require_client(command: ReceiveNotice | RefuseMessage, uow: UnitOfWork) -> None:
    require_role(command.caller, "send-message", Role.SYSTEM)
    require_sender(command.caller, command.envelope.sender, uow.directory)


def _uses_stafet(place: SorCode, uow: UnitOfWork) -> bool:
    """Tell whether the hospital keeps its stays here: a no anywhere from the ward upwards is a no."""
    line = uow.directory.lineage(place)
    return bool(line) and all(uow.directory[sor].uses_stafet for sor in line if uow.directory[sor].kind in _HOSPITAL)


async def _citizen(patient: Patient | None, notice: Notice, uow: UnitOfWork) -> Patient:
    if patient is None:
        return await uow.patients.add(
            Patient(id=PatientId(uow.new_id()), cpr=notice.cpr, family=notice.family, given=notice.given)
        )
    if patient.family is None and notice.family is not None:
        patient = replace(patient, family=notice.family, given=notice.given)
        await uow.patients.save(patient)
    return patient


async def _take_in(
    uow: UnitOfWork, patient: Patient, notice: Notice, envelope: Envelope, *, ward: SorCode, known: bool
) -> Stay:
    stays = await uow.stays.of_patient(patient.id)
    stay = _by_episode(stays, notice)
    if stay is None and stays and notice.history:
        named = await uow.messages.stays_of(envelope.sender, notice.history)
        stay = next((each for each in stays if each.id in named), None)
    if stay is None:
        stay = _continued(stays, notice, uow.directory.hospital_of(ward))
    if stay is not None and envelope.message_id in stay.superseded:
        return stay
    if notice.kind is NoticeKind.SLHJ:
        return await _end(uow, stay, patient, notice, envelope, ward=ward, known=known)
    if stay is not None and not stay.is_open:
        if stay.ended_at is not None and notice.started_at < stay.ended_at:
            return _joined(stay, notice, envelope.receiver)
        stay = next((other for other in stays if other.is_open), None)
    if stay is None:
        stay = course.begin(
            uow,
            patient=patient,
            ward=ward,
            receiver=envelope.receiver,
            kind=notice.kind,
            encounter_class=notice.encounter_class,
            started_at=notice.started_at,
            episodes=notice.episodes,
        )
    else:
        by_hand = not stay.episodes
        stay = _joined(stay, notice, envelope.receiver)
        # An older contact that comes late is joined, but moves nobody back. A start marked by hand is no measure.
        if by_hand or notice.started_at >= stay.encounter.started_at:
            stay = course.continue_in(
                uow,
                stay,
                ward=ward,
                kind=notice.kind,
                encounter_class=notice.encounter_class,
                at=notice.started_at,
            )
    if known:
        stay = course.serve(uow, stay, patient)
    stay = await course.plan_tasks(uow, stay, patient, Trigger.STAY_BEGAN, report_requested=notice.report_requested)
    return await course.close_access(uow, stay)


async def _end(
    uow: UnitOfWork,
    stay: Stay | None,
    patient: Patient,
    notice: Notice,
    envelope: Envelope,
    *,
    ward: SorCode,
    known: bool,
) -> Stay:
    """End the stay; one that nobody told of is made from the discharge's own content."""
    left_at = notice.ended_at or notice.occurred_at
    if stay is None:
        stay = course.begin(
            uow,
            patient=patient,
            ward=ward,
            receiver=envelope.receiver,
            kind=notice.kind,
            encounter_class=notice.encounter_class,
            started_at=notice.started_at,
            episodes=notice.episodes,
        )
    else:
        stay = _joined(stay, notice, envelope.receiver)
    if known:
        stay = course.serve(uow, stay, patient)
    return await course.discharge(uow, stay, patient, left_at)


def _by_episode(stays: Sequence[Stay], notice: Notice) -> Stay | None:
    """The stay that shares an episode id: asked first, because published Provenance chains are not always whole."""
    keys = {episode.key for episode in notice.episodes}
    return next((stay for stay in stays if keys & {episode.key for episode in stay.episodes}), None)


def _continued(stays: Sequence[Stay], notice: Notice, hospital: SorCode) -> Stay | None:
    """The stay that a notice continues though it shares no id with it.

    A stay begun by hand has no episode id: it is joined by citizen, hospital and overlapping time,
    ended or not. An admission while another is open is a transfer and continues it.
    """
    for stay in stays:
        overlaps = (stay.ended_at is None or notice.started_at <= stay.ended_at) and (
            notice.ended_at is None or stay.began_at <= notice.ended_at
        )
        if not stay.episodes and stay.hospital == hospital and overlaps:
            return stay
    if notice.kind is NoticeKind.SLHJ:
        return None
    return next((stay for stay in stays if stay.is_open), None)


def _joined(stay: Stay, notice: Notice, receiver: SorCode | None) -> Stay:
    """The stay with what the notice adds: its episode ids, and the receiver when none was known."""
    known = {episode.key for episode in stay.episodes}
    added = tuple(episode for episode in notice.episodes if episode.key not in known)
    return replace(stay, episodes=(*stay.episodes, *added), receiver=stay.receiver or receiver)
