"""Example views of ``/alerts``."""

from __future__ import annotations

from datetime import date, time, timedelta

from discharge.identifiers import FeedId, PersonId
from discharge.policy import Role
from notifications.budget import Rings, Told
from notifications.outside import OnCall, QuietHours
from services.persistence.alert_reads import AlertsPage, Mail
from tests.factories_views import MUNICIPALITY, NOW

__all__ = ["alerts_page"]


def alerts_page(*, empty: bool = False) -> AlertsPage:
    """Two addresses, one of them over; mails in every state; a night that was too much for one of two."""
    if empty:
        return AlertsPage(now=NOW, entries=(), mails=(), told=(), rings=())
    entries = (
        OnCall(
            id="vagt-1",
            organization=MUNICIPALITY,
            roles=frozenset({Role.LEADER, Role.HOME_NURSE}),
            address="vagt@birkelund.example",
            quiet=QuietHours(time(22), time(7)),
        ),
        OnCall(
            id="vagt-2",
            organization=MUNICIPALITY,
            roles=frozenset(),
            address="sommer@birkelund.example",
            valid_from=date(2026, 7, 1),
            valid_to=date(2026, 7, 31),
        ),
    )
    mails = tuple(
        Mail(
            at=NOW - timedelta(minutes=number * 10),
            due_at=NOW,
            place=MUNICIPALITY,
            address="vagt@birkelund.example",
            state=state,
            tries=number,
            reason="smtp-550" if state == "failed" else None,
            tasks=number,
        )
        for number, state in enumerate(("waiting", "sent", "answered", "failed"))
    )
    hour = NOW.replace(minute=0)
    rings = tuple(
        Rings(FeedId(MUNICIPALITY), role, hour - timedelta(hours=8 * back), count)
        for role in (Role.HOME_NURSE, Role.LEADER)
        for back, count in enumerate((3, 14, 7, 0, 12))
    )
    told = tuple(
        Told(
            person=PersonId(name),
            name=name,
            role=Role.HOME_NURSE,
            place=MUNICIPALITY,
            hour=hour - timedelta(hours=8 * back),
            rang=rang,
            grouped=grouped,
        )
        for name, back, rang, grouped in (
            ("Mette Krog", 0, 3, 0),
            ("Mette Krog", 1, 14, 9),
            ("Hanne Pihl", 0, 12, 4),
            ("Ole Vind", 4, 2, 0),
        )
    )
    return AlertsPage(now=NOW, entries=entries, mails=mails, told=told, rings=rings)
