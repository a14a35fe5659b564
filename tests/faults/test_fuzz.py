"""Whatever is wrong with a message: a finding that names rule and element, no number in it, nothing half-written.

Seeded and bounded: `make fuzz` walks more seeds, `--fault-seed N` walks one again.
"""

from __future__ import annotations

import random
import re
from collections.abc import AsyncIterator
from typing import Final

import httpx
import pytest

from discharge.commands import Issue
from discharge.stay import NoticeKind
from fhir_mappings.elements import Element
from fhir_mappings.errors import MappingError
from fhir_mappings.medcom.intake import LetterRead, NoticeRead, ReceiptRead, Refused, read_message
from fhir_mappings.wire import Format, format_of, parse_resource, rendered
from tests.catalogue.ledger import ledger_of
from tests.engines import Database
from tests.factories import CPR
from tests.faults.fuzzing import broken_bytes, broken_elements, published
from tests.fhir_mappings.medcom.rich import rich_notification, rich_receipt
from tests.fhir_mappings.messages import NOW, acknowledgement, body, notification
from tests.services import installation
from tests.services.installation import Installation, installed

pytestmark = pytest.mark.fault

READ: Final = 1_500
"""Broken messages per seed that are read."""
SENT: Final = 60
"""Broken messages per seed that go through the whole house."""
_KINDS: Final = ("STAA", "STIN", "STOR", "SLOR", "SLHJ", "RE_STIN", "AN_STIN", "MORS")
_NUMBER: Final = re.compile(r"\d{6}-?\d{4}")


def corpus() -> list[bytes]:
    """Sound messages: ours in both formats, and the published ones where they are at hand."""
    ours = [*(notification(kind) for kind in _KINDS), rich_notification(), rich_receipt(), acknowledgement()]
    in_json = [body(each) for each in ours]
    in_xml = [rendered(parse_resource(each, expected="Bundle"), Format.XML) for each in in_json]
    return [*in_json, *in_xml, *published()]


def broken(message: bytes, chance: random.Random) -> bytes:
    return broken_bytes(message, chance) if chance.random() < 0.5 else broken_elements(message, chance)


def look_at(issues: tuple[Issue, ...], *, in_message: bool) -> None:
    """Findings that say what and where, and repeat nothing."""
    for issue in issues:
        assert issue.rule
        assert issue.text
        assert issue.code
        assert _NUMBER.search(f"{issue.text} {issue.expression} {issue.rule}") is None, issue
        assert issue.expression is not None or not in_message, issue
        assert "script" not in f"{issue.text}{issue.expression}", issue


def test_a_broken_message_is_read_or_refused_with_findings(seed: int) -> None:
    chance = random.Random(seed)
    sound = corpus()
    for number in range(READ):
        message = broken(chance.choice(sound), chance)
        try:
            found = read_message(message, now=NOW)
        except MappingError as refused:
            look_at(refused.issues, in_message=False)
            continue
        except Exception as unforeseen:
            raise AssertionError((seed, number, message)) from unforeseen
        match found:
            case Refused():
                assert any(issue.severity == "error" for issue in found.issues)
                look_at(found.issues, in_message=True)
            case NoticeRead() | LetterRead():
                look_at(found.warnings, in_message=True)
            case ReceiptRead():
                look_at(found.broken, in_message=True)


@pytest.fixture
async def house(database: Database) -> AsyncIterator[Installation]:
    async with installed(database) as running:
        yield running


async def test_a_broken_message_through_the_whole_house_is_answered_and_leaves_nothing_half(
    house: Installation, database: Database, seed: int
) -> None:
    chance = random.Random(seed)
    for number in range(SENT):
        made = installation.notification(chance.choice(list(NoticeKind)))
        sound = rendered(made.bundle(), chance.choice(list(Format)))
        message = broken(sound, chance)
        media = format_of(message) if chance.random() < 0.95 else chance.choice(list(Format))
        headers = house.hospital | {"content-type": str(media), "accept": str(chance.choice(list(Format)))}

        answer = await house.client.post("/fhir/$process-message", content=message, headers=headers)

        assert answer.status_code in {200, 400, 403, 413}, (seed, number, message, answer.text)
        assert CPR.digits not in answer.text
        _answered(answer)
    found = await ledger_of(database.admin_url)
    assert found.count("audit") > 0


def _answered(answer: httpx.Response) -> None:
    """Either an OperationOutcome or a receipt; a refusal names rule and, within a message, element."""
    media = format_of(answer.content)
    assert answer.headers["content-type"].startswith(media)
    expected = "OperationOutcome" if answer.status_code != 200 or b"<OperationOutcome xmlns" in answer.content else None
    if expected is None and b'"resourceType":"Bundle"' not in answer.content and media is Format.JSON:
        expected = "OperationOutcome"
    content = Element("x", parse_resource(answer.content, expected=expected or "Bundle"))
    outcomes = [content] if expected else [entry["resource"] for entry in content.all("entry")]
    code = "refused" if expected else outcomes[0]["response"].text("code")
    issues = [i for each in outcomes if each.text("resourceType") == "OperationOutcome" for i in each.all("issue")]
    assert issues or code == "ok"
    for issue in issues:
        assert issue.text("diagnostics")
        assert issue["details"].text("text")
        if code == "fatal-error" and issue.text("severity") == "error" and issue.text("code") != "duplicate":
            assert issue.all("expression")
