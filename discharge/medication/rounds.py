"""Which lines a work on the medicine has opened: for those the practice is asked, and for no other again."""

from __future__ import annotations

from discharge.medication.record import LineId, LineState, MedicationReconciliation

__all__ = ["newly_open"]


def newly_open(before: MedicationReconciliation, after: MedicationReconciliation) -> tuple[LineId, ...]:
    """The lines of ``after`` that are still to be decided, and were not in ``before``, or hold what was decided there.

    A line that was open stays so whatever list says it once more, under whichever id, and however it is taken apart.
    One that waited for an answer is the practice's again when it says something else, or does not hold.
    """
    left = frozenset(before.unresolved)
    waited = {each.id for line in left for each in before.lines[line].joined.all_lines}
    decided = {each.id for line, known in before.lines.items() if line not in left for each in known.joined.all_lines}
    asked = {each.id for line in before.asked for each in before.lines[line].joined.all_lines}
    found = []
    for line in after.unresolved:
        holds = {each.id for each in after.lines[line].joined.all_lines}
        reopened = holds & asked and after.state_of(line) is LineState.OPEN
        if reopened or holds & decided or (line not in left and not holds <= waited):
            found.append(line)
    return tuple(found)
