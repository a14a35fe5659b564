"""The parts of docs/ that are made from the code: state diagrams and the tables of rules.

``python -m tests.diagrams`` writes them between their markers; tests/test_docs.py compares.
"""

import re
from pathlib import Path
from typing import Final

from discharge.notices import STAY_TRANSITIONS, StayState
from discharge.task import CLOSED, TASK_TRANSITIONS, TaskStatus
from tests import rule_tables

DOCS: Final = Path(__file__).parent.parent / "docs"


def stay_diagram() -> str:
    """The state machine of a stay, in Mermaid."""
    lines = ["stateDiagram-v2", *(f'  state "{state}" as {_name(state)}' for state in StayState)]
    for (before, kind), after in STAY_TRANSITIONS.items():
        lines.append(f"  {'[*]' if before is None else _name(before)} --> {_name(after)}: {kind}")
    lines += [
        f"  {_name(after)} --> {_name(before)}: AN_{kind}"
        for (before, kind), after in STAY_TRANSITIONS.items()
        if before is not None and after is not before
    ]
    lines += [
        f"  {_name(state)} --> {_name(StayState.CANCELLED)}: all cancelled" for state in StayState if state.is_open
    ]
    return _fenced(lines)


def task_diagram() -> str:
    """The state machine of a duty, in Mermaid; moves between the same two states share an arrow."""
    arrows: dict[tuple[TaskStatus, TaskStatus], list[str]] = {}
    for (before, move), after in TASK_TRANSITIONS.items():
        arrows.setdefault((before, after), []).append(move)
    for state in TaskStatus:
        if state not in CLOSED:
            arrows.setdefault((state, TaskStatus.REQUESTED), []).append("new-round")
    lines = ["stateDiagram-v2", *(f'  state "{state}" as {_name(state)}' for state in TaskStatus)]
    lines.append(f"  [*] --> {_name(TaskStatus.REQUESTED)}")
    lines += [f"  {_name(a)} --> {_name(b)}: {', '.join(moves)}" for (a, b), moves in arrows.items()]
    lines += [f"  {_name(state)} --> [*]" for state in TaskStatus if state in CLOSED]
    return _fenced(lines)


PARTS: Final = {
    "stay": ("architecture.md", stay_diagram),
    "task": ("architecture.md", task_diagram),
    "rules": ("rules.md", rule_tables.rules),
    "ladders": ("rules.md", rule_tables.ladders),
    "basis": ("rules.md", rule_tables.basis),
    "regions": ("rules.md", rule_tables.regions),
    "core": ("rules.md", rule_tables.core),
}


def written(name: str) -> str:
    """What stands between the markers of ``name`` now."""
    file, _ = PARTS[name]
    found = re.search(_between(name), (DOCS / file).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None, f"docs/{file} has no place for {name}"
    return found[2].strip()


def write() -> None:
    """Put every part in its place."""
    for name, (file, make) in PARTS.items():
        path = DOCS / file
        text = path.read_text(encoding="utf-8")
        found = re.search(_between(name), text, re.DOTALL)
        assert found is not None, f"docs/{file} has no place for {name}"
        path.write_text(f"{text[: found.start(2)]}\n{make()}\n{text[found.end(2) :]}", encoding="utf-8")


def _between(name: str) -> str:
    return rf"(<!-- {name}:begin[^>]*-->)(.*?)(<!-- {name}:end -->)"


def _fenced(lines: list[str]) -> str:
    return "\n".join(["```mermaid", *lines, "```"])


def _name(state: StayState | TaskStatus) -> str:
    return state.value.replace("-", "_")


if __name__ == "__main__":
    write()
