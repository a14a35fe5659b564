"""The rules of a day on a terminal, and what was found in files: lines of text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

import orjson

from discharge.agreement import HealthAgreement
from discharge.agreement_checks import Problem, Severity, overlaps_of
from discharge.agreement_format import parse_agreement
from discharge.agreement_values import Document
from discharge.layer_format import is_layer
from fhir_mappings.plan_definition import plan_definition_of
from services.agreements.comparing import differences
from services.agreements.reading import AgreementFileError, Checked, check_agreement
from services.agreements.resolved import CalendarLine, ResolvedView, RuleLine, resolved_on
from services.agreements.shipped import shipped
from services.persistence.database import Database
from services.web.language import language

__all__ = ["check_files", "compare_files", "resource_text", "rules_of_day"]


def check_files(files: Iterable[Path]) -> tuple[tuple[str, ...], bool]:
    """A line per finding, or one that says that nothing is wrong; False when a file would be refused.

    What is told by its difference from another agreement may lean on one of the other files, or on a shipped one.
    """
    bodies = {file: file.read_bytes() for file in files}
    known: dict[str, Document] = {}

    def find(agreement: str) -> Document | None:
        return known.get(agreement) or shipped(agreement)

    for body in bodies.values():
        document = check_agreement(body, find=find).document
        if document is not None and not is_layer(document):
            known[str(document["id"])] = document
    checked = {file: check_agreement(body, find=find) for file, body in bodies.items()}
    lines = [f"{file}: {line}" for file, each in checked.items() for line in _findings(each)]
    overlaps = list(_overlaps(checked))
    return (*lines, *overlaps), not overlaps and all(each.document is not None for each in checked.values())


def _overlaps(checked: Mapping[Path, Checked]) -> Iterator[str]:
    """Files of which nobody could tell which one holds."""
    before: list[HealthAgreement] = []
    for file, each in checked.items():
        if each.document is None or is_layer(each.document):
            continue
        agreement = parse_agreement(each.document)
        problems = overlaps_of(agreement, before)
        if problems:
            yield from (f"{file}: {Severity.ERROR}: {finding}" for finding in each.found(*problems).findings)
        before.append(agreement)


def _findings(checked: Checked) -> Iterator[str]:
    for finding in checked.findings:
        severity = f"{finding.severity}: " if finding.severity is Severity.ERROR else ""
        yield f"{severity}{finding}"
    document = checked.document
    if document is not None and not checked.findings:
        rows = document.get("changes" if is_layer(document) else "rules")
        count = len(rows) if isinstance(rows, list | tuple) else 0
        what = "changes" if is_layer(document) else "rules"
        yield f"{document['id']} {document['version']}, {count} {what}: nothing is wrong"


def compare_files(before: Path, after: Path) -> tuple[str, ...]:
    """A line per difference.

    Raises:
        AgreementFileError: one of them cannot be read.
    """
    one, other = (check_agreement(file.read_bytes(), find=shipped) for file in (before, after))
    for checked in (one, other):
        if checked.document is None:
            raise AgreementFileError(*checked.errors)
    assert one.document is not None, "looked at above"
    assert other.document is not None, "looked at above"
    return differences(one.document, other.document) or ("no difference",)


def resource_text(file: Path) -> str:
    """The agreement in ``file`` as a FHIR PlanDefinition in JSON, which can be checked and loaded like the file.

    Raises:
        AgreementFileError: it cannot be read, or is a layer.
    """
    checked = check_agreement(file.read_bytes(), find=shipped)
    if checked.document is None:
        raise AgreementFileError(*checked.errors)
    if is_layer(checked.document):
        raise checked.found(Problem(path="$.kind", text="a layer is no agreement; FHIR has no resource for it"))
    return orjson.dumps(plan_definition_of(checked.document), option=orjson.OPT_INDENT_2).decode()


async def rules_of_day(database: Database, *, day: date, region: str | None, municipality: str | None) -> str:
    """The rules that are in force, with the origin of each part; says so where there are none."""
    master = await database.master()
    place = next((sor for sor in master.directory.organizations if sor == municipality), None)
    if municipality is not None and place is None:
        return f"no organisation {municipality} is registered"
    where = region if place is None else master.directory.region_of(place)
    view = resolved_on(master.documents, region=where, municipality=place, day=day, lang=language("en"))
    if view is None:
        return f"no agreement is in force in {where} on {day.isoformat()}"
    return "\n".join(_lines(view))


def _lines(view: ResolvedView) -> Iterator[str]:
    yield f"{view.id} {view.version}: {view.title}"
    yield view.days
    yield from (f"laid upon it: {layer}" for layer in view.layers)
    for rule in view.rules:
        yield ""
        yield from _rule(rule)
    for gate in view.gates:
        yield ""
        yield f"gate {gate.id}: {gate.act}: {gate.text}{_from(gate.origin)}"
        yield f"  closed while {gate.condition}; opened by {gate.element}"
    for suspended in view.suspended:
        yield ""
        yield f"{suspended.id} {suspended.code}: suspended{_from(suspended.layer)}"
    yield ""
    yield from _calendar("hours", view.hours)
    yield from _calendar("closed", view.closed_days)
    yield from _calendar("party", view.parties)
    yield from (f"{number}: by {row}" for number, row in view.clauses)
    yield from (f"{core.id}: by the core: {core.words}" for core in view.core)


def _rule(rule: RuleLine) -> Iterator[str]:
    yield f"{rule.id} {rule.code}: {rule.title}"
    yield f"  at: {rule.when}"
    if rule.condition:
        yield f"  when: {rule.condition}"
    yield f"  owed by: {rule.owed_by}"
    if rule.payer:
        yield f"  paid by: {rule.payer}"
    yield f"  due: {rule.deadline}"
    yield from (f"  {step}" for step in rule.steps)
    if rule.chain:
        yield f"  asked next: {rule.chain}"
    yield from (f"  {words}{f' ({condition})' if condition else ''}" for words, condition in rule.consequences)
    yield f"  source: {rule.source}"
    if rule.verify:
        yield f"  verify: {', '.join(rule.verify)}"
    yield from (f"  {part}: from {layer}" for part, layer in rule.origins)


def _calendar(what: str, lines: Iterable[CalendarLine]) -> Iterator[str]:
    for line in lines:
        said = line.name if line.name == line.words else f"{line.name}: {line.words}"
        yield f"{what}: {said}{_from(line.origin)}"


def _from(origin: str) -> str:
    return f" (from {origin})" if origin else ""
