"""The machines' doors over a real store, as in tests/services."""

from tests.services.conftest import house

__all__ = ["house"]
