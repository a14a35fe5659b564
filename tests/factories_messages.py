"""Messages as the operator's desk reads them, for the examples of its pages."""

from __future__ import annotations

from discharge.commands import Issue, ReceiptCode
from discharge.identifiers import MessageId
from notifications.outbound import DeliveryState
from services.persistence.message_views import (
    MessageAct,
    MessageCopy,
    MessageDetail,
    MessageList,
    MessageReceipt,
    MessageRow,
)
from tests.factories_views import HOSPITAL, MUNICIPALITY, NOW, WARD, at, head


def message_list(*, empty: bool = False) -> MessageList:
    finding = Issue(
        severity="error",
        code="invariant",
        detail="MSG_ID_INVALID",
        rule="hospitalNotification-4",
        expression="Bundle.entry[1].resource.identifier",
        text="CPR-nummeret skal have ti cifre og en rigtig dato.",
    )
    rows = (
        MessageRow(
            message_id=MessageId("b2b13d5e-0d5d-4b8c-9a43-000000000001"),
            received_at=at("11.28"),
            sender=WARD,
            receiver=MUNICIPALITY,
            event_code="hospital-notification-message",
            receipt=ReceiptCode.OK,
            repeats=2,
        ),
        MessageRow(
            message_id=MessageId("b2b13d5e-0d5d-4b8c-9a43-000000000002"),
            received_at=at("10.58"),
            sender=HOSPITAL,
            receiver=MUNICIPALITY,
            event_code="hospital-notification-message",
            receipt=ReceiptCode.FATAL_ERROR,
            issues=(finding,),
            differing_repeats=1,
        ),
        MessageRow(
            id="ud-1",
            message_id=MessageId("b2b13d5e-0d5d-4b8c-9a43-000000000003"),
            received_at=at("10.30"),
            sender=MUNICIPALITY,
            receiver=HOSPITAL,
            event_code="care-communication-message",
            delivery=DeliveryState.IN_ERROR,
            reason="no-receipt",
            sendings=4,
        ),
    )
    return MessageList(
        now=NOW,
        feed_head=head(MUNICIPALITY),
        messages=() if empty else rows,
        accepted=0 if empty else 1,
        refused=0 if empty else 1,
        repeated=0 if empty else 3,
        leaving=0 if empty else 1,
        stuck=0 if empty else 1,
    )


def message_detail(*, leaves: bool = True) -> MessageDetail:
    row = message_list().messages[2 if leaves else 1]
    act = MessageAct(kind="open", at=at("11.10"), by="Drift Driftsen", reason="Modtageren siger, at den er tom")
    receipt = MessageReceipt(
        receipt_id="b2b13d5e-0d5d-4b8c-9a43-0000000000aa",
        received_at=at("10.40"),
        sender=HOSPITAL,
        code="transient-error",
        effect="postpones",
        details=("MSG_Mailbox_Out_Of_Operation",),
    )
    return MessageDetail(
        now=NOW,
        feed_head=head(MUNICIPALITY),
        row=row,
        bundle_id="b2b13d5e-0d5d-4b8c-9a43-0000000000bb",
        has_body=True,
        copies=() if leaves else (MessageCopy(id="kopi-1", received_at=at("11.00"), has_body=True),),
        receipts=(receipt,) if leaves else (),
        acts=(act,),
    )
