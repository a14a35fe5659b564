"""The rows. Nobody outside ``services.persistence`` imports this package.

What identifies or describes a citizen is ciphertext (``bytea``): AES-GCM under the patient's own
key. Text columns hold codes, ids and names of organisations and staff only.
"""

from services.persistence.tables.master import AgreementRow, DemoClockRow, MetaRow, OrganizationRow, SystemClientRow
from services.persistence.tables.shape import Base
from services.persistence.tables.stays import (
    EncounterRow,
    EpisodeRow,
    PartyRow,
    PatientRow,
    PlanVersionRow,
    StayRow,
    SupersededRow,
)
from services.persistence.tables.tasks import EventRow, TaskRow, TaskVersionRow, TimerRow
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
    "AuditRow",
    "AuditSealRow",
    "Base",
    "ClientAssertionRow",
    "DemoClockRow",
    "EncounterRow",
    "EpisodeRow",
    "EventRow",
    "FeedEntryRow",
    "FeedRow",
    "LiveTicketRow",
    "MessageAsideRow",
    "MessageRow",
    "MetaRow",
    "OrganizationRow",
    "PartyRow",
    "PatientRow",
    "PlanVersionRow",
    "StayRow",
    "SupersededRow",
    "SystemClientRow",
    "TaskRow",
    "TaskVersionRow",
    "TimerRow",
    "WebSessionRow",
]
