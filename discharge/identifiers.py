"""The names things go by: parse once at the edge, trust afterwards.

Internal ids are opaque texts made by us (UUIDs); national identifiers are checked against the form
that their issuer publishes. A CPR number masks itself wherever it is printed.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import date
from typing import NewType

from discharge._typing import override
from discharge.errors import InvalidIdentifierError

__all__ = [
    "LPR3_SYSTEM",
    "AttachmentId",
    "BundleId",
    "CareMessageId",
    "ConversationId",
    "CprNumber",
    "DocumentId",
    "EncounterId",
    "EpisodeOfCareId",
    "FeedId",
    "MessageId",
    "PatientId",
    "PersonId",
    "RuleId",
    "SegmentId",
    "SorCode",
    "StayId",
    "TaskId",
    "ThreadId",
    "TimerId",
    "fresh_urn",
    "in_letters",
    "parse_sor",
]

StayId = NewType("StayId", str)
EncounterId = NewType("EncounterId", str)
TaskId = NewType("TaskId", str)
PatientId = NewType("PatientId", str)
PersonId = NewType("PersonId", str)
TimerId = NewType("TimerId", str)
MessageId = NewType("MessageId", str)
"""MessageHeader.id: unique per message, the same on an unchanged resend."""
BundleId = NewType("BundleId", str)
"""Bundle.id: unique per sending (the envelope)."""
ConversationId = NewType("ConversationId", str)
CareMessageId = NewType("CareMessageId", str)
"""Our own id of a kept care message; ``MessageId`` is the one on the wire."""
AttachmentId = NewType("AttachmentId", str)
"""Our own id of a stored file; ``SegmentId`` is the one on the wire."""
ThreadId = NewType("ThreadId", str)
"""Communication.identifier: the same in every message of a thread."""
DocumentId = NewType("DocumentId", str)
"""Our own id of a filed document."""
SegmentId = NewType("SegmentId", str)
"""The identifier of one text or file inside a care message."""
RuleId = NewType("RuleId", str)
SorCode = NewType("SorCode", str)
"""A unit of the Danish organisation register SOR."""
FeedId = NewType("FeedId", str)
"""An addressee's log. A feed is named by the SOR code of its organisation or unit."""

LPR3_SYSTEM = "https://www.esundhed.dk/Registre/Landspatientregisteret"

_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_SOR = re.compile(r"\d{6,20}", re.ASCII)
_CPR = re.compile(r"\d{10}", re.ASCII)
_REPLACEMENT = re.compile(r"\d{6}[01567][A-Z]{2}\d", re.ASCII)
# The seventh digit and the two-digit year give the century.
# Source: CPR-kontoret, "Personnummeret i CPR", table of centuries.
_CENTURIES: tuple[tuple[range, range, int], ...] = (
    (range(4), range(100), 1900),
    (range(4, 5), range(37), 2000),
    (range(4, 5), range(37, 100), 1900),
    (range(5, 9), range(58), 2000),
    (range(5, 9), range(58, 100), 1800),
    (range(9, 10), range(37), 2000),
    (range(9, 10), range(37, 100), 1900),
)

# Source: CPR-kontoret, "Personnummeret i CPR", modulus 11.
_WEIGHTS = (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)


def fresh_urn(opaque: str) -> str:
    """A ``urn:uuid:`` of version 4 made from one of our opaque ids: the same id makes the same urn.

    Our ids are ordered by time; what MedCom calls a UUID version 4 must not be.
    Source: MedCom CareCommunication 5.0.2, invariant medcom-uuidv4.
    """
    return uuid.UUID(bytes=hashlib.sha256(opaque.encode()).digest()[:16], version=4).urn


def in_letters(text: str, length: int) -> str:
    """A digest of ``text`` without digits: ten of them in a row could be taken for somebody's number."""
    return hashlib.sha256(text.encode()).hexdigest()[:length].translate(_LETTERS)


def parse_sor(text: str) -> SorCode:
    """Return ``text`` as a SOR code.

    Raises:
        InvalidIdentifierError: it is not all digits, 6 to 20 of them. The register writes at least
            11; shorter ones occur in test data, and a form check is no look-up.

    Source: MedCom messaging Organization 2.1.0, identifier:SOR-ID.
    """
    if _SOR.fullmatch(text) is None:
        raise InvalidIdentifierError(kind="SOR", rule="digits-only")
    return SorCode(text)


@dataclass(frozen=True, slots=True, repr=False)
class CprNumber:
    """A Danish civil registration number. ``repr`` and ``str`` show the birth date only.

    Modulus 11 is not asked for: valid numbers without it have been issued since 2007.
    Source: CPR-kontoret; MedCom HospitalNotification 3.0.2, invariant hospitalNotification-4.
    """

    digits: str

    @classmethod
    def parse(cls, text: str) -> CprNumber:
        """Return the number in ``text``; one hyphen after the sixth digit is allowed.

        Raises:
            InvalidIdentifierError: not ten digits, or the first six are no date of the calendar.
        """
        digits = text.strip()
        if len(digits) == len("DDMMYY-SSSS") and digits[6] == "-":
            digits = digits[:6] + digits[7:]
        if _CPR.fullmatch(digits) is None:
            raise InvalidIdentifierError(kind="CPR", rule="ten-digits")
        try:
            _birth_date(digits)
        except ValueError:
            raise InvalidIdentifierError(kind="CPR", rule="real-date") from None
        return cls(digits)

    @classmethod
    def parse_replacement(cls, text: str) -> CprNumber:
        """Return the replacement number in ``text``: it stands where a citizen has no CPR number yet.

        Raises:
            InvalidIdentifierError: not a date, a digit, two capital letters and a digit.

        Source: dk-core 3.4.0, x-ecpr-identifier and d-ecpr-identifier.
        """
        if _REPLACEMENT.fullmatch(text) is None:
            raise InvalidIdentifierError(kind="eCPR", rule="replacement-form")
        try:
            _birth_date(text)
        except ValueError:
            raise InvalidIdentifierError(kind="eCPR", rule="real-date") from None
        return cls(text)

    @property
    def is_replacement(self) -> bool:
        """True for a replacement number, which has two letters."""
        return not self.digits.isdecimal()

    @property
    def is_national(self) -> bool:
        """True for a replacement number that was given nationally (X-eCPR), not by a region (D-eCPR)."""
        return self.is_replacement and self.digits[6] in "17"

    @property
    def masked(self) -> str:
        """The birth date and four bullets, as boards show it."""
        return f"{self.digits[:6]}-••••"

    @property
    def passes_modulus_11(self) -> bool:
        """Tell whether the check digit of the time before 2007 fits. Never a reason to refuse."""
        return (
            not self.is_replacement
            and sum(int(digit) * weight for digit, weight in zip(self.digits, _WEIGHTS, strict=True)) % 11 == 0
        )

    @property
    def birth_date(self) -> date:
        """The date of birth that the number carries."""
        return _birth_date(self.digits)

    def age_on(self, day: date) -> int:
        """Whole years lived on ``day``, never negative."""
        born = self.birth_date
        had_birthday = (day.month, day.day) >= (born.month, born.day)
        return max(0, day.year - born.year - (0 if had_birthday else 1))

    @override
    def __repr__(self) -> str:
        """Return the masked form: a number must not reach a log through a traceback."""
        return f"CprNumber({self.masked})"

    @override
    def __str__(self) -> str:
        """Return the masked form."""
        return self.masked


def _birth_date(digits: str) -> date:
    day, month, year, seventh = int(digits[:2]), int(digits[2:4]), int(digits[4:6]), int(digits[6])
    century = next(c for sevenths, years, c in _CENTURIES if seventh in sevenths and year in years)
    return date(century + year, month, day)


@dataclass(frozen=True, slots=True)
class EpisodeOfCareId:
    """The id that ties all messages of a course together.

    Senders write it with and without ``urn:uuid:``, in either case, with and without hyphens, and
    once it was no UUID at all; two are the same when their ``key`` is.
    Source: MedCom HospitalNotification 3.0.2, Encounter.episodeOfCare.identifier.
    """

    system: str
    value: str

    @property
    def key(self) -> str:
        """The compare key: no ``urn:uuid:``, lower case, no hyphens."""
        return self.value.strip().lower().removeprefix("urn:uuid:").replace("-", "")

    @property
    def is_national(self) -> bool:
        """True for an LPR3 id; the local one is the one to return."""
        return self.system == LPR3_SYSTEM
