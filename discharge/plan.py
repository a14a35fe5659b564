"""The discharge plan: what the ward knows of the way home, in numbered versions."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final

from discharge._typing import override
from discharge.errors import PlanError
from discharge.identifiers import DocumentId

__all__ = [
    "DESTINATIONS",
    "FUNCTIONAL_LEVELS",
    "PARAMETER_OF",
    "UNCHANGED",
    "WITHOUT_72_HOURS",
    "Certainty",
    "DischargePlan",
    "Need",
    "PlanCause",
    "PlanChange",
    "PlanRevision",
    "Unchanged",
    "difference",
]


class Need(StrEnum):
    """What the patient needs at home from the first hour. Codes as in ``$plan``."""

    HOME_NURSING = "home-nursing"
    PERSONAL_CARE = "personal-care"
    PRACTICAL_HELP = "practical-help"
    MEALS = "meals"
    DOSE_DISPENSING = "dose-dispensing"
    AIDS = "aids"
    REHABILITATION = "rehabilitation"
    TRAINING = "training"
    """The municipality's people must learn something before they can help."""
    FOLLOW_UP_VISIT = "follow-up-visit"

    @property
    def is_municipal(self) -> bool:
        """True when the municipality must meet it, which makes it a party to the stay."""
        return self is not Need.FOLLOW_UP_VISIT


class Certainty(StrEnum):
    """How sure the ward is of the expected discharge."""

    CERTAIN = "certain"
    LIKELY = "likely"
    UNSURE = "unsure"


class PlanCause(StrEnum):
    """What made a version that no person wrote; each is about the destination."""

    REPORT_FILLED = "report-filled"
    """The field was empty, and a discharge report said it in a code."""
    REPORT_NEWER = "report-newer"
    """The report that it was filled from holds no more; another one does, and says this."""
    REPORT_GONE = "report-gone"
    """The report that it was filled from holds no more, and none says anything."""
    REPORT_CONFIRMED = "report-confirmed"
    """A person stands by what a report filled."""


class Unchanged:
    """The type of ``UNCHANGED``: a revision that does not touch a field."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        """Return the name it is written by."""
        return "UNCHANGED"


UNCHANGED: Final = Unchanged()


@dataclass(frozen=True, slots=True, kw_only=True)
class DischargePlan:
    """One version of what the ward knows. Version 0 is the empty plan of a new stay."""

    version: int = 0
    expected_discharge_at: datetime | None = None
    certainty: Certainty = Certainty.UNSURE
    treatment_finished_at: datetime | None = None
    needs: frozenset[Need] | None = None
    """None: nobody has said. Empty: the ward has said that nothing is needed."""
    first_visit_at: datetime | None = None
    destination: str | None = None
    functional_level: str | None = None
    frail: bool | None = None
    without_72_hours: str | None = None
    """Why the ward does not answer for the treatment after departure; None: nobody has said that it does not."""
    medicine_until: date | None = None
    contact_phone: str | None = None
    agreed_by_phone: str | None = None
    first_24_hours: str | None = None
    override_reason: str | None = None
    """Why the patient left although something was missing; the receivers read it."""
    bed: str | None = None
    filled_from: DocumentId | None = None
    """The report that the destination was filled from; None: a person has said, changed or confirmed it."""
    is_left_empty: bool = False
    """A person took the destination out: no report fills it again."""
    cause: PlanCause | None = None
    """None: a person or a record system revised the plan."""

    def revised(self, revision: PlanRevision) -> DischargePlan:
        """Return the next version, or this very object when the revision changes nothing.

        Who says of the destination what a report filled stands by it.

        Raises:
            PlanError: a telephone number that cannot be dialled.
        """
        changed = {
            f.name: value
            for f in fields(revision)
            if not isinstance(value := getattr(revision, f.name), Unchanged) and value != getattr(self, f.name)
        }
        is_said = not isinstance(revision.destination, Unchanged)
        if not changed:
            return self.confirmed() if is_said else self
        phone = changed.get("contact_phone")
        if phone is not None and not (_is_dialable(phone)):
            raise PlanError(element="contact-phone", problem="digits, spaces and one leading + only")
        return replace(
            replace(self, **changed),
            version=self.version + 1,
            filled_from=None if is_said else self.filled_from,
            is_left_empty=changed["destination"] is None if "destination" in changed else self.is_left_empty,
            cause=None,
        )

    def filled(self, destination: str | None, document_id: DocumentId | None) -> DischargePlan:
        """Return the next version, with what reports say of the destination now, or nothing if none says it."""
        if document_id is None:
            cause = PlanCause.REPORT_GONE
        else:
            cause = PlanCause.REPORT_FILLED if self.filled_from is None else PlanCause.REPORT_NEWER
        return replace(self, version=self.version + 1, destination=destination, filled_from=document_id, cause=cause)

    def confirmed(self) -> DischargePlan:
        """Return the next version, in which a person stands by what a report filled; this very one if none did."""
        if self.filled_from is None:
            return self
        return replace(self, version=self.version + 1, filled_from=None, cause=PlanCause.REPORT_CONFIRMED)

    @property
    def names_municipal_need(self) -> bool:
        """True when the municipality has something to do."""
        return any(need.is_municipal for need in self.needs or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRevision:
    """What a ward wants changed; what it leaves out stays as it is."""

    expected_discharge_at: datetime | Unchanged | None = UNCHANGED
    certainty: Certainty | Unchanged = UNCHANGED
    treatment_finished_at: datetime | Unchanged | None = UNCHANGED
    needs: frozenset[Need] | Unchanged | None = UNCHANGED
    first_visit_at: datetime | Unchanged | None = UNCHANGED
    destination: str | Unchanged | None = UNCHANGED
    functional_level: str | Unchanged | None = UNCHANGED
    frail: bool | Unchanged | None = UNCHANGED
    without_72_hours: str | Unchanged | None = UNCHANGED
    medicine_until: date | Unchanged | None = UNCHANGED
    contact_phone: str | Unchanged | None = UNCHANGED
    agreed_by_phone: str | Unchanged | None = UNCHANGED
    first_24_hours: str | Unchanged | None = UNCHANGED
    override_reason: str | Unchanged | None = UNCHANGED
    bed: str | Unchanged | None = UNCHANGED


PARAMETER_OF: Final = {
    "expected_discharge_at": "expected-discharge",
    "certainty": "certainty",
    "treatment_finished_at": "treatment-finished",
    "needs": "need",
    "first_visit_at": "first-visit",
    "destination": "destination",
    "functional_level": "functional-level",
    "frail": "frail",
    "without_72_hours": "without-72-hours",
    "medicine_until": "medicine-until",
    "contact_phone": "contact-phone",
    "agreed_by_phone": "agreed-by-phone",
    "first_24_hours": "first-24-hours",
    "override_reason": "override-reason",
}
"""Field of the plan -> its name in ``$plan``, which is the name that agreements use. Beds are the ward's own matter."""
DESTINATIONS: Final = ("home", "care-home", "temporary-place", "rehabilitation", "acute-team", "hospice", "other")
"""Where a patient may go, as far as this version has words for it."""
FUNCTIONAL_LEVELS: Final = ("independent", "walking-aid", "one-person", "two-persons", "bedridden")
"""How a patient gets about, likewise."""
WITHOUT_72_HOURS: Final = ("psychiatric", "terminal")
"""Why a ward may not answer for 72 hours: a psychiatric stay, or one that a doctor decided to be terminal.

Source: domain.md R22x; sundhed.dk.
"""
_ASIDE: Final = frozenset({"version", "filled_from", "is_left_empty", "cause"})
"""How the version came about: nothing that anybody knows of the way home."""
_SILENT: Final = frozenset({"bed"})
"""Housekeeping of the ward: nobody at the receiver acts on it."""


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One field that differs between two versions."""

    field: str
    before: object
    after: object

    @property
    def concerns_receivers(self) -> bool:
        """True when somebody outside the ward may have to act differently."""
        return self.field not in _SILENT


def difference(before: DischargePlan, after: DischargePlan) -> tuple[PlanChange, ...]:
    """The fields in which ``after`` differs, in the order of the plan."""
    return tuple(
        PlanChange(f.name, old, new)
        for f in fields(DischargePlan)
        if f.name not in _ASIDE and (old := getattr(before, f.name)) != (new := getattr(after, f.name))
    )


def _is_dialable(phone: object) -> bool:
    text = str(phone).replace(" ", "")
    return text.removeprefix("+").isdecimal() and len(text.removeprefix("+")) >= 3  # noqa: PLR2004 - 112 is the shortest
