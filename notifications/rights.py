"""Which feeds a caller may follow, derived from the policy's scope and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from discharge.directory import Directory
from discharge.identifiers import FeedId, SorCode
from discharge.policy import READS, Caller, Role

__all__ = ["FollowRights"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowRights:
    """One caller's feeds as the register stood: its own place and all below it, where its role belongs."""

    default: FeedId
    """The feed of the caller's unit, else of its organisation."""
    feeds: frozenset[FeedId]
    directory: Directory

    @classmethod
    def of(cls, caller: Caller, directory: Directory) -> FollowRights:
        """The rights of ``caller`` by ``directory``."""
        return cls(default=FeedId(caller.acting), feeds=_followable(caller, directory), directory=directory)

    def allows(self, feed: FeedId) -> bool:
        """Tell whether the caller may follow ``feed``."""
        return feed in self.feeds

    def knows(self, feed: str) -> bool:
        """Tell whether there is such a feed at all; the register is public, so this tells nobody anything."""
        return SorCode(feed) in self.directory


def _followable(caller: Caller, directory: Directory) -> frozenset[FeedId]:
    own = directory.get(caller.acting)
    kinds, _ = READS[caller.role]
    # An editor of agreements has no business with any citizen's progress.
    if own is None or own.kind not in kinds or caller.role is Role.AGREEMENT_EDITOR:
        return frozenset()
    return frozenset(FeedId(sor) for sor in caller.scope(directory))
