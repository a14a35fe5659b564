"""Logs and metrics that name no citizen.

A log line is one JSON object with one event name and the correlation id of the message or request it belongs to.
Whatever looks like a CPR number or a credential is masked last, in every value of the finished event, so that no field,
traceback or foreign library can slip one through. Metrics carry no label that tells a person.
"""

import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

__all__ = ["Metrics", "configure_logging", "correlation", "correlation_id", "get_logger", "mask"]

MASKED = "[masked]"
# What a key of this name holds is never logged, whatever it looks like.
SECRET_KEYS = frozenset({"authorization", "cookie", "set-cookie", "password", "secret", "ticket", "token"})

_SENSITIVE = re.compile(
    r"""
    (?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)   # kept: its digits are no CPR number
  | (?P<scheme>\b(?:Bearer|Basic|DPoP))\s+[\w.~+/=-]+
  | (?P<parameter>\b(?:ticket|token|access_token|password)=)[^\s&"\\]+
  | \beyJ[\w-]+\.[\w-]+\.[\w-]*                                                   # a JSON Web Token
  | (?<!\d)\d{6}[-\s]?\d{4}(?!\d)                                                 # a CPR number, with or without hyphen
    """,
    re.VERBOSE | re.IGNORECASE,
)

_correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)


def mask(text: str) -> str:
    """The text without CPR numbers and credentials; ten digits that are something else are masked as well."""
    return _SENSITIVE.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    if found["uuid"]:
        return found["uuid"]
    if found["scheme"]:
        return f"{found['scheme']} {MASKED}"
    return f"{found['parameter'] or ''}{MASKED}"


@contextmanager
def correlation(identifier: str) -> Iterator[None]:
    """Every line logged in the block carries this id: the message's, else the request's."""
    token = _correlation_id.set(identifier)
    try:
        yield
    finally:
        _correlation_id.reset(token)


def correlation_id() -> str | None:
    """The id of the message or request being worked on."""
    return _correlation_id.get()


def get_logger() -> FilteringBoundLogger:
    """A logger whose lines begin with an event name: `log.info("message-accepted", type="STIN")`."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def configure_logging(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Makes every line of this process, our own and foreign libraries', one masked JSON object on the stream."""
    shared: list[Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_correlation,
        structlog.processors.format_exc_info,
        _hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        # A test or a command may configure anew; a cached logger would keep writing to the old stream.
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _mask_event,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def _add_correlation(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    identifier = _correlation_id.get()
    if identifier is not None:
        event["correlation_id"] = identifier
    return event


def _hide_secrets(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    for key in event:
        if key.lower() in SECRET_KEYS:
            event[key] = MASKED
    return event


def _mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {mask(str(key)): _masked_value(value) for key, value in event.items()}


def _masked_value(value: object) -> object:
    """The value with everything masked that it holds; what JSON does not know becomes masked text."""
    match value:
        case None | bool() | float():
            return value
        case int():
            return value if mask(str(value)) == str(value) else MASKED
        case dict():
            return {mask(str(key)): _masked_value(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_masked_value(inner) for inner in value]
        case _:
            return mask(str(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """What one process counts; made once by the composition root and handed on."""

    registry: CollectorRegistry
    intake_messages: Counter = field(repr=False)
    command_seconds: Histogram = field(repr=False)
    live: Counter = field(repr=False)
    timers_fired: Counter = field(repr=False)
    outbound_messages: Counter = field(repr=False)
    alert_mails: Counter = field(repr=False)
    alerts_per_shift: Histogram = field(repr=False)
    throttled_requests: Counter = field(repr=False)

    @classmethod
    def create(cls) -> "Metrics":
        """Counters at zero, in a registry of their own."""
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        return cls(
            registry=registry,
            intake_messages=Counter(
                "stafet_intake_messages", "Messages taken in, by answer.", ["result"], registry=registry
            ),
            command_seconds=Histogram(
                "stafet_command_seconds", "From a command's start to its commit.", ["command"], registry=registry
            ),
            live=Counter("stafet_live", "Sockets, frames and wake-ups of the live feed.", ["what"], registry=registry),
            timers_fired=Counter("stafet_timers_fired", "Rungs of ladders climbed.", registry=registry),
            alerts_per_shift=Histogram(
                "stafet_alerts_per_shift",
                "Interruptions of one role of a place in one shift that has ended.",
                buckets=(0, 3, 6, 9, 12, 18, 24, 36, 60),
                registry=registry,
            ),
            alert_mails=Counter(
                "stafet_alert_mails", "Tries of mails to those on call, by result.", ["result"], registry=registry
            ),
            outbound_messages=Counter(
                "stafet_outbound_messages", "Attempts at messages that leave, by result.", ["result"], registry=registry
            ),
            throttled_requests=Counter(
                "stafet_throttled_requests", "Requests refused because their client was too fast.", registry=registry
            ),
        )

    def count_live(self, what: str, count: int) -> None:
        """Count something of the live feed, such as ``sockets-opened`` or ``wakeups-heard-redis``."""
        self.live.labels(what).inc(count)

    def time_command(self, command: str, seconds: float) -> None:
        """Note how long a command took, by the name that the audit gives it."""
        self.command_seconds.labels(command).observe(seconds)

    def render(self) -> bytes:
        """The present values in the text form that Prometheus reads."""
        return generate_latest(self.registry)
