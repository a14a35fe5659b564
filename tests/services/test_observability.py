import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.observability import Metrics, configure_logging, correlation, correlation_id, get_logger, mask

CPR = "2512489996"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged, and the root logger as it was afterwards."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging("INFO", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


def lines(log: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"cpr {CPR}", "cpr [masked]"),
        ("cpr 251248-9996.", "cpr [masked]."),
        ("cpr 251248 9996", "cpr [masked]"),
        (f"CPR{CPR}x", "CPR[masked]x"),
        ("Authorization: Bearer abc.def-_", "Authorization: Bearer [masked]"),
        ("basic dXNlcjpwYXNz", "basic [masked]"),
        ("GET /live?ticket=abc&feed=1", "GET /live?ticket=[masked]&feed=1"),
        ("eyJhbGciOi.eyJzdWIi.c2ln", "[masked]"),
        ("ab123456-7890-4123-8123-ab1234567890", "ab123456-7890-4123-8123-ab1234567890"),
        ("SOR 265161000016000 stands", "SOR 265161000016000 stands"),
        ("2026-11-22T13:38:21.260219Z", "2026-11-22T13:38:21.260219Z"),
    ],
)
def test_identifiers_and_credentials_are_masked_and_nothing_else(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_line_is_one_object_with_its_event_and_correlation(log: io.StringIO) -> None:
    with correlation("message-1"):
        get_logger().info("message-accepted", activity="STIN")
        inside = correlation_id()
    get_logger().info("idle")

    accepted, idle = lines(log)
    assert accepted["event"] == "message-accepted"
    assert accepted["correlation_id"] == inside == "message-1"
    assert accepted["level"] == "info"
    assert "correlation_id" not in idle


def test_no_line_carries_an_identifier_wherever_it_stood(log: io.StringIO) -> None:
    get_logger().info("a", deep={CPR: [f"<{CPR}>", (CPR,)]}, authorization="anything", number=int(CPR), path=Path(CPR))
    logging.getLogger("foreign").warning("of %s", CPR)
    try:
        int(f"cpr {CPR}")
    except ValueError:
        get_logger().exception("failed")

    first, foreign, failed = lines(log)
    assert CPR not in log.getvalue()
    assert first["authorization"] == first["number"] == first["path"] == "[masked]"
    assert first["deep"] == {"[masked]": ["<[masked]>", ["[masked]"]]}
    assert foreign["event"] == "of [masked]"
    assert "Traceback" in str(failed["exception"])


def test_what_tells_nothing_stays_as_it_is(log: io.StringIO) -> None:
    get_logger().info("a", count=12, share=0.5, done=True, nothing=None)

    (line,) = lines(log)
    assert (line["count"], line["share"], line["done"], line["nothing"]) == (12, 0.5, True, None)


def test_what_is_below_the_level_is_not_written(log: io.StringIO) -> None:
    get_logger().debug("detail")

    assert log.getvalue() == ""


def test_command_is_counted_by_its_name() -> None:
    metrics = Metrics.create()

    metrics.time_command("move-task", 0.2)

    assert b'stafet_command_seconds_count{command="move-task"} 1.0' in metrics.render()


def test_metrics_of_two_processes_do_not_meet() -> None:
    first, second = Metrics.create(), Metrics.create()

    first.intake_messages.labels("ok").inc()

    assert b'stafet_intake_messages_total{result="ok"} 1.0' in first.render()
    assert b'result="ok"' not in second.render()
