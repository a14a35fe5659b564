"""The rows. Nobody outside ``services.persistence`` imports this package.

What identifies or describes a citizen is ciphertext (``bytea``): AES-GCM under the patient's own
key. Text columns hold codes, ids and names of organisations and staff only.
"""

from services.persistence.tables.conversations import (
    AttachmentRow,
    CareMessageRow,
    ConversationPartyRow,
    ConversationRow,
)
from services.persistence.tables.documents import DocumentRow, DocumentRulingRow
from services.persistence.tables.master import AgreementRow, DemoClockRow, MetaRow, OrganizationRow, SystemClientRow
from services.persistence.tables.medications import MedicationLineRow, MedicationListRow, MedicationRow
from services.persistence.tables.on_call import AlertMailRow, InterruptionRow, OnCallRow
from services.persistence.tables.outbound import MessageActRow, OutboundMessageRow, OutboundReceiptRow
from services.persistence.tables.shape import Base
from services.persistence.tables.stays import (
    EncounterRow,
    EpisodeRow,
    NoticeRow,
    PartyRow,
    PatientRow,
    PlanVersionRow,
    StayRow,
    SupersededRow,
)
from services.persistence.tables.tasks import EventRow, StalledStayRow, TaskRow, TaskVersionRow, TimerRow
from services.persistence.tables.traffic import (
    AuditRow,
    AuditSealRow,
    ClientAssertionRow,
    FeedEntryRow,
    FeedRow,
    LiveTicketRow,
    MessageAsideRow,
    MessageRow,
    WebSessionRow,
)

__all__ = [
    "AgreementRow",
    "AlertMailRow",
    "AttachmentRow",
    "AuditRow",
    "AuditSealRow",
    "Base",
    "CareMessageRow",
    "ClientAssertionRow",
    "ConversationPartyRow",
    "ConversationRow",
    "DemoClockRow",
    "DocumentRow",
    "DocumentRulingRow",
    "EncounterRow",
    "EpisodeRow",
    "EventRow",
    "FeedEntryRow",
    "FeedRow",
    "InterruptionRow",
    "LiveTicketRow",
    "MedicationLineRow",
    "MedicationListRow",
    "MedicationRow",
    "MessageActRow",
    "MessageAsideRow",
    "MessageRow",
    "MetaRow",
    "NoticeRow",
    "OnCallRow",
    "OrganizationRow",
    "OutboundMessageRow",
    "OutboundReceiptRow",
    "PartyRow",
    "PatientRow",
    "PlanVersionRow",
    "StalledStayRow",
    "StayRow",
    "SupersededRow",
    "SystemClientRow",
    "TaskRow",
    "TaskVersionRow",
    "TimerRow",
    "WebSessionRow",
]
