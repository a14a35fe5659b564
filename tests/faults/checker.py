"""Compares what the outside was told with what there is: the judge of every fault test.

The checker shares no code with what it judges: which tasks a course must have is written down here again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from discharge.stay import NoticeKind
from tests.faults.found import Alarm, Found, StayFound, TaskFound
from tests.faults.history import NO_ANSWER, Began, Entry, Frame, History, MessageSent, Reset, Snapshot, Watch

__all__ = ["EXPECTED", "Finding", "check"]

_ADMITTED: Final = frozenset({("R03", "pause-services")})
_REPORT: Final = ("R01", "send-admission-report")
_DISCHARGED: Final = frozenset(
    {
        ("R17", "resume-services"),
        ("R18", "send-discharge-report"),
        ("R20", "send-discharge-letter"),
        ("R20", "read-discharge-letter"),
        ("R21", "reconcile-medication"),
    }
)
EXPECTED: Final[Mapping[NoticeKind, frozenset[tuple[str, str]]]] = {
    NoticeKind.STAA: _ADMITTED,
    NoticeKind.STIN: _ADMITTED,
    NoticeKind.SLHJ: _DISCHARGED,
}
"""What each kind of message about a known citizen with a practice makes somebody owe, under the shipped agreement."""
_CLOSED: Final = frozenset({"completed", "cancelled", "rejected", "failed"})
_UNANSWERED: Final = frozenset({"requested", "received"})
_TOLD_AS: Final = {"remind": "task-reminded", "escalate": "task-escalated", "overdue": "task-overdue"}
_ENTRY_OF: Final = {
    "task-reminded": "task-reminder",
    "task-escalated": "task-escalated",
    "task-overdue": "task-overdue",
}
_FORESEEN: Final = frozenset({"ok", NO_ANSWER, "HTTP 503", "HTTP 429"})


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be."""

    kind: str
    subject: str
    text: str = ""


def check(history: History, found: Found) -> list[Finding]:
    """Everything that is wrong; empty when nothing was lost, doubled or half-written."""
    judges: tuple[Callable[[History, Found], Iterator[Finding]], ...] = (
        _messages,
        _stays,
        _duties,
        _tasks,
        _moves,
        _feeds,
        _watches,
        _timers,
        _door,
    )
    return [finding for judge in judges for finding in judge(history, found)]


def _messages(history: History, found: Found) -> Iterator[Finding]:
    for sent in history.messages.values():
        for answer in sorted(set(sent.answers) - _FORESEEN):
            yield Finding("message-answered-wrongly", sent.message_id, answer)
        row = found.messages.get(sent.message_id)
        if row is None:
            if sent.is_acknowledged:
                yield Finding("message-lost", sent.message_id, "acknowledged, and not there")
            continue
        if row.receipt != "ok" or not row.has_body or row.stay is None:
            yield Finding("message-half-written", sent.message_id, f"{row}")
        elif row.stay not in found.stays:
            yield Finding("stay-lost", row.stay, f"of message {sent.message_id}")
        if row.differing_repeats:
            yield Finding("message-repeat-differs", sent.message_id)
    for message_id in found.messages.keys() - history.messages.keys():
        yield Finding("message-nobody-sent", message_id)


def _stays(history: History, found: Found) -> Iterator[Finding]:
    written: dict[str, list[MessageSent]] = defaultdict(list)
    for sent in history.messages.values():
        row = found.messages.get(sent.message_id)
        if row is not None and row.stay is not None:
            written[row.stay].append(sent)
    of_episode = Counter(episode for stay in found.stays.values() for episode in stay.episodes)
    for episode, count in of_episode.items():
        if count > 1:
            yield Finding("stay-doubled", episode, f"{count} stays")
    for stay in found.stays.values():
        messages = written.get(stay.id, [])
        if not messages:
            yield Finding("stay-from-nowhere", stay.id)
        if {sent.episode for sent in messages} != stay.episodes:
            yield Finding("stay-mixed-up", stay.id, "its episodes are not those of its messages")
        yield from _half_written(stay, len(messages))


def _half_written(stay: StayFound, messages: int) -> Iterator[Finding]:
    if stay.encounters < 1:
        yield Finding("stay-half-written", stay.id, "no encounter")
    if stay.patient is None:
        yield Finding("stay-half-written", stay.id, "no patient")
    if stay.ward not in stay.parties:
        yield Finding("stay-half-written", stay.id, "its ward is no party")
    if stay.began != 1:
        yield Finding("stay-half-written", stay.id, f"told {stay.began} times that it began")
    if stay.audits < messages:
        yield Finding("audit-lost", stay.id, f"{stay.audits} rows of {messages} messages")


def _duties(history: History, found: Found) -> Iterator[Finding]:
    """Per stay and rule exactly one task that somebody has or has done, and none that no message asked for."""
    live: Counter[tuple[str, str, str]] = Counter()
    for task in found.tasks.values():
        if task.stay not in found.stays:
            yield Finding("task-from-nowhere", task.id, "its stay is not there")
        if task.status not in {"rejected", "cancelled"}:
            live[task.stay, task.rule, task.code] += 1
    wanted: set[tuple[str, str, str]] = set()
    for sent in history.messages.values():
        row = found.messages.get(sent.message_id)
        if row is None or row.stay is None:
            continue
        owed = EXPECTED[sent.kind] | ({_REPORT} if sent.report_requested else set())
        wanted |= {(row.stay, rule, code) for rule, code in owed}
    for key in sorted(wanted | set(live)):
        if live[key] > 1:
            yield Finding("task-doubled", "/".join(key), f"{live[key]} of them")
        elif key not in live:
            yield Finding("task-lost", "/".join(key))
        elif key not in wanted:
            yield Finding("task-from-nowhere", "/".join(key), "no message asked for it")


def _tasks(_history: History, found: Found) -> Iterator[Finding]:
    replaced = Counter(task.replaces for task in found.tasks.values() if task.replaces is not None)
    told = Counter((entry.feed, entry.task) for entry in found.entries if entry.event == "task-requested")
    for task in found.tasks.values():
        if set(task.versions) != set(range(1, task.version + 1)):
            yield Finding("task-half-written", task.id, f"version {task.version}, kept are {sorted(task.versions)}")
        elif task.versions[task.version] != task.status:
            yield Finding("task-half-written", task.id, f"is {task.status}, its last version says otherwise")
        if task.requested != 1:
            yield Finding("task-half-written", task.id, f"requested {task.requested} times")
        if task.delivered > 1:
            yield Finding("proof-doubled", task.id, f"{task.delivered} times delivered")
        if task.status not in _CLOSED and task.due and not task.rungs:
            yield Finding("timer-lost", task.id, "a deadline without a ladder")
        if (task.status == "rejected") != (replaced[task.id] == 1):
            yield Finding("task-without-owner", task.id, f"{task.status}, replaced {replaced[task.id]} times")
        if told[task.owner, task.id] != 1:
            yield Finding("entry-lost", task.id, f"{told[task.owner, task.id]} entries in the feed of its owner")
        stay = found.stays.get(task.stay)
        if stay is not None and task.owner not in stay.parties:
            yield Finding("stay-half-written", task.stay, f"{task.owner} owes, and is no party")


def _moves(history: History, found: Found) -> Iterator[Finding]:
    possible = {(m.task, m.decided_on + 1, m.wanted) for m in history.moves if m.may_have_happened}
    holders: dict[tuple[str, int, str], set[str]] = defaultdict(set)
    for move in history.moves:
        if move.status is not None and move.status >= 500 and move.status != 503:
            yield Finding("move-answered-wrongly", move.task, f"HTTP {move.status}")
        if move.status != 200 or move.version is None:
            continue
        task = found.tasks.get(move.task)
        # A repeat is answered with the version that the first one made.
        if task is None or task.versions.get(move.version) != move.wanted:
            yield Finding("move-lost", move.task, f"{move.wanted} was answered with version {move.version}")
        holders[move.task, move.version, move.wanted].add(move.person)
    for (task_id, version, wanted), persons in holders.items():
        if len(persons) > 1:
            yield Finding("task-taken-twice", task_id, f"{wanted}, version {version}: {sorted(persons)}")
    for task in found.tasks.values():
        for version, status in task.versions.items():
            if version > 1 and (task.id, version, status) not in possible:
                yield Finding("move-nobody-asked", task.id, f"version {version} is {status}")


def _feeds(_history: History, found: Found) -> Iterator[Finding]:
    numbers: dict[str, list[int]] = defaultdict(list)
    for entry in found.entries:
        numbers[entry.feed].append(entry.number)
        if entry.task is not None and entry.task not in found.tasks:
            yield Finding("entry-from-nowhere", f"{entry.feed} {entry.number}", "its task is not there")
    for feed in sorted(numbers.keys() | found.heads.keys()):
        head = found.heads.get(feed, 0)
        if sorted(numbers[feed]) != list(range(1, head + 1)):
            missing = sorted(set(range(1, head + 1)) - set(numbers[feed]))
            yield Finding("feed-hole", feed, f"head {head}, {len(numbers[feed])} entries, missing {missing[:5]}")


def _watches(history: History, found: Found) -> Iterator[Finding]:
    entries = {(entry.feed, entry.number): entry for entry in found.entries}
    epochs = {f.epoch for watch in history.watches for f in watch.frames if isinstance(f, Began | Reset)}
    if len(epochs) > 1:
        yield Finding("epoch-changed", ", ".join(sorted(epochs)))
    for watch in history.watches:
        yield from _gaps(watch)
        for frame in watch.frames:
            if not isinstance(frame, Entry):
                continue
            kept = entries.get((watch.feed, frame.offset))
            if kept is None or (kept.event, kept.task, kept.stay) != (frame.event, frame.task, frame.stay):
                yield Finding("entry-untrue", f"{watch.client} {watch.feed} {frame.offset}", f"{frame} / {kept}")
        _, offset = watch.position
        if offset != found.heads.get(watch.feed, 0):
            yield Finding("watch-behind", f"{watch.client} {watch.feed}", f"{offset} of {found.heads.get(watch.feed)}")


def _gaps(watch: Watch) -> Iterator[Finding]:
    position: int | None = None
    before: Frame | None = None
    for frame in watch.frames:
        if isinstance(frame, Entry) and frame.offset != (-1 if position is None else position + 1):
            yield Finding("watch-gap", f"{watch.client} {watch.feed}", f"{frame.offset} after {position}")
        if isinstance(frame, Began) and position is not None and frame.offset != position:
            yield Finding("watch-gap", f"{watch.client} {watch.feed}", f"goes on at {frame.offset}, had {position}")
        if isinstance(before, Reset) and not isinstance(frame, Snapshot):
            yield Finding("watch-gap", f"{watch.client} {watch.feed}", "a reset without a snapshot")
        position, before = frame.offset, frame


def _timers(_history: History, found: Found) -> Iterator[Finding]:
    alarms = Counter(found.alarms)
    # Two rungs may climb to one place at one instant; then it is told twice, once for each.
    fired: Counter[Alarm] = Counter()
    for timer in found.timers:
        if timer.fired_at is None or timer.due_at is None:
            if timer.due_at is not None and found.due_until is not None and timer.due_at <= found.due_until:
                yield Finding("timer-missed", timer.task, f"{timer.kind} was due {timer.due_at}")
            continue
        alarm = Alarm(task=timer.task, kind=_TOLD_AS[timer.kind], organization=timer.organization, at=timer.due_at)
        fired[alarm] += 1
    for alarm, count in alarms.items():
        if count > fired[alarm]:
            yield Finding("timer-fired-twice", alarm.task, f"{alarm}: told {count} times, fired {fired[alarm]}")
    for alarm, count in fired.items():
        task = found.tasks.get(alarm.task)
        if task is not None and _was_never_answered(task) and alarms[alarm] < count:
            yield Finding("timer-silent", alarm.task, f"{alarm}: fired {count}, told {alarms[alarm]}")
    yield from _alarm_entries(found)


def _alarm_entries(found: Found) -> Iterator[Finding]:
    """Each alarm stands in its organisation's feed; those of one commit stand there once."""
    entries = Counter((entry.feed, entry.task, entry.event) for entry in found.entries)
    told = Counter((alarm.organization, alarm.task, _ENTRY_OF[alarm.kind]) for alarm in found.alarms)
    for key, count in told.items():
        if not entries[key]:
            yield Finding("alarm-unheard", f"{key}", f"told {count} times, no entry")
        elif entries[key] > count:
            yield Finding("alarm-heard-twice", f"{key}", f"told {count} times, {entries[key]} entries")


def _was_never_answered(task: TaskFound) -> bool:
    return set(task.versions.values()) <= _UNANSWERED


def _door(history: History, found: Found) -> Iterator[Finding]:
    if history.door is None:
        return
    there = {t.id: (t.version, t.status) for t in found.tasks.values() if t.owner in history.door_owners}
    for task_id in there.keys() | history.door.keys():
        if there.get(task_id) != history.door.get(task_id):
            yield Finding("door-differs", task_id, f"{history.door.get(task_id)} / {there.get(task_id)}")
