"""A receipt for a message of ours came in. It is never receipted in turn."""

from __future__ import annotations

from discharge.commands import HearReceipt
from discharge.policy import Role, require_role, require_sender
from discharge.ports import UnitOfWork

__all__ = ["hear_receipt"]


async def hear_receipt(command: HearReceipt, uow: UnitOfWork) -> str:
    """Close the message that is answered, or have it sent again; return in a word what the receipt meant.

    Raises:
        NotAllowedError: the client may not send for this sender.
    """
    require_role(command.caller, "send-message", Role.SYSTEM)
    require_sender(command.caller, command.envelope.sender, uow.directory)
    meaning, failed = await uow.outbox.hear(command)
    if failed is not None:
        uow.record(failed)
    await uow.commit()
    return meaning
