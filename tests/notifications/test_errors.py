from __future__ import annotations

from notifications.errors import CarrierError, DeliveryError, FrameError


def test_errors_say_their_fields_and_nothing_else() -> None:
    assert str(CarrierError("redis", "TimeoutError")) == "CarrierError(carrier='redis', problem='TimeoutError')"
    assert str(FrameError(1007, "bad-json")) == "FrameError(code=1007, reason='bad-json')"


def test_all_of_delivery_is_one_tree() -> None:
    assert issubclass(CarrierError, DeliveryError)
    assert issubclass(FrameError, DeliveryError)
