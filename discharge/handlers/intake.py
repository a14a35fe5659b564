"""A message came in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from discharge.commands import Envelope, Issue, Notice, ParkMessage, Receipt, ReceiptCode, ReceiveNotice, RefuseMessage
from discharge.directory import OrganizationKind
from discharge.events import MessageRefused
from discharge.handlers import course
from discharge.identifiers import CprNumber, PatientId, SorCode
from discharge.notices import FiledNotice
from discharge.patient import Patient
from discharge.policy import Role, require_role, require_sender
from discharge.ports import UnitOfWork
from discharge.stay import NoticeKind, Stay, StayState

__all__ = ["answered_before", "park_message", "receive_notice", "refuse_message"]

_HOSPITAL: Final = frozenset({OrganizationKind.HOSPITAL, OrganizationKind.WARD})
_OUR_FAULT: Final = Issue(
    severity="error",
    code="exception",
    detail="MSG_LOCAL_FAIL",
    rule="stafet-handled",
    text="The message could not be handled here, for reasons of ours. Nothing was changed. Send it again later.",
)


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
        return await answered_before(uow, command.envelope, earlier, command.notice.cpr)
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
        return await answered_before(uow, command.envelope, earlier, command.cpr)
    return await _put_by(uow, command, Receipt(code=ReceiptCode.FATAL_ERROR, issues=command.issues), command.cpr)


async def park_message(command: ParkMessage, uow: UnitOfWork) -> Receipt:
    """Put by a message that we failed to handle: its sender is asked to send it again, operators are told.

    Raises:
        NotAllowedError: the client may not send for this sender.
    """
    _require_client(command, uow)
    earlier = await uow.messages.claim(command.envelope)
    if earlier is not None:
        return await answered_before(uow, command.envelope, earlier, None, is_blind=command.is_blind)
    receipt = Receipt(code=ReceiptCode.TRANSIENT_ERROR, issues=(_OUR_FAULT,))
    return await _put_by(uow, command, receipt, command.cpr, is_blind=command.is_blind)


async def answered_before(
    uow: UnitOfWork, envelope: Envelope, earlier: Receipt, cpr: CprNumber | None, *, is_blind: bool = False
) -> Receipt:
    """The first answer again. What the claim itself refused is kept as any other refused message is."""
    if not earlier.duplicate:
        await _keep(uow, envelope, earlier, cpr, is_blind=is_blind)
    await uow.commit()
    return earlier


async def _put_by(
    uow: UnitOfWork,
    command: RefuseMessage | ParkMessage,
    receipt: Receipt,
    cpr: CprNumber | None,
    *,
    is_blind: bool = False,
) -> Receipt:
    envelope = command.envelope
    await _keep(uow, envelope, receipt, cpr, is_blind=is_blind)
    uow.record(
        MessageRefused(at=uow.now, message_id=envelope.message_id, sender=envelope.sender, receiver=envelope.receiver)
    )
    await uow.commit()
    return receipt


async def _keep(
    uow: UnitOfWork, envelope: Envelope, receipt: Receipt, cpr: CprNumber | None, *, is_blind: bool
) -> None:
    """Write the answer; the body stays where it is nobody's, or the receiver or a hospital of ours may hold it."""
    if is_blind:
        await uow.messages.conclude(envelope, receipt, stay_id=None, patient=None, keep=False)
        return
    patient = None if cpr is None else await uow.patients.by_cpr(cpr)
    known = (
        patient is not None and envelope.receiver is not None and patient.is_known_to(envelope.receiver, uow.directory)
    )
    keep = cpr is None or known or _uses_stafet(envelope.sender, uow)
    await uow.messages.conclude(envelope, receipt, stay_id=None, patient=patient if keep else None, keep=keep)


def _require_client(command: ReceiveNotice | RefuseMessage | ParkMessage, uow: UnitOfWork) -> None:
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
    """File the notice with the stay that it is about, and let follow what the stay's story says then."""
    filed = FiledNotice(
        id=envelope.message_id,
        sender=envelope.sender,
        kind=notice.kind,
        encounter_class=notice.encounter_class,
        hospital=uow.directory.hospital_of(ward),
        ward=ward,
        started_at=notice.started_at,
        leave_started_at=notice.leave_started_at,
        leave_ended_at=notice.leave_ended_at,
        ended_at=notice.ended_at,
        occurred_at=notice.occurred_at,
        deceased=notice.deceased,
        report_requested=notice.report_requested,
        report_recipient=notice.report_recipient,
        about=notice.about,
        follows=frozenset(notice.history),
        received_at=uow.now,
    )
    stays = await uow.stays.of_patient(patient.id)
    before = _about(stays, notice, filed)
    if before is None:
        stay = course.begin(uow, filed, patient, receiver=envelope.receiver, episodes=notice.episodes)
    else:
        before = _joined(before, notice, envelope.receiver)
        if known and (before.receiver is None or not patient.is_known_to(before.receiver, uow.directory)):
            # The notices of before went to a place that gives the citizen no service.
            before = replace(before, receiver=envelope.receiver)
        stay = course.file(uow, before, _after_presses(filed, before))
    if known:
        stay = course.serve(uow, stay, patient)
    return await course.follow(uow, before, stay, patient, filed)


def _after_presses(filed: FiledNotice, stay: Stay) -> FiledNotice:
    """What somebody pressed names no history: the notice that says the same later confirms or re-dates it."""
    said = {each.id for each in stay.notices if each.by is not None and each.kind is filed.kind.base}
    return replace(filed, follows=filed.follows | said)


def _about(stays: Sequence[Stay], notice: Notice, filed: FiledNotice) -> Stay | None:
    """The stay that the notice is about: by episode id, then by its history, then by what it must continue.

    Episode ids come first, because published Provenance chains are not always whole.
    """
    shared = [stay for stay in stays if stay.is_of(notice.episodes)]
    named = [stay for stay in shared or stays if filed.follows & stay.known_messages or filed.id in stay.known_messages]
    found = next(iter(named or shared), None)
    if found is None:
        found = _continued(stays, notice, filed.hospital)
    if found is not None and not named and _is_readmission(found, notice):
        return next((other for other in stays if other.is_open), None)
    return found


def _is_readmission(stay: Stay, notice: Notice) -> bool:
    """Somebody who went home has come back: that is another stay, even under the same episode id."""
    if not notice.kind.begins or notice.deceased is not None or stay.ended_at is None:
        return False
    return stay.state in {StayState.ENDED, StayState.DEAD} and notice.started_at >= stay.ended_at


def _continued(stays: Sequence[Stay], notice: Notice, hospital: SorCode) -> Stay | None:
    """The stay that a notice continues though it shares no id with it.

    A stay begun by hand has no episode id: it is joined by citizen, hospital and overlapping time,
    ended or not. An admission while another is open is a transfer and continues it; so does what can
    only happen to somebody who is in hospital. A discharge with ids of its own is of a stay of its own.
    """
    for stay in stays:
        overlaps = (stay.ended_at is None or notice.started_at <= stay.ended_at) and (
            notice.ended_at is None or stay.began_at <= notice.ended_at
        )
        if not stay.episodes and stay.hospital == hospital and overlaps:
            return stay
    if notice.kind.base is NoticeKind.SLHJ and not notice.deceased:
        return None
    return next((stay for stay in stays if stay.is_open), None)


def _joined(stay: Stay, notice: Notice, receiver: SorCode | None) -> Stay:
    """The stay with what the notice adds: its episode ids, and the receiver when none was known."""
    known = {episode.key for episode in stay.episodes}
    added = tuple(episode for episode in notice.episodes if episode.key not in known)
    return replace(stay, episodes=(*stay.episodes, *added), receiver=stay.receiver or receiver)
