"""The desk's search: out of a form into an address, out of the address into a question. No CPR number in either."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from discharge.directory import Directory
from discharge.errors import InvalidIdentifierError
from discharge.identifiers import CprNumber, SorCode
from services.persistence.message_views import MessageSearch, MessageShow
from services.web.forms import Form, instant_at, parse_date, parse_time

__all__ = ["FIELDS", "Asked", "address_of", "asked_for", "check", "cursor_of", "question_of"]

FIELDS: Final = ("id", "sender", "date", "from", "to")
_TEN: Final = re.compile(r"(?<!\d)\d{6}-?\d{4}(?!\d)", re.ASCII)
_LONGEST: Final = 64
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What stands in the fields."""

    show: MessageShow = MessageShow.ALL
    id: str = ""
    sender: str = ""
    date: str = ""
    from_: str = ""
    to: str = ""
    after: str = ""

    @property
    def is_filtered(self) -> bool:
        """True when not everything is asked for."""
        return self.show is not MessageShow.ALL or bool(self.id or self.sender or self.date)


def asked_for(texts: Mapping[str, str]) -> Asked:
    """What an address or a form asks for; what means nothing is left out."""
    show = texts.get("show", "")
    named = {name: texts.get(name, "").strip()[:_LONGEST] for name in (*FIELDS, "after")}
    return Asked(
        show=MessageShow(show) if show in set(MessageShow) else MessageShow.ALL,
        id=named["id"],
        sender=named["sender"],
        date=named["date"],
        from_=named["from"],
        to=named["to"],
        after=named["after"],
    )


def check(form: Form) -> None:
    """Note in ``form.errors`` what cannot be searched for."""
    t = form.lang.text
    for name, label in (("id", t("Beskedens id")), ("sender", t("Afsender"))):
        if _holds_cpr(form.text(name)):
            form.refuse(name, label, t("Skriv ikke CPR-numre her. Søg efter beskedens id, afsender eller tid."))
    form.date("date", t("Dato"))
    for name, label in (("from", t("Fra kl.")), ("to", t("Til kl."))):
        if form.time(name, label) is not None and not form.text("date"):
            form.refuse("date", t("Dato"), t("Skriv en dato til klokkeslættet."))


def _holds_cpr(text: str) -> bool:
    for found in _TEN.findall(text):
        try:
            CprNumber.parse(found)
        except InvalidIdentifierError:
            continue
        return True
    return False


def address_of(asked: Asked, *, after: str = "") -> str:
    """Where the answer stands, so that it can be opened again."""
    parts = {
        "show": "" if asked.show is MessageShow.ALL else asked.show.value,
        "id": asked.id,
        "sender": asked.sender,
        "date": asked.date,
        "from": asked.from_,
        "to": asked.to,
        "after": after,
    }
    query = urlencode({name: value for name, value in parts.items() if value})
    return f"/operator?{query}" if query else "/operator"


def question_of(asked: Asked, directory: Directory, now: datetime) -> MessageSearch:
    """What the store is asked."""
    day = parse_date(asked.date, now.date()) if asked.date else None
    since = until = None
    if day is not None:
        since = instant_at(day, parse_time(asked.from_) or time())
        end = parse_time(asked.to) if asked.to else None
        until = instant_at(day, end) + timedelta(minutes=1) if end else instant_at(day + timedelta(days=1), time())
    return MessageSearch(
        show=asked.show,
        id=asked.id,
        senders=_senders(asked.sender, directory) if asked.sender else None,
        since=since,
        until=until,
        after=_cursor(asked.after),
    )


def _senders(text: str, directory: Directory) -> tuple[SorCode, ...]:
    """A SOR code with all below it, or every organisation with these words in its name."""
    if text.isdecimal():
        code = SorCode(text)
        return directory.within(code) if code in directory else (code,)
    wanted = text.casefold()
    named = [each.sor for each in directory.organizations.values() if wanted in each.name.casefold()]
    return tuple(dict.fromkeys(sor for place in named for sor in directory.within(place)))


def cursor_of(last: tuple[datetime, str]) -> str:
    """The last row of a page as it stands in an address."""
    at, row_id = last
    return f"{(at - _EPOCH) // timedelta(microseconds=1)}.{row_id}"


def _cursor(text: str) -> tuple[datetime, str] | None:
    microseconds, _, row_id = text.partition(".")
    try:
        return _EPOCH + timedelta(microseconds=int(microseconds)), str(UUID(row_id))
    except (ValueError, OverflowError):
        return None
