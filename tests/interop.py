"""The report on interoperability: what is done with published messages and with our own, and the rules.

``python -m tests.interop`` writes ``docs/interop.md``; ``tests/test_interop.py`` compares. The published
examples are read where they lie beside the checkout; elsewhere their part of the page stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, assert_never

from discharge.commands import Issue, Notice
from discharge.letter import Letter
from fhir_mappings.errors import MappingError
from fhir_mappings.medcom.intake import LetterRead, NoticeRead, ReceiptRead, Refused, read_message
from fhir_mappings.medcom.rule import Rule
from fhir_mappings.medcom.rules import ACKNOWLEDGEMENT_RULES, CARE_RULES, NOTIFICATION_RULES, RULES
from fhir_mappings.wire import Format, format_of, parse_resource, rendered
from tests.interop_reports import REPORTS, report_rows

__all__ = ["EXAMPLES", "PAGE", "examples", "fixtures", "page", "part", "reports", "rules"]

PAGE: Final = Path(__file__).parent.parent / "docs" / "interop.md"
EXAMPLES: Final = Path(__file__).parents[2] / "shared" / "medcom" / "examples"
_FIXTURES: Final = Path(__file__).parent / "fixtures" / "fhir"
_NOW: Final = datetime(2026, 11, 22, 12, tzinfo=UTC)
_HEAD: Final = """# Interoperability: what we do with which message

Made by `python -m tests.interop` and compared by a test: change the code, not this page.
Each message is read as it would be in an empty installation; what a stay becomes over several of them stands in
[architecture.md](architecture.md), what the standards leave open in [spec-gaps.md](spec-gaps.md).
`stafet check FILE...` and `POST /fhir/Bundle/$validate` print the findings of a message, JSON or XML.

`accepted` means that the receipt says `ok`, also where a warning is noted; `refused` that it says `fatal-error`.
A receipt (Acknowledgement) is heard and never answered.
"""
_EXAMPLES_HEAD: Final = """## Published examples

Files of MedCom's implementation guides and test sets, by the names under which they are kept beside the checkout."""
_FIXTURES_HEAD: Final = """## Our own examples

`tests/fixtures/fhir`, each in both formats: the result is the same."""
_REPORTS_HEAD: Final = """## Published discharge reports

Examples of HL7 Europe's guides and of those derived from them, posted to `POST /fhir/Bundle`. Their citizens have no
CPR number, so a person names the stay (`?stay=`). `filed` is answered 201; what is missing is named in the answer and
on the page of the report. A single resource is refused, and so is a document of another type than the guide knows;
a patient summary (60591-5) is filed for its list before the stay."""
_RULES_HEAD: Final = """## Rules

An error refuses the message, a warning is noted. HN: HospitalNotification, CC: CareCommunication, Ack: receipts.
Before any of these a body must be JSON or XML as we take it, a Bundle of type `message`, with a legal id and one
MessageHeader, standing first, with id and sender; then each resource must be what FHIR R4 says (`fhir-r4`).
Which line of which profile is held by which rule stands in `tests/fhir_mappings/medcom/coverage.json`."""


def examples() -> str:
    """The published examples, a row each."""
    files = sorted(
        (file for file in EXAMPLES.rglob("*") if file.suffix in {".json", ".xml"}), key=lambda file: file.name
    )
    return _table(
        ("Example", "Is", "We", "Findings"), ((f"`{file.name}`", *_done(file.read_bytes())) for file in files)
    )


def reports() -> str:
    """The published discharge reports, a row each."""
    return _table(("Example", "Is", "We", "Findings", "Lacks"), report_rows(REPORTS.glob("*.json")))


def fixtures() -> str:
    """Our own examples in both formats, a row each."""

    def rows() -> Iterator[tuple[str, ...]]:
        for file in sorted(_FIXTURES.glob("*.json")):
            body = file.read_bytes()
            other = rendered(parse_resource(body, expected="Bundle"), Format.XML)
            for each in (body, other):
                yield (f"`{file.stem}`, {format_of(each).name}", *_done(each))

    return _table(("Example", "Is", "We", "Findings"), rows())


def rules() -> str:
    """Every rule, a row each."""
    return _table(
        ("Rule", "Of", "Severity", "Holds", "Source"),
        (
            (f"`{each.id}`", _of(each), each.severity, each.summary.removesuffix("."), each.source)
            for each in RULES.values()
        ),
    )


def page() -> str:
    """The whole page as it should be now."""
    made = {
        "examples": examples() if EXAMPLES.is_dir() else part("examples"),
        "reports": reports() if REPORTS.is_dir() else part("reports"),
        "fixtures": fixtures(),
        "rules": rules(),
    }
    heads = {
        "examples": _EXAMPLES_HEAD,
        "reports": _REPORTS_HEAD,
        "fixtures": _FIXTURES_HEAD,
        "rules": _RULES_HEAD,
    }
    parts = (f"{heads[name]}\n\n<!-- {name}:begin -->\n{text}\n<!-- {name}:end -->\n" for name, text in made.items())
    return "\n".join((_HEAD, *parts))


def part(name: str) -> str:
    """What stands on the page between the markers of ``name``."""
    found = re.search(
        rf"<!-- {name}:begin -->\n(.*?)\n<!-- {name}:end -->", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert found is not None, f"docs/interop.md has no part called {name}"
    return found[1]


def _done(body: bytes) -> tuple[str, str, str]:
    try:
        read = read_message(body, now=_NOW)
    except MappingError as refused:
        return "no message", "answer 4xx", _findings(refused.issues)
    match read:
        case NoticeRead():
            return _notice(read.notice), "accepted", _findings(read.warnings)
        case LetterRead():
            return _letter(read.letter), "accepted", _findings(read.warnings)
        case ReceiptRead():
            return f"receipt `{read.code}`", "heard", _findings(read.broken)
        case Refused():
            return f"`{read.envelope.event_code}`", "refused", _findings(read.issues)
        case _:
            assert_never(read)


def _notice(notice: Notice) -> str:
    death = {True: "`MORS`, activity of ", False: "`AN_MORS`, activity of ", None: ""}[notice.deceased]
    said = [f"notification {death}`{notice.kind}`"]
    if notice.report_requested:
        said.append("asks for the report of admission")
    if notice.history:
        said.append(f"history of {len(notice.history)}")
    return ", ".join(said)


def _letter(letter: Letter) -> str:
    said = [f"letter `{letter.kind}`"]
    if letter.category is not None:
        said.append(f"about `{letter.category}`")
    return ", ".join(said)


def _findings(issues: Iterable[Issue]) -> str:
    """Rules, each with what it does, once."""
    return ", ".join(dict.fromkeys(f"{issue.severity} `{issue.rule}`" for issue in issues)) or "none"


def _of(rule: Rule) -> str:
    held = {"HN": NOTIFICATION_RULES, "CC": CARE_RULES, "Ack": ACKNOWLEDGEMENT_RULES}
    return ", ".join(name for name, asked in held.items() if rule in asked) or "all"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *(tuple(cell.replace("|", "\\|") for cell in row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
