"""What the operator's desk says of a message, in words."""

from __future__ import annotations

from dataclasses import dataclass

from discharge.commands import Issue, ReceiptCode
from discharge.identifiers import SorCode
from fhir_mappings.medcom.codes import EventCode
from notifications.outbound import DeliveryState
from services.persistence.message_views import MessageRow
from services.web.cards import Reader, place_name
from services.web.dates import moment
from services.web.language import Language

__all__ = ["Finding", "MessageLine", "event_words", "finding_of", "line_of", "place_of", "reason_of", "state_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding of the check."""

    is_error: bool
    rule: str
    text: str
    expression: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLine:
    """One message as the desk shows it."""

    href: str
    message_id: str
    at: str
    way: str
    state: str
    is_ok: bool
    is_waiting: bool
    reason: str
    sender: str
    receiver: str
    event: str
    findings: tuple[Finding, ...]
    repeats: str
    differing: str


def line_of(row: MessageRow, reader: Reader) -> MessageLine:
    """The message as the desk shows it."""
    t, lang = reader.lang.text, reader.lang
    differing = lang.choose(row.differing_repeats, "1 med andet indhold", "{n} med andet indhold")
    times = lang.choose(row.sendings, "sendt 1 gang", "sendt {n} gange") if row.sendings else ""
    repeats = lang.choose(row.repeats, "1 gang", "{n} gange") if row.repeats else ""
    return MessageLine(
        href=f"/operator/{'outbox' if row.leaves else 'messages'}/{row.id}",
        message_id=row.message_id,
        at=moment(row.received_at, reader.now, lang),
        way=t("ud") if row.leaves else t("ind"),
        state=state_of(row, lang),
        is_ok=row.receipt is ReceiptCode.OK or row.delivery is DeliveryState.ACKNOWLEDGED,
        is_waiting=row.delivery in {DeliveryState.SENT, DeliveryState.AWAITING_ACK, DeliveryState.RETRY},
        reason=reason_of(row.reason, lang),
        sender=place_of(row.sender, reader),
        receiver=place_of(row.receiver, reader),
        event=event_words(row.event_code, lang),
        findings=tuple(finding_of(issue) for issue in row.issues),
        repeats=times if row.leaves else repeats,
        differing=differing if row.differing_repeats else "",
    )


def state_of(row: MessageRow, lang: Language) -> str:
    """Where it stands, in a word."""
    t = lang.text
    if row.delivery is not None:
        return {
            DeliveryState.SENT: t("Sendes"),
            DeliveryState.AWAITING_ACK: t("Afventer kvittering"),
            DeliveryState.RETRY: t("Prøves igen"),
            DeliveryState.ACKNOWLEDGED: t("Kvitteret"),
            DeliveryState.IN_ERROR: t("Fejlet"),
            DeliveryState.DISCARDED: t("Kasseret"),
        }[row.delivery]
    return {
        ReceiptCode.OK: t("Modtaget"),
        ReceiptCode.TRANSIENT_ERROR: t("Midlertidig fejl"),
        ReceiptCode.FATAL_ERROR: t("Afvist"),
    }[row.receipt or ReceiptCode.OK]


def event_words(event_code: str | None, lang: Language) -> str:
    """What kind of message it is; a code that has no words is shown as it is."""
    t = lang.text
    known = {
        EventCode.NOTIFICATION: t("Advis om sygehusophold"),
        EventCode.CARE_COMMUNICATION: t("Korrespondance"),
        EventCode.ACKNOWLEDGEMENT: t("Kvittering"),
    }
    return "" if event_code is None else known.get(event_code, event_code)


def reason_of(reason: str | None, lang: Language) -> str:
    """Why it is not acknowledged, in words; a code that has none is shown as it is."""
    t = lang.text
    if reason is None:
        return ""
    known = {
        "no-receipt": t("Modtageren har ikke kvitteret"),
        "fatal-error": t("Modtageren afviste beskeden"),
        "transient-error": t("Modtageren kunne ikke behandle den lige da"),
        "invalid-receipt": t("Kvitteringen kunne ikke læses"),
        "foreign-receipt": t("Kvitteringen kom fra en anden"),
        "no-gateway": t("Der er ikke sat en vej ud til modtagere"),
        "body-dropped": t("Indholdet er slettet efter reglerne"),
    }
    if reason in known:
        return known[reason]
    kind, _, detail = reason.partition("-")
    if kind == "http":
        return t("Modtagerens system svarede HTTP {status}").format(status=detail)
    if kind == "fault":
        return t("Fejl hos os selv: {kind}").format(kind=detail)
    return t("Ingen forbindelse til modtageren: {kind}").format(kind=reason)


def finding_of(issue: Issue) -> Finding:
    """A finding as the desk shows it."""
    return Finding(
        is_error=issue.severity in {"error", "fatal"},
        rule=issue.rule,
        text=issue.text,
        expression=issue.expression or "",
    )


def place_of(sor: SorCode | None, reader: Reader) -> str:
    """An organisation by its name, else by its code."""
    return "–" if sor is None else place_name(sor, reader.directory) or f"SOR {sor}"
