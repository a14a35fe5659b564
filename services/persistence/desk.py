"""The operator's desk: which messages there are, under row-level security; never what they say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Text, and_, cast, func, literal, null, or_, select, tuple_, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute

from discharge.commands import ReceiptCode
from discharge.errors import NotFoundError
from discharge.identifiers import MessageId, SorCode
from notifications.outbound import DeliveryState
from services.persistence.clock import wall_now
from services.persistence.message_views import (
    MessageAct,
    MessageCopy,
    MessageDetail,
    MessageList,
    MessageReceipt,
    MessageRow,
    MessageSearch,
    MessageShow,
)
from services.persistence.messages import issues_from
from services.persistence.reading import ReadSession
from services.persistence.tables import MessageActRow, MessageAsideRow, OutboundMessageRow, OutboundReceiptRow
from services.persistence.tables import MessageRow as Inbound
from services.persistence.vault import Vault
from services.persistence.views import PAGE_SIZE

__all__ = ["inbound_detail", "message_list", "outbound_detail"]

_DAY: Final = timedelta(days=1)
_LATE: Final = timedelta(minutes=30)
_WAITING: Final = (DeliveryState.SENT.value, DeliveryState.AWAITING_ACK.value, DeliveryState.RETRY.value)


async def message_list(session: ReadSession, search: MessageSearch | None = None) -> MessageList:
    """The messages of the caller's organisations, newest first."""
    search = search or MessageSearch()
    head = await session.feed_head()
    both = union_all(*_selected(search)).subquery()
    query = select(both).order_by(both.c.at.desc(), both.c.id.desc()).limit(PAGE_SIZE + 1)
    rows = (await session.connection.execute(query)).all()
    shown = rows[:PAGE_SIZE]
    last = shown[-1] if len(rows) > PAGE_SIZE else None
    return MessageList(
        now=session.now,
        feed_head=head,
        messages=tuple(_row(row) for row in shown),
        search=search,
        next=None if last is None else (last.at, str(last.id)),
        **await _counts(session),
    )


def _selected(search: MessageSearch) -> list[Select[Any]]:
    """Both directions, each no further than one page needs."""
    found = []
    if search.show is not MessageShow.OUT:
        found.append(_first(_inbound(search), search, Inbound.received_at, Inbound.id))
    if search.show not in {MessageShow.IN, MessageShow.REFUSED}:
        found.append(_first(_outbound(search), search, OutboundMessageRow.created_at, OutboundMessageRow.id))
    return found


def _first(
    query: Select[Any], search: MessageSearch, at: InstrumentedAttribute[Any], row_id: InstrumentedAttribute[UUID]
) -> Select[Any]:
    if search.after is not None:
        last_at, last_id = search.after
        query = query.where(tuple_(at, row_id) < tuple_(literal(last_at), literal(UUID(last_id))))
    page = query.order_by(at.desc(), row_id.desc()).limit(PAGE_SIZE + 1).subquery()
    return select(page)


def _inbound(search: MessageSearch) -> Select[Any]:
    columns: tuple[Any, ...] = (
        Inbound.id,
        Inbound.received_at.label("at"),
        Inbound.message_id,
        Inbound.sender,
        Inbound.receiver,
        Inbound.event_code,
        Inbound.receipt,
        cast(null(), Text).label("state"),
        cast(null(), Text).label("reason"),
        literal(0).label("sendings"),
        Inbound.issues,
        Inbound.repeats,
        Inbound.differing_repeats,
    )
    query = select(*columns).where(Inbound.receipt.is_not(None), *_wanted(search, Inbound, Inbound.received_at))
    if search.show is MessageShow.REFUSED:
        query = query.where(Inbound.receipt != ReceiptCode.OK.value)
    if search.show is MessageShow.STUCK:
        query = query.where(Inbound.receipt == ReceiptCode.TRANSIENT_ERROR.value)
    return query


def _outbound(search: MessageSearch) -> Select[Any]:
    row = OutboundMessageRow
    columns: tuple[Any, ...] = (
        row.id,
        row.created_at.label("at"),
        row.message_id,
        row.sender,
        row.receiver,
        row.event_code,
        cast(null(), Text).label("receipt"),
        row.state,
        row.reason,
        row.sendings,
        cast(null(), JSONB).label("issues"),
        literal(0).label("repeats"),
        literal(0).label("differing_repeats"),
    )
    query = select(*columns).where(*_wanted(search, row, row.created_at))
    return query.where(row.state == DeliveryState.IN_ERROR.value) if search.show is MessageShow.STUCK else query


def _wanted(
    search: MessageSearch, row: type[Inbound | OutboundMessageRow], at: InstrumentedAttribute[Any]
) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if search.id:
        wanted.append(
            or_(
                row.message_id.startswith(search.id, autoescape=True),
                row.bundle_id.startswith(search.id, autoescape=True),
            )
        )
    if search.senders is not None:
        wanted.append(row.sender.in_(search.senders))
    if search.since is not None:
        wanted.append(at >= search.since)
    if search.until is not None:
        wanted.append(at < search.until)
    return wanted


async def _counts(session: ReadSession) -> dict[str, int]:
    is_ok = Inbound.receipt == ReceiptCode.OK.value
    now = wall_now()
    came = await session.connection.execute(
        select(
            func.count().filter(is_ok),
            func.count().filter(~is_ok),
            func.coalesce(func.sum(Inbound.repeats), 0),
        ).where(Inbound.received_at > now - _DAY)
    )
    parked = select(func.count()).where(Inbound.receipt == ReceiptCode.TRANSIENT_ERROR.value).scalar_subquery()
    row = OutboundMessageRow
    left = await session.connection.execute(
        select(
            func.count().filter(row.created_at > now - _DAY),
            func.count().filter(row.state == DeliveryState.IN_ERROR.value) + parked,
            func.count().filter(and_(row.state.in_(_WAITING), row.created_at < now - _LATE)),
        )
    )
    accepted, refused, repeated = came.one()
    leaving, stuck, late = left.one()
    return {
        "accepted": accepted,
        "refused": refused,
        "repeated": int(repeated),
        "leaving": leaving,
        "stuck": stuck,
        "late": late,
    }


def _row(row: Any) -> MessageRow:
    return MessageRow(
        id=str(row.id),
        message_id=MessageId(row.message_id),
        received_at=row.at,
        sender=SorCode(row.sender),
        receiver=None if row.receiver is None else SorCode(row.receiver),
        event_code=row.event_code,
        receipt=None if row.receipt is None else ReceiptCode(row.receipt),
        delivery=None if row.state is None else DeliveryState(row.state),
        reason=row.reason,
        sendings=row.sendings,
        issues=issues_from(row.issues or ()),
        repeats=row.repeats,
        differing_repeats=row.differing_repeats,
    )


async def inbound_detail(session: ReadSession, message_key: str) -> MessageDetail:
    """One message that came in.

    Raises:
        NotFoundError: no such message, or not for this caller.
    """
    key = _uuid(message_key)
    query = _inbound(MessageSearch()).add_columns(
        Inbound.bundle_id, Inbound.body.is_not(None).label("has_body"), Inbound.stay_id
    )
    row = (await session.connection.execute(query.where(Inbound.id == key))).one_or_none()
    if row is None:
        raise NotFoundError(kind="Message")
    copies = await session.connection.execute(
        select(MessageAsideRow.id, MessageAsideRow.received_at, MessageAsideRow.body.is_not(None).label("has_body"))
        .where(MessageAsideRow.message == key)
        .order_by(MessageAsideRow.received_at, MessageAsideRow.id)
    )
    return await _detail(
        session,
        row,
        MessageActRow.message == key,
        copies=tuple(
            MessageCopy(id=str(copy.id), received_at=copy.received_at, has_body=copy.has_body) for copy in copies
        ),
    )


async def outbound_detail(session: ReadSession, delivery_id: str) -> MessageDetail:
    """One message of ours, with the receipts it got.

    Raises:
        NotFoundError: no such message, or not for this caller.
    """
    key, out = _uuid(delivery_id), OutboundMessageRow
    query = _outbound(MessageSearch()).add_columns(out.bundle_id, out.body.is_not(None).label("has_body"), out.due_at)
    row = (await session.connection.execute(query.where(out.id == key))).one_or_none()
    if row is None:
        raise NotFoundError(kind="Message")
    receipts = await session.connection.execute(
        select(OutboundReceiptRow)
        .where(OutboundReceiptRow.outbound == key)
        .order_by(OutboundReceiptRow.received_at, OutboundReceiptRow.id)
    )
    return await _detail(
        session,
        row,
        MessageActRow.outbound == key,
        due_at=row.due_at,
        receipts=tuple(
            MessageReceipt(
                receipt_id=each.receipt_id,
                received_at=each.received_at,
                sender=SorCode(each.sender),
                code=each.code,
                effect=each.effect,
                details=tuple(each.details),
            )
            for each in receipts
        ),
    )


async def _detail(session: ReadSession, row: Any, acts: ColumnElement[bool], **of_its_way: Any) -> MessageDetail:
    """What is read of a message either way, and what only one of the two ways has."""
    return MessageDetail(
        now=session.now,
        feed_head=await session.feed_head(),
        row=_row(row),
        bundle_id=row.bundle_id,
        has_body=row.has_body,
        acts=await _acts(session, acts),
        **of_its_way,
    )


async def _acts(session: ReadSession, about: ColumnElement[bool]) -> tuple[MessageAct, ...]:
    rows = await session.connection.execute(select(MessageActRow).where(about).order_by(MessageActRow.at))
    return tuple(
        MessageAct(kind=row.kind, at=row.at, by=row.by_name, reason=_opened(session.vault, row)) for row in rows
    )


def _opened(vault: Vault, row: Any) -> str:
    key = vault.unwrap(row.wrapped_key, str(row.id))
    return key.open(row.reason, f"act:{row.id}").decode()


def _uuid(text_id: str) -> UUID:
    try:
        return UUID(text_id)
    except ValueError:
        raise NotFoundError(kind="Message") from None
