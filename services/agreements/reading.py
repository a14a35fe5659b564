"""Agreement files: YAML in, a checked document out, or everything that is wrong with it, line by line.

The document is what the store keeps and ``discharge.agreement_format`` reads: plain values, with each
condition as its text and its tree. Nothing is read a second time when the agreement is put to work.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from discharge.agreement import Gate, HealthAgreement, Rule
from discharge.agreement_checks import Problem, Severity, problems_of
from discharge.agreement_format import parse_agreement
from discharge.agreement_values import Document
from discharge.errors import AgreementError
from discharge.layer_format import is_layer, parse_layer
from discharge.layers import check_layer, expanded, resolve, resolved_agreement
from fhir_mappings.errors import MappingError
from fhir_mappings.json_text import parse_object
from fhir_mappings.plan_definition import document_from
from services.agreements.lines import LARGEST_FILE, TOO_LARGE, Lined, LineError, read_lines
from services.persistence.calendars import knows_holidays

__all__ = [
    "AgreementFileError",
    "Checked",
    "Finding",
    "check_agreement",
    "check_document",
    "finding_of",
    "read_agreement",
]

Find = Callable[[str], Document | None]
"""Id -> the agreement of that name, where it is known."""
_MOST_FINDINGS: Final = 100
_RESOURCE: Final = re.compile(rb'\A\s*\{[^{}\[\]]*"resourceType"')
"""How a resource of FHIR in JSON begins."""
_PART: Final = re.compile(r"\$\.(rules|gates|changes)\[(\d+)\]")
_BEFORE: Final = re.compile(r"\A\$(\.(rules|gates|changes)\[\d+\])?\.?")
_NAMES: Final = {"rules": ("id", "code"), "gates": ("id",)}
_ALWAYS: Final = {"text": "true", "tree": ["truth", True]}
_TITLE: Final = {"da": "-", "en": "-"}
_STAND_IN: Final = {
    "rules": {
        "source": "-", "trigger": "admitted", "addressee": "ward", "roles": ["ward"], "title": _TITLE,
        "content": "notice", "deadline": {"kind": "immediate"},
    },
    "gates": {"source": "-", "act": "discharged", "when": _ALWAYS, "text": _TITLE, "element": "-"},
}  # fmt: skip
"""What takes the place of a part that is wrong, so that the others are read as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, or looks wrong, with an agreement."""

    severity: Severity
    line: int | None
    """None: it comes from no file."""
    rule: str | None
    """The rule or gate, where it is about one."""
    path: str
    problem: str

    @override
    def __str__(self) -> str:
        places = (
            None if self.line is None else f"line {self.line}",
            self.rule,
            self.path or None,
        )
        place = ", ".join(place for place in places if place is not None)
        mark = "" if self.severity is Severity.ERROR else f"{self.severity}: "
        return f"{place}: {mark}{self.problem}"


class AgreementFileError(Exception):
    """An agreement cannot be taken as it stands; the text has a line per error."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__(*findings)
        self.findings = findings

    @override
    def __str__(self) -> str:
        return "\n".join(str(finding) for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An agreement that was read, and what was found."""

    document: dict[str, object] | None
    """None where there are errors."""
    findings: tuple[Finding, ...]
    lined: Lined | None = None
    """The file, where it comes from one."""

    def found(self, *problems: Problem) -> AgreementFileError:
        """What is wrong with it beside others, told in the same way."""
        content = None if self.lined is None else self.lined.content
        lines = (None if self.lined is None else self.lined.line_of(problem.path) for problem in problems)
        return AgreementFileError(
            *(finding_of(problem, line=line, content=content) for problem, line in zip(problems, lines, strict=True))
        )

    @property
    def errors(self) -> tuple[Finding, ...]:
        """Why it is refused."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def _no_other(_: str) -> None:
    """No agreement is known beside the one that is read."""


def read_agreement(body: bytes, *, find: Find = _no_other) -> dict[str, object]:
    """The document of an agreement file, or of a layer, fit for the store.

    Args:
        body: the file.
        find: the agreement of an id, for what is told by its difference from that one.

    Raises:
        AgreementFileError: with every error that was found.
    """
    checked = check_agreement(body, find=find)
    if checked.document is None:
        raise AgreementFileError(*checked.errors)
    return checked.document


def check_agreement(body: bytes, *, find: Find = _no_other) -> Checked:
    """The document of an agreement file, of a layer, or of a FHIR PlanDefinition, with all that was found in it."""
    if _RESOURCE.search(body) is not None:
        return _check_resource(body, find)
    try:
        lined = read_lines(body)
    except LineError as error:
        finding = Finding(severity=Severity.ERROR, line=error.line, rule=None, path="", problem=error.problem)
        return Checked(document=None, findings=(finding,))
    return _Check(lined.content, lined, find).done()


def _check_resource(body: bytes, find: Find) -> Checked:
    told = [("", TOO_LARGE)] if len(body) > LARGEST_FILE else []
    try:
        content = {} if told else document_from(parse_object(body, expected="PlanDefinition"))
    except MappingError as error:
        told = [(issue.expression or "", issue.text) for issue in error.issues]
    if not told:
        return _Check(content, None, find).done()
    findings = (
        Finding(severity=Severity.ERROR, line=None, rule=None, path=path or "$", problem=text) for path, text in told
    )
    return Checked(document=None, findings=tuple(findings))


def check_document(content: object) -> Checked:
    """As ``check_agreement``, of a document whose conditions are texts, such as comes from FHIR."""
    return _Check(content, None, _no_other).done()


class _Check:
    """One document on its way from texts to trees, and what is wrong with it."""

    def __init__(self, content: object, lined: Lined | None, find: Find) -> None:
        self._content = content
        self._lined = lined
        self._find = find
        self._findings: dict[tuple[str, str], Finding] = {}
        self._spoilt: set[tuple[str, int] | None] = set()
        """The rules, gates and changes that cannot be read as they stand."""

    def done(self) -> Checked:
        document = self._with_trees(self._content, "$")
        if isinstance(document, dict) and is_layer(document):
            self._read_layer(document)
        elif isinstance(document, dict) and "extends" in document:
            document = self._expanded(document)
        else:
            self._read(document)
        findings = tuple(sorted(self._findings.values(), key=lambda finding: finding.line or 0))
        refused = any(finding.severity is Severity.ERROR for finding in findings)
        sound = document if isinstance(document, dict) and not refused else None
        return Checked(document=sound, findings=findings, lined=self._lined)

    def _read_layer(self, document: dict[str, object]) -> None:
        """Read what is laid upon another agreement, and lay it there where that one is known."""
        try:
            layer = parse_layer(document)
            base = self._find(layer.base)
            if base is not None:
                check_layer(base, layer)
                before, after = parse_agreement(base), resolved_agreement(resolve(base, (layer,)))
                self._look_at(after, told=frozenset(problem.text for problem in problems_of(before)))
        except AgreementError as error:
            self._spoil(error.path, error.problem)

    def _expanded(self, document: dict[str, object]) -> object:
        """The whole of an agreement that is told by what differs from another one."""
        base = self._find(str(document["extends"]))
        if base is None:
            self._spoil("$.extends", f"no agreement {document['extends']} is known")
            return document
        try:
            whole = expanded(document, base)
            self._look_at(parse_agreement(whole))
        except AgreementError as error:
            self._spoil(error.path, error.problem)
            return document
        return whole

    def _look_at(self, agreement: HealthAgreement, *, told: frozenset[str] = frozenset()) -> None:
        """Keep the problems of an agreement that can be followed, but what is ``told`` of another one."""
        problems = problems_of(agreement)
        if not knows_holidays(agreement.country):
            text = f"no public holidays are known of {agreement.country}; a country's code such as DK is needed here"
            problems = (Problem(path="$.calendars.country", text=text), *problems)
        for problem in problems:
            path = self._place_of(agreement, problem.path)
            if problem.text not in told and _part_of(path) not in self._spoilt:
                self._found(path, problem.text, problem.severity)

    def _place_of(self, agreement: HealthAgreement, path: str) -> str:
        """Where in the file stands what is at ``path`` of the agreement: in a change, where it is told by changes."""
        part = _part_of(path)
        changes = self._content.get("changes") if isinstance(self._content, Mapping) else None
        if not isinstance(changes, list):
            return path
        if part is None:
            return path if path.count(".") == 1 else "$.changes"
        row = (agreement.rules if part[0] == "rules" else agreement.gates)[part[1]]
        rest = path.partition("]")[2]
        for number, change in reversed(list(enumerate(changes))):
            match change:
                case {"rule": row.id, "set": _} if isinstance(row, Rule) and change.get("code", row.code) == row.code:
                    return f"$.changes[{number}].set{rest}"
                case {"add": {"id": row.id, "code": code}} if isinstance(row, Rule) and code == row.code:
                    return f"$.changes[{number}].add{rest}"
                case {"add-gate": {"id": row.id}} if isinstance(row, Gate):
                    return f"$.changes[{number}].add-gate{rest}"
                case _:
                    continue
        return "$.changes"

    def _with_trees(self, item: object, path: str) -> object:
        """The same values, with each condition read."""
        if isinstance(item, list):
            return [self._with_trees(each, f"{path}[{number}]") for number, each in enumerate(item)]
        if not isinstance(item, dict):
            return item
        return {
            key: self._condition(value, f"{path}.{key}")
            if key == "when" and value is not None
            else self._with_trees(value, f"{path}.{key}")
            for key, value in item.items()
        }

    def _condition(self, text: object, path: str) -> dict[str, object]:
        # Few processes read agreements, and the grammar takes most of a second to load.
        from services.agreements.cel import ConditionError, read_condition  # noqa: PLC0415

        if isinstance(text, dict):
            # The form that is kept: its tree is read anew, so that the two cannot differ.
            text = text.get("text")
        if not isinstance(text, str):
            self._spoil(path, "a condition is a text")
            return dict(_ALWAYS)
        try:
            return {"text": text.strip(), "tree": read_condition(text)}
        except ConditionError as error:
            line = f"line {error.line}, " if error.line > 1 else ""
            self._spoil(path, f"{line}column {error.column}: {error.problem}")
            return dict(_ALWAYS)

    def _read(self, document: object) -> None:
        """Read it until nothing else is wrong: a part that is wrong gives way to one that is not."""
        attempt = document
        replaced: Counter[tuple[str, int]] = Counter()
        while len(self._findings) < _MOST_FINDINGS:
            try:
                agreement = parse_agreement(attempt)
            except AgreementError as error:
                part = self._spoil(error.path, error.problem)
                if part is None or part[0] not in _STAND_IN or replaced[part] > 1 or not isinstance(attempt, dict):
                    return
                attempt = _without(attempt, part, keep_names=part not in replaced)
                replaced[part] += 1
            else:
                self._look_at(agreement)
                return

    def _spoil(self, path: str, problem: str) -> tuple[str, int] | None:
        """Keep an error, and say which part cannot be read for it."""
        self._found(path, problem, Severity.ERROR)
        part = _part_of(path)
        self._spoilt.add(part)
        return part

    def _found(self, path: str, problem: str, severity: Severity) -> None:
        line = None if self._lined is None else self._lined.line_of(path)
        found = finding_of(Problem(path=path, text=problem, severity=severity), line=line, content=self._content)
        self._findings.setdefault((path, problem), found)


def finding_of(problem: Problem, *, line: int | None = None, content: object = None) -> Finding:
    """What to tell of ``problem``.

    Args:
        problem: what was found, with its path.
        line: where that stands.
        content: the document, whose rules have names.
    """
    part = _part_of(problem.path)
    return Finding(
        severity=problem.severity,
        line=line,
        rule=None if part is None else _named(content, *part),
        path=_BEFORE.sub("", problem.path),
        problem=problem.text,
    )


def _part_of(path: str) -> tuple[str, int] | None:
    match = _PART.match(path)
    return None if match is None else (match[1], int(match[2]))


def _named(content: object, kind: str, number: int) -> str:
    """What people call a rule, a gate or a change."""
    rows = content.get(kind) if isinstance(content, Mapping) else None
    row = rows[number] if isinstance(rows, list) and number < len(rows) else None
    if isinstance(row, Mapping):
        kind = "gates" if {"gate", "add-gate"} & row.keys() else kind
        row = row.get("add", row.get("add-gate", row))
    names = [row.get(key) for key in ("id", "rule", "gate")] if isinstance(row, Mapping) else []
    name = next((name for name in names if isinstance(name, str)), f"number {number + 1}")
    return f"{'gate' if kind == 'gates' else 'rule'} {name}"


def _without(document: dict[str, object], part: tuple[str, int], *, keep_names: bool) -> dict[str, object]:
    """The document with a part that is right in the place of one that is not.

    Its names stay the first time, since other rules may speak of them.
    """
    kind, number = part
    rows = document[kind]
    assert isinstance(rows, Sequence), "a path leads into it"
    row = rows[number] if isinstance(rows[number], Mapping) else {}
    names = {key: row[key] for key in _NAMES[kind] if keep_names and isinstance(row.get(key), str) and row[key].strip()}
    others = dict.fromkeys(_NAMES[kind], f"-{number}")
    stand_in = {**_STAND_IN[kind], **others, **names}
    return {**document, kind: [*rows[:number], stand_in, *rows[number + 1 :]]}
