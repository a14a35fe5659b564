"""``override`` for type checkers on every Python we support; at run time it does nothing.

The domain imports the standard library only, and that has ``typing.override`` from 3.12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

__all__ = ["override"]

if TYPE_CHECKING:
    from typing_extensions import override
else:
    _M = TypeVar("_M")

    def override(method: _M) -> _M:
        """Return the method as it is."""
        return method
