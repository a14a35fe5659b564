"""The one table from error class to status, FHIR issue code and words; nothing else chooses a status.

Machines get an OperationOutcome in English, people a page in Danish (English by switch). A test proves
that every error of the domain, the mappings, the delivery and the web has a line here.
"""

from collections.abc import Mapping
from dataclasses import Field, dataclass
from datetime import datetime
from typing import Final

from fastapi.exceptions import RequestValidationError
from psycopg import InterfaceError as PsycopgInterfaceError
from psycopg import OperationalError as PsycopgOperationalError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException

from discharge import errors as domain
from discharge.commands import Issue
from fhir_mappings import errors as mapping
from notifications import errors as delivery
from services.web import refusals as web
from services.web.expressions import element_of

__all__ = [
    "AUDITED",
    "TABLE",
    "Answer",
    "answer_to",
    "headers_of",
    "is_audited",
    "is_foreseen",
    "issues_of",
    "unwrapped",
]

AUDITED: Final = frozenset({403, 404, 409, 412, 422})
"""Refusals that are noted in the audit, in a transaction of their own."""

_RETRY_AFTER_SECONDS: Final = "5"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """How one kind of error is answered."""

    status: int
    code: str
    """FHIR R4 issue-type."""
    text: str
    """For machines: what is wrong, and what to do."""
    title: str
    """For people, in Danish: the heading."""
    words: str
    """For people, in Danish: what happened, and what to do."""


_INVALID: Final = Answer(
    status=400,
    code="invalid",
    text="The request cannot be read. Correct the named element.",
    title="Det kunne ikke læses",
    words="Noget i det, der blev sendt, kunne ikke læses. Gå tilbage, ret det, og prøv igen.",
)
_IMPOSSIBLE: Final = Answer(
    status=422,
    code="business-rule",
    text="The request can be read, but it breaks the named rule.",
    title="Det kan ikke lade sig gøre",
    words="Det, du bad om, passer ikke med reglerne. Gå tilbage, ret det, og prøv igen.",
)
_AWAY: Final = Answer(
    status=503,
    code="transient",
    text="The database cannot be reached. Send the same request again later; what was done already is not done twice.",
    title="Systemet er utilgængeligt lige nu",
    words="Vi ved ikke, om det blev gemt. Vent et øjeblik, hent siden igen, og se efter. Haster det, så ring.",
)
_UNFORESEEN: Final = Answer(
    status=500,
    code="exception",
    text="An unforeseen error. Nothing was changed. Report the request id.",
    title="Der skete en fejl",
    words="Intet er gemt. Prøv igen, og giv driften nummeret herunder, hvis fejlen bliver ved.",
)
_NOT_FOUND: Final = Answer(
    status=404,
    code="not-found",
    text="There is no such thing, or not for this caller.",
    title="Siden findes ikke",
    words="Det, du leder efter, findes ikke, eller din enhed har ikke adgang til det.",
)
_CONFLICT: Final = Answer(
    status=412,
    code="conflict",
    text="It was changed since it was read. Read it again, then decide.",
    title="Der er kommet nyt imens",
    words="En anden har ændret det, siden du åbnede siden. Se det nye, og tag stilling igen.",
)

TABLE: Final[Mapping[type[Exception], Answer]] = {
    # The domain.
    domain.DischargeError: _IMPOSSIBLE,
    domain.InvalidIdentifierError: Answer(
        status=422,
        code="value",
        text="An identifier does not have the form that its kind must have. It is not repeated here.",
        title="Nummeret er ikke gyldigt",
        words="Et CPR-nummer har ti cifre og begynder med en fødselsdato. Et SOR-nummer har kun cifre.",
    ),
    domain.AgreementError: Answer(
        status=422,
        code="business-rule",
        text="The agreement cannot be followed as it stands.",
        title="Aftalen kan ikke bruges",
        words="Aftalen mangler noget eller modsiger sig selv. Ret den, og indlæs den igen.",
    ),
    domain.NotAllowedError: Answer(
        status=403,
        code="forbidden",
        text="This caller may not do this.",
        title="Det har du ikke adgang til",
        words="Din rolle må ikke gøre dette. Spørg den enhed, der har opgaven.",
    ),
    domain.NotFoundError: _NOT_FOUND,
    domain.ConcurrentUpdateError: _CONFLICT,
    domain.LineChangedError: _CONFLICT,
    domain.TaskTakenError: Answer(
        status=409,
        code="conflict",
        text="Somebody else has the task.",
        title="En anden har taget opgaven",
        words="Opgaven er allerede taget. Tal med den, der har den, hvis du skal overtage.",
    ),
    domain.TaskWaitsError: Answer(
        status=422,
        code="business-rule",
        text="Another task of the stay comes first. Wait until it is over, or send statusReason with why not.",
        title="Opgaven venter på en anden",
        words="En anden opgave i forløbet kommer først. Vent på den, eller skriv, hvorfor opgaven alligevel er udført.",
    ),
    domain.TransitionError: Answer(
        status=422,
        code="business-rule",
        text="This step is not possible from where it stands.",
        title="Det kan ikke gøres nu",
        words="Det er kommet videre siden og kan ikke ændres på den måde. Se, hvor det står nu.",
    ),
    domain.ReasonRequiredError: Answer(
        status=422,
        code="required",
        text="This step must be explained: give a reason, and for a proposal its time.",
        title="Der mangler en begrundelse",
        words="Skriv en grund, så modtageren ved, hvorfor. Et forslag skal have et tidspunkt.",
    ),
    domain.PersonRequiredError: Answer(
        status=422,
        code="required",
        text="A record system acts for a person: name the practitioner in extension urn:stafet:assignee of the Task, or"
        " in parameter practitioner of $decide.",
        title="Der mangler et navn",
        words="Et fagsystem tager en opgave for en person. Skriv, hvem det er.",
    ),
    domain.LetterError: Answer(
        status=422,
        code="business-rule",
        text="The care message cannot be sent as it is: an element is missing or does not go with the others.",
        title="Beskeden kan ikke sendes sådan",
        words="Noget i beskeden mangler eller passer ikke sammen. Gå tilbage, ret det, og send igen.",
    ),
    domain.MedicationError: Answer(
        status=422,
        code="business-rule",
        text="The list of medicine, or a decision on a line of it, cannot be taken as it is.",
        title="Medicinlisten kan ikke gemmes sådan",
        words="Noget mangler eller passer ikke sammen, eller linjer er stadig åbne. Gå tilbage, og se listen igennem.",
    ),
    domain.DocumentError: _IMPOSSIBLE,
    domain.RoundClosedError: Answer(
        status=409,
        code="conflict",
        text="This round is closed: the task is done or withdrawn. A new list opens a new one.",
        title="Gennemgangen er afsluttet",
        words="Listen er gået igennem, eller opgaven er taget tilbage. En ny liste giver en ny opgave.",
    ),
    domain.PlanError: Answer(
        status=422,
        code="business-rule",
        text="The plan contradicts itself or a rule. Where the rule allows it, send override-reason.",
        title="Planen kan ikke gemmes sådan",
        words="Noget i planen mangler eller passer ikke sammen. Ret det, eller skriv, hvorfor det skal være sådan.",
    ),
    domain.GateClosedError: Answer(
        status=422,
        code="business-rule",
        text="The health agreement wants something in place first.",
        title="Aftalen kræver noget først",
        words="Sundhedsaftalen kræver, at noget er på plads først. Gør det, eller skriv, hvorfor det skal være sådan.",
    ),
    domain.UnsupportedNoticeError: Answer(
        status=422,
        code="not-supported",
        text="This kind of notice is not acted on.",
        title="Den slags advis behandles ikke",
        words="Stafet handler ikke på denne slags advis. Ring til modtageren.",
    ),
    domain.ClockError: Answer(
        status=422,
        code="business-rule",
        text="The demo's clock only runs forward. Ask for a later instant.",
        title="Uret kan kun stilles frem",
        words="Demoens ur kan ikke stilles tilbage. Vælg et senere tidspunkt.",
    ),
    # The mappings. Their findings carry codes and words of their own.
    mapping.MappingError: _INVALID,
    mapping.UnreadableError: _INVALID,
    mapping.TooCostlyError: Answer(
        status=413,
        code="too-costly",
        text="More of something than anybody needs. Send less at a time.",
        title="Det er for meget på én gang",
        words="Det, der blev sendt, er for omfattende. Del det op, og prøv igen.",
    ),
    mapping.UnprocessableError: _IMPOSSIBLE,
    # The delivery.
    delivery.DeliveryError: _AWAY,
    delivery.CarrierError: _AWAY,
    delivery.FrameError: _INVALID,
    delivery.RefusedError: _AWAY,
    delivery.UnansweredError: _AWAY,
    delivery.UnreachedError: _AWAY,
    # The door.
    web.RefusedRequestError: _INVALID,
    web.LoginRequiredError: Answer(
        status=401,
        code="login",
        text="Show a bearer token that is valid now; /.well-known/smart-configuration says where to get one.",
        title="Log ind først",
        words="Du er ikke logget ind, eller din session er udløbet. Log ind, og prøv igen.",
    ),
    web.ForbiddenError: Answer(
        status=403,
        code="forbidden",
        text="This role does not use this address.",
        title="Det har du ikke adgang til",
        words="Din rolle bruger ikke denne side.",
    ),
    web.CrossSiteError: Answer(
        status=403,
        code="security",
        text="A change by cookie needs the session's CSRF token and our own origin.",
        title="Siden var for gammel",
        words="Vi kunne ikke se, at det kom fra din egen side. Intet er ændret. Hent siden igen, og prøv en gang til.",
    ),
    web.BodyTooLargeError: Answer(
        status=413,
        code="too-long",
        text="The body is larger than this address takes.",
        title="Det er for stort",
        words="Det, der blev sendt, fylder mere, end vi tager imod.",
    ),
    web.MediaTypeError: Answer(
        status=415,
        code="not-supported",
        text="This address does not take that content type or encoding.",
        title="Formatet kan ikke bruges",
        words="Det, der blev sendt, har et format, vi ikke tager imod.",
    ),
    web.NotAcceptableError: Answer(
        status=406,
        code="not-supported",
        text="None of the accepted formats is made here.",
        title="Formatet findes ikke",
        words="Programmet bad om et format, vi ikke kan levere.",
    ),
    web.BadRequestError: _INVALID,
    web.NothingHereError: _NOT_FOUND,
    web.PreconditionRequiredError: Answer(
        status=428,
        code="conflict",
        text="Say which version this was decided on: send If-Match with the ETag that was read.",
        title="Der mangler en version",
        words="Hent siden igen, og prøv en gang til.",
    ),
    web.ThrottledError: Answer(
        status=429,
        code="throttled",
        text="Too many requests of this client in a short time. Nothing was read or kept: wait for as many seconds as "
        "Retry-After says, then send the same again.",
        title="Det går for hurtigt",
        words="Der kom for mange forespørgsler på kort tid. Intet er gemt. Vent et øjeblik, og prøv igen.",
    ),
    # What lies beneath.
    PsycopgOperationalError: _AWAY,
    PsycopgInterfaceError: _AWAY,
    PoolTimeoutError: _AWAY,
    # What FastAPI says itself.
    RequestValidationError: _INVALID,
}


def is_foreseen(error: Exception) -> bool:
    """Tell whether ``error`` has a line of its own; others are 500 and are logged with their traceback."""
    return answer_to(error) is not _UNFORESEEN


def answer_to(error: Exception) -> Answer:
    """The line for ``error``."""
    if isinstance(error, web.NothingHereError) and error.status != _NOT_FOUND.status:
        return Answer(
            status=error.status,
            code="not-supported",
            text="This address does not take this method.",
            title=_NOT_FOUND.title,
            words=_NOT_FOUND.words,
        )
    if isinstance(error, DBAPIError):
        lost = error.connection_invalidated or isinstance(error.orig, PsycopgOperationalError | PsycopgInterfaceError)
        return _AWAY if lost else _UNFORESEEN
    for kind in type(error).__mro__:
        if kind in TABLE:
            return TABLE[kind]
    return _UNFORESEEN


def is_audited(error: Exception) -> bool:
    """Tell whether this refusal is noted in the audit; of a client that is too fast, the first in a while."""
    return error.first if isinstance(error, web.ThrottledError) else answer_to(error).status in AUDITED


def unwrapped(error: Exception) -> Exception:
    """What ``error`` is about: FastAPI and Starlette wrap ours in theirs."""
    if isinstance(error, HTTPException):
        cause = error.__cause__
        if isinstance(cause, Exception) and is_foreseen(cause):
            return cause
        if error.status_code in {404, 405}:
            return web.NothingHereError(status=error.status_code)
        return web.BadRequestError(element="body", problem="cannot be read")
    return error


def issues_of(error: Exception) -> tuple[Issue, ...]:
    """What an OperationOutcome says of ``error``: its line of the table and its own particulars."""
    if isinstance(error, mapping.MappingError):
        return error.issues
    answer = answer_to(error)
    rule, code, text = _rule_of(error), answer.code, answer.text
    match error:
        case domain.TaskTakenError():
            text = f"{error.holder} has had the task since {_instant(error.since)}."
        case domain.GateClosedError():
            rule = error.rule
            text = f"{error.text.en} Send {error.element}, or override-reason with why it must be so."
        case domain.LineChangedError():
            text = f"{text} {', '.join(f'MedicationStatement/{each}' for each in error.lines)}."
        case domain.DocumentError() | domain.MedicationError():
            text = f"{text} {error.problem}."
        case web.BadRequestError():
            code, text = error.code, f"{text} {error.problem}"
        case _:
            pass
    return (Issue(severity="error", code=code, text=text, rule=rule, expression=element_of(error)),)


def _rule_of(error: Exception) -> str:
    """The class and its fields: by the house rule none of them ever holds personal data."""
    name = type(error).__name__.removesuffix("Error")
    if isinstance(error, RequestValidationError):
        # Only where, never what: the input may hold a CPR number.
        return f"{name}: {'; '.join(sorted({'.'.join(str(part) for part in at['loc']) for at in error.errors()}))}"
    fields: Mapping[str, Field[object]] = getattr(type(error), "__dataclass_fields__", {})
    said = ", ".join(f"{field}={_said(getattr(error, field))}" for field, made in fields.items() if made.repr)
    return f"{name}: {said}" if said else name


def _said(value: object) -> str:
    if isinstance(value, datetime):
        return _instant(value)
    return "|".join(str(part) for part in value) if isinstance(value, tuple) else str(value)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def headers_of(error: Exception) -> dict[str, str]:
    """Headers that go with the status."""
    match answer_to(error).status:
        case 401:
            presented = isinstance(error, web.LoginRequiredError) and error.presented
            return {"www-authenticate": 'Bearer realm="stafet"' + (', error="invalid_token"' if presented else "")}
        case 429 if isinstance(error, web.ThrottledError):
            return {"retry-after": str(error.wait_seconds)}
        case 503:
            return {"retry-after": _RETRY_AFTER_SECONDS}
        case _:
            return {}
