"""A real SMTP server on loopback that keeps what it is handed, and can be told to misbehave."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from services.settings import SmtpSettings
from tests.running import free_port

__all__ = ["MailServer", "mail_server"]


@dataclass
class MailServer:
    """What it got, and how it answers."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    answer: str = "250 OK"
    answers_recipient: str = "250 OK"
    taken: Callable[[], None] | None = None
    """Called when a mail is whole and before anybody hears so."""

    @property
    def settings(self) -> SmtpSettings:
        """What a worker needs to reach it."""
        return SmtpSettings(
            host="127.0.0.1", port=self.port, sender="stafet@region.example", starttls=False, timeout_seconds=5
        )

    async def handle_RCPT(  # noqa: N802 - as aiosmtpd calls it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """A recipient is named."""
        if self.answers_recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answers_recipient

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        """A mail is whole."""
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        if self.taken is not None:
            self.taken()
        return self.answer

    @property
    def texts(self) -> list[str]:
        """Everything a reader of each mail sees, headers included."""
        return [f"{mail['Subject']}\n{mail['To']}\n{mail['From']}\n{mail.get_content()}" for mail in self.mails]


@contextmanager
def mail_server(port: int | None = None) -> Iterator[MailServer]:
    """Run one for the length of a block."""
    server = MailServer(port or free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()
