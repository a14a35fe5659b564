"""Copies, receipts, and the published messages of every kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from discharge.commands import ReceiptCode
from discharge.stay import NoticeKind
from fhir_mappings.medcom.intake import LetterRead, NoticeRead, ReceiptRead, read_message
from tests.fhir_mappings.medcom.reading import read
from tests.fhir_mappings.messages import (
    NOW,
    Message,
    acknowledgement,
    edited,
    notification,
    of_type,
)

EXAMPLES = Path(__file__).parents[4] / "shared" / "medcom" / "examples"
PUBLISHED = sorted(EXAMPLES.glob("*.json"))
FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "fhir").glob("*.json"))


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: m.update(id="another-sending", timestamp="2026-11-20T12:10:05+01:00"),
        lambda m: of_type(m, "Provenance").update(
            occurredDateTime="2026-11-20T11:10:10Z", recorded="2026-11-20T11:10:10Z", text={"status": "generated"}
        ),
        lambda m: m["entry"].append(m["entry"].pop(1)),
    ],
)
def test_a_resend_has_the_same_fingerprint(edit: Callable[[Message], object]) -> None:
    first, again = read(notification()), read(edited(edit))

    assert first.envelope.fingerprint == again.envelope.fingerprint
    assert len(first.envelope.fingerprint) == 32


@pytest.mark.parametrize(
    "edit",
    [
        lambda m: of_type(m, "Patient")["name"][0].update(family="Jensen"),
        lambda m: of_type(m, "Encounter")["period"].update(start="2026-11-18T09:31:00+01:00"),
        lambda m: of_type(m, "Provenance")["activity"]["coding"][0].update(code="admit-emergency"),
        lambda m: m.update(language="da"),
        lambda m: m["entry"].append({}),
    ],
)
def test_other_content_has_another_fingerprint(edit: Callable[[Message], object]) -> None:
    assert read(notification()).envelope.fingerprint != read(edited(edit)).envelope.fingerprint


@pytest.mark.parametrize(
    ("message", "answers", "code"),
    [
        (acknowledgement(), "header-stin-1", ReceiptCode.OK),
        (acknowledgement(code="fatal-error"), "header-stin-1", ReceiptCode.FATAL_ERROR),
        (acknowledgement(answers="MessageHeader/header-stin-1"), "header-stin-1", ReceiptCode.OK),
        (acknowledgement(answers=None), "header-from-provenance", ReceiptCode.OK),
        (acknowledgement(code="perhaps"), "header-stin-1", None),
        (
            edited(lambda m: m["entry"].pop(), acknowledgement(answers=None)),
            None,
            ReceiptCode.OK,
        ),
        (
            edited(lambda m: of_type(m, "Provenance").pop("entity"), acknowledgement(answers=None)),
            None,
            ReceiptCode.OK,
        ),
    ],
)
def test_a_receipt_is_read_and_never_refused(message: Message, answers: str | None, code: ReceiptCode | None) -> None:
    found = read(message)

    assert isinstance(found, ReceiptRead)
    assert (found.answers, found.code) == (answers, code)


def test_published_messages_are_handled_as_expected() -> None:
    """Those that lie beside the checkout, if any do: a list of parameters that may be empty would be a skip."""
    for path in PUBLISHED:
        _handled_as_expected(path)


def _handled_as_expected(path: Path) -> None:
    found = read_message(path.read_bytes(), now=NOW)
    name = path.stem
    if name.startswith("ack-"):
        assert isinstance(found, ReceiptRead)
        assert found.answers is not None
        assert found.code is not None
        assert found.broken == ()
    elif name.startswith("cc-"):
        assert isinstance(found, LetterRead)
    else:
        assert isinstance(found, NoticeRead)
        named = [kind for kind in NoticeKind if f"-{kind}" in name]
        assert found.notice.deceased if "MORS" in name else not named or found.notice.kind in named


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_fixture_files_are_what_the_factory_makes(path: Path) -> None:
    kind = path.stem.upper()

    assert orjson.loads(path.read_bytes()) == notification(kind, report=kind == "STIN")
