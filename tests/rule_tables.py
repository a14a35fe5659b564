"""The shipped agreements as tables for docs/rules.md, in the words of the page."""

from typing import Final

from discharge.agreement_values import Document
from discharge.layers import resolve
from services.agreements.resolved import CORE, ResolvedView, RuleLine, resolved_view
from services.agreements.shipped import PROFILES, profile
from services.web.language import language

__all__ = ["basis", "core", "ladders", "regions", "rules"]

_BASE: Final = "dk-midtjylland"
_NEIGHBOURS: Final = {
    "dk-syddanmark": _BASE,
    "dk-nordjylland": _BASE,
    "dk-hovedstaden": _BASE,
    "dk-sjaelland": _BASE,
    "dk-oestdanmark": "dk-hovedstaden",
}
"""Agreement -> the one it is told by."""
_COMPARED: Final = {"when": "event", "condition": "condition", "owed_by": "owed by", "deadline": "by when"}


def rules() -> str:
    """Who owes what by when in Midtjylland."""
    view = _view(_BASE)
    clauses = "; ".join(f"{number} is a clause of {_row(row)}" for number, row in view.clauses)
    return f"{_summary(view)}\n\n{clauses}."


def ladders() -> str:
    """Who is called in Midtjylland, rung by rung."""
    lines = ["| Rule | Task | Rungs |", "|---|---|---|"]
    lines += [f"| {rule.id} | `{rule.code}` | {'<br>'.join(rule.steps) or 'nobody'} |" for rule in _view(_BASE).rules]
    return "\n".join(lines)


def basis() -> str:
    """Under which condition, what later events do, and where it comes from."""
    lines = ["| Rule | Task | Condition | Later events | Source |", "|---|---|---|---|---|"]
    for rule in _view(_BASE).rules:
        later = "<br>".join(
            f"{words}{f': {_code(condition)}' if condition else ''}" for words, condition in rule.consequences
        )
        condition = _code(rule.condition) if rule.condition else "always"
        lines.append(f"| {rule.id} | `{rule.code}` | {condition} | {later} | {rule.source} |")
    gates = [
        f"| {gate.id} | gate on `{gate.act}` | {_code(gate.condition)} | opened by `{gate.element}` | {gate.source} |"
        for gate in _view(_BASE).gates
    ]
    return "\n".join([*lines, *gates])


def regions() -> str:
    """What the other agreements differ in."""
    parts = [_difference(name, base) for name, base in _NEIGHBOURS.items()]
    alone = [name for name in PROFILES if name not in _NEIGHBOURS and name != _BASE]
    return "\n\n".join([*parts, *(f"{_head(name)}\n\n{_summary(_view(name))}" for name in alone)])


def core() -> str:
    """What no agreement says, because it always holds."""
    lines = ["| Rule | What it says | Where |", "|---|---|---|"]
    lines += [f"| {number} | {words.en} | `{where.replace(', ', '`, `')}` |" for number, words, where in CORE]
    return "\n".join(lines)


def _view(name: str) -> ResolvedView:
    document: Document = profile(name)
    return resolved_view(resolve(document, []), language("en"))


def _summary(view: ResolvedView) -> str:
    lines = ["| Rule | Task | When | Owed by | By when | To verify |", "|---|---|---|---|---|---|"]
    lines += [
        f"| {rule.id} | {rule.title} (`{rule.code}`) | {rule.when} | {_owed(rule)} | {rule.deadline}"
        f" | {', '.join(rule.verify)} |"
        for rule in view.rules
    ]
    return "\n".join(lines)


def _difference(name: str, base: str) -> str:
    view, before = _view(name), {(rule.id, rule.code): rule for rule in _view(base).rules}
    after = {(rule.id, rule.code): rule for rule in view.rules}
    lines = ["| Rule | Task | Differs | Source |", "|---|---|---|---|"]
    unsourced = []
    for key, rule in after.items():
        changes = "added: " + rule.deadline if key not in before else "<br>".join(_changes(before[key], rule))
        if changes:
            lines.append(f"| {rule.id} | `{rule.code}` | {changes} | {rule.source} |")
        if key not in before or rule.verify != before[key].verify:
            unsourced.append(f"{rule.id} `{rule.code}` ({', '.join(rule.verify)})")
    lines += [f"| {rule} | `{code}` | left out | |" for rule, code in before if (rule, code) not in after]
    table = "\n".join(lines) if len(lines) > 2 else "No row differs."
    verify = f"\n\nTo verify beside what `{base}` marks: {', '.join(unsourced)}." if unsourced else ""
    return f"{_head(name)}\n\nTold by what differs from `{base}`.\n\n{table}{verify}"


def _changes(before: RuleLine, after: RuleLine) -> list[str]:
    return [
        f"{words}: {_code(new) if name == 'condition' else new}"
        for name, words in _COMPARED.items()
        if (new := getattr(after, name)) != getattr(before, name)
    ]


def _head(name: str) -> str:
    view = _view(name)
    places = profile(name)["regions"]
    assert isinstance(places, list), "the form demands it"
    where = ", ".join(map(str, places)) if len(places) < 5 else f"{places[0]} to {places[-1]}"
    return f"### {view.title}\n\n`{view.id}`, {where}, {view.days}."


def _row(text: str) -> str:
    rule, code = text.split()
    return f"{rule} `{code}`"


def _owed(rule: RuleLine) -> str:
    return f"{rule.owed_by}, paid by {rule.payer}" if rule.payer else rule.owed_by


def _code(condition: str) -> str:
    """A condition as code in a table, where a bar would end the cell."""
    escaped = condition.replace("|", "\\|")
    return f"`{escaped}`"
