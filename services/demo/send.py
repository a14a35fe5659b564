"""``stafet send``: message files to an installation, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import httpx
from rich.console import Console

from discharge.commands import ReceiptCode
from discharge.identifiers import SorCode
from discharge.policy import Role
from fhir_mappings.bundles import envelope_of, open_message
from fhir_mappings.elements import Element
from fhir_mappings.errors import MappingError
from fhir_mappings.json_text import parse
from fhir_mappings.wire import format_of, parse_resource
from services.persistence.clock import wall_now
from services.settings import Settings, SettingsError
from services.web.tokens import issue_demo_token

__all__ = ["Answer", "answer_of", "send_files", "sender_of"]

_SECONDS: Final = 30.0
_LIFE: Final = timedelta(minutes=10)
_NOBODY: Final = SorCode("000000")
"""Stands for a sender that cannot be read: the installation says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back for one message."""

    code: str
    """``ok``, ``transient-error`` or ``fatal-error``; for anything else the HTTP status."""
    issues: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        """True when the message was taken in."""
        return self.code == ReceiptCode.OK


def send_files(
    settings: Settings,
    files: Sequence[Path],
    *,
    to: str | None = None,
    client: httpx.Client | None = None,
    console: Console | None = None,
) -> bool:
    """Post each file and print a line per acknowledgement; True when all are ``ok``.

    Args:
        settings: of a demo: its key signs a token for each message's sender.
        files: messages, JSON or XML.
        to: the installation's address; None: that of ``settings``.
        client: None: one of our own.
        console: where to print; None: standard output.

    Raises:
        SettingsError: the settings are not a demo's.
    """
    if not settings.is_demo:
        raise SettingsError("send signs tokens with a demo's key: give --home, or send with your own client and token")
    out = console or Console(highlight=False)
    base = (to or settings.http.public_url).rstrip("/")
    good = True
    with client or httpx.Client(timeout=_SECONDS, trust_env=False) as connection:
        for file in files:
            answer = _post(connection, settings, base, file.read_bytes())
            good &= answer.is_ok
            style = "green" if answer.is_ok else "red"
            out.print(f"{file}: {answer.code}", style=style, markup=False, soft_wrap=True)
            for issue in answer.issues:
                out.print(f"  {issue}", markup=False, soft_wrap=True)
    return good


def sender_of(body: bytes) -> SorCode | None:
    """The SOR code of a message's sender, where it can be read."""
    try:
        return envelope_of(open_message(parse_resource(body, expected="Bundle")), body=body).sender
    except MappingError:
        return None


def answer_of(response: httpx.Response) -> Answer:
    """What an answer says, be it an acknowledgement or a refusal."""
    try:
        content = Element("Bundle", parse(response.content))
    except MappingError:
        return Answer(code=f"HTTP {response.status_code}")
    if content.text("resourceType") == "OperationOutcome":
        return Answer(code=f"HTTP {response.status_code}", issues=tuple(_issues(content)))
    resources = [entry["resource"] for entry in content.all("entry")]
    codes = (resource["response"].text("code") for resource in resources)
    outcomes = (each for each in resources if each.text("resourceType") == "OperationOutcome")
    return Answer(
        code=next((code for code in codes if code is not None), f"HTTP {response.status_code}"),
        issues=tuple(issue for outcome in outcomes for issue in _issues(outcome)),
    )


def _issues(outcome: Element) -> Iterator[str]:
    for issue in outcome.all("issue"):
        expressions = issue.fields.get("expression")
        where = expressions[0] if isinstance(expressions, list) and expressions else "-"
        said = issue["details"].text("text") or issue.text("diagnostics") or ""
        yield f"{issue.text('severity')} {issue.text('diagnostics') or issue.text('code')} {where} {said}".rstrip()


def _post(client: httpx.Client, settings: Settings, base: str, body: bytes) -> Answer:
    token = issue_demo_token(
        settings.token, role=Role.SYSTEM, organization=sender_of(body) or _NOBODY, ttl=_LIFE, now=wall_now()
    )
    try:
        response = client.post(
            f"{base}/fhir/$process-message",
            content=body,
            headers={
                "authorization": f"Bearer {token}",
                "content-type": format_of(body),
                "accept": "application/fhir+json",
            },
        )
    except httpx.HTTPError as error:
        return Answer(code="no answer", issues=(f"{base}: {type(error).__name__}; is it running?",))
    return answer_of(response)
