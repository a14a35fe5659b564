"""E-mail as a channel outside the page, over the SMTP server that the settings name. Only workers import it."""

from __future__ import annotations

import ssl
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from typing import Final

import aiosmtplib

from notifications.errors import RefusedError, UnansweredError, UnreachedError
from notifications.outside import OutsideAlert
from services.settings import SmtpSettings

__all__ = ["SmtpChannel"]

_NEVER: Final = frozenset({550, 551, 552, 553, 554})
"""What a server says of an address that it will never take mail for. Source: RFC 5321, 4.2.3."""
_NOTHING_LEFT: Final = (
    aiosmtplib.SMTPConnectError,
    aiosmtplib.SMTPAuthenticationError,
    aiosmtplib.SMTPSenderRefused,
    aiosmtplib.SMTPNotSupported,
    aiosmtplib.SMTPResponseException,
)


class SmtpChannel:
    """Implements ``notifications.outside.OutsideChannel``: a connection for each mail, they are few."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    async def send(self, alert: OutsideAlert) -> None:
        """Hand ``alert`` to the server.

        Raises:
            RefusedError: the server takes no mail for the address.
            UnreachedError: nothing was taken.
            UnansweredError: it may have been taken.
        """
        settings = self._settings
        assert settings.host is not None, "made only where a server is named"
        try:
            await aiosmtplib.send(
                self._mail(alert),
                hostname=settings.host,
                port=settings.port,
                username=settings.username,
                password=None if settings.password is None else settings.password.get_secret_value(),
                start_tls=settings.starttls,
                tls_context=_trust(settings) if settings.starttls else None,
                timeout=settings.timeout_seconds,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = error.recipients[0].code
            if code in _NEVER:
                raise RefusedError(f"smtp-{code}") from error
            raise UnreachedError(f"smtp-{code}") from error
        except _NOTHING_LEFT as error:
            raise UnreachedError(type(error).__name__) from error
        except (aiosmtplib.SMTPException, OSError) as error:
            raise UnansweredError(type(error).__name__) from error

    def _mail(self, alert: OutsideAlert) -> EmailMessage:
        assert self._settings.sender is not None, "the settings require one beside a server"
        mail = EmailMessage(policy=SMTP)
        mail["From"] = Address("Stafet", addr_spec=self._settings.sender)
        mail["To"] = Address(addr_spec=alert.address)
        mail["Subject"] = alert.subject
        mail["Message-ID"] = f"<{alert.message_id}>"
        # Nobody's holiday answer comes back. Source: RFC 3834, 5.
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(alert.text)
        return mail


def _trust(settings: SmtpSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if settings.authorities is None else str(settings.authorities))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
