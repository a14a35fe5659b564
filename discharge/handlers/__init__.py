"""One short async function per command: load, decide, commit.

Handlers know only the ports. The caller has been authenticated; whether it may do this is asked of
``discharge.policy`` before anything is decided.
"""

from discharge.handlers.intake import receive_notice, refuse_message
from discharge.handlers.moves import confirm_delivered, move_task
from discharge.handlers.timers import FireTimers, fire_timers
from discharge.handlers.ward import begin_stay, revise_plan

__all__ = [
    "FireTimers",
    "begin_stay",
    "confirm_delivered",
    "fire_timers",
    "move_task",
    "receive_notice",
    "refuse_message",
    "revise_plan",
]
