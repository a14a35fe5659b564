"""Outside the page: who is called when nobody takes a duty on, when, and with which words. Pure.

What leaves says nothing of a citizen: a link that opens nothing without signing in, the place, the duty's
nameless title and its deadline. E-mail is the channel that exists; another one, such as SMS, implements
``OutsideChannel`` as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Final, Protocol

from discharge.clock import at_local, local
from discharge.identifiers import SorCode
from discharge.policy import Role
from discharge.task import Priority, Title

__all__ = [
    "LOUD",
    "OnCall",
    "OutsideAlert",
    "OutsideChannel",
    "QuietHours",
    "Unanswered",
    "alert_of",
    "pause_after",
    "trial_alert",
]

LOUD: Final = frozenset({Priority.ASAP, Priority.STAT})
"""What rings at any hour."""

_PAUSES: Final = tuple(timedelta(seconds=seconds) for seconds in (15, 30, 60, 120, 300, 600, 900))
_LISTED: Final = 20
"""How many duties one alert spells out."""
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """A span of every day, local time; it may reach over midnight."""

    begin: time
    end: time

    def end_after(self, at: datetime) -> datetime | None:
        """When the quiet hours end in which ``at`` lies; None when it lies in none."""
        here = local(at)
        clock = here.time()
        if self.begin <= self.end:
            inside, later = self.begin <= clock < self.end, False
        else:
            inside, later = clock >= self.begin or clock < self.end, clock >= self.begin
        return at_local(here.date() + timedelta(days=later), self.end) if inside else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCall:
    """An entry of the address book: where those on call at a place read mail. Never a citizen's address."""

    id: str
    organization: SorCode
    roles: frozenset[Role]
    """Whose calls it gets; none named: everybody's of the place."""
    address: str
    quiet: QuietHours | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Tell whether it is used on ``day``; both ends count."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def is_for(self, roles: frozenset[Role]) -> bool:
        """Tell whether a call for ``roles`` is for this entry."""
        return not self.roles or not self.roles.isdisjoint(roles)

    def wait(self, priority: Priority, at: datetime) -> timedelta:
        """How long a call that comes at ``at`` is held back: until quiet hours end, and what is loud never."""
        end = None if self.quiet is None or priority in LOUD else self.quiet.end_after(at)
        return timedelta() if end is None else end - at


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A duty that nobody has taken on, as much of it as may leave."""

    title: Title
    due_at: datetime | None
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideAlert:
    """A call as a channel sends it."""

    message_id: str
    """The same in every try, so that a receiver can tell a repeat."""
    address: str = field(repr=False)
    subject: str
    text: str


class OutsideChannel(Protocol):
    """A way to people who look at no page."""

    async def send(self, alert: OutsideAlert) -> None:
        """Hand the alert over to whoever delivers it.

        Raises:
            RefusedError: the address is none that can be reached; trying again is no use.
            UnreachedError: nothing was taken; to be tried again.
            UnansweredError: it may have been taken; to be tried again with the same id.
        """
        ...


def pause_after(tries: int) -> timedelta | None:
    """How long is waited after so many tries that failed; None: no more, people must look."""
    return _PAUSES[tries - 1] if tries <= len(_PAUSES) else None


def alert_of(message_id: str, address: str, place: str, duties: Sequence[Unanswered], home: str) -> OutsideAlert:
    """The words of a call about ``duties`` at ``place``; in Danish, then in English."""
    number = len(duties)
    da = "Ingen har taget denne opgave på sig:" if number == 1 else f"Ingen har taget disse {number} opgaver på sig:"
    en = "Nobody has taken on this task:" if number == 1 else f"Nobody has taken on these {number} tasks:"
    listed = duties[:_LISTED]
    rest = number - len(listed)
    danish = [line for duty in listed for line in (f"- {duty.title.da}", f"  {_frist(duty.due_at)}", f"  {duty.link}")]
    english = [
        line for duty in listed for line in (f"- {duty.title.en}", f"  {_deadline(duty.due_at)}", f"  {duty.link}")
    ]
    if rest:
        danish.append(f"- og {rest} til: {home}")
        english.append(f"- and {rest} more: {home}")
    text = [place, "", da, "", *danish, "", "Åbn Stafet, og tag opgaven på dig.", "", "--", ""]
    text += [en, "", *english, "", "Open Stafet and take it on."]
    subject = "Stafet: opgave uden svar / unanswered task" if number == 1 else f"Stafet: {number} opgaver uden svar"
    return OutsideAlert(message_id=message_id, address=address, subject=subject, text="\n".join((*text, "")))


def trial_alert(message_id: str, address: str, place: str, home: str) -> OutsideAlert:
    """The words of a press on "send a test mail"."""
    lines = (
        place,
        "",
        "Dette er en prøve. Når ingen tager en opgave på sig, kommer der besked til denne adresse.",
        home,
        "",
        "--",
        "",
        "This is a test. When nobody takes on a task, this address is told.",
        home,
        "",
    )
    return OutsideAlert(message_id=message_id, address=address, subject="Stafet: prøve / test", text="\n".join(lines))


def _frist(due_at: datetime | None) -> str:
    if due_at is None:
        return "Ingen frist"
    at = local(due_at)
    return f"Frist: {at:%d.%m.%Y} kl. {at:%H.%M}"


def _deadline(due_at: datetime | None) -> str:
    if due_at is None:
        return "No deadline"
    at = local(due_at)
    return f"Deadline: {at.day} {_MONTHS[at.month - 1]} {at:%Y %H:%M}"
