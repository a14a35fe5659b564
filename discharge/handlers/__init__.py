"""One short async function per command: load, decide, commit.

Handlers know only the ports. The caller has been authenticated; whether it may do this is asked of
``discharge.policy`` before anything is decided.
"""

from discharge.handlers.conversation import receive_letter, write_message
from discharge.handlers.documents import Filing, file_report, take_suggestion
from discharge.handlers.intake import park_message, receive_notice, refuse_message
from discharge.handlers.medication import (
    answer_line,
    comment_line,
    decide_lines,
    open_line,
    pair_lines,
    sign_off_medication,
    state_medication,
)
from discharge.handlers.moves import confirm_delivered, move_task
from discharge.handlers.receipts import hear_receipt
from discharge.handlers.rulings import rule_documents
from discharge.handlers.timers import FireTimers, HoldTimers, fire_timers, hold_timers
from discharge.handlers.ward import begin_stay, revise_plan

__all__ = [
    "Filing",
    "FireTimers",
    "HoldTimers",
    "answer_line",
    "begin_stay",
    "comment_line",
    "confirm_delivered",
    "decide_lines",
    "file_report",
    "fire_timers",
    "hear_receipt",
    "hold_timers",
    "move_task",
    "open_line",
    "pair_lines",
    "park_message",
    "receive_letter",
    "receive_notice",
    "refuse_message",
    "revise_plan",
    "rule_documents",
    "sign_off_medication",
    "state_medication",
    "take_suggestion",
    "write_message",
]
