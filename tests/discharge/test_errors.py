import inspect

import pytest

from discharge import errors
from discharge.errors import DischargeError, NotFoundError

CLASSES = [
    found
    for _, found in inspect.getmembers(errors, inspect.isclass)
    if issubclass(found, DischargeError) and found is not DischargeError
]


def test_an_error_says_its_class_and_its_fields() -> None:
    assert str(NotFoundError(kind="Task")) == "NotFoundError(kind='Task')"


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_stands_in_the_tree_that_the_module_draws(kind: type[DischargeError]) -> None:
    assert inspect.getdoc(errors) is not None
    assert f"├── {kind.__name__} " in (errors.__doc__ or "") or f"└── {kind.__name__} " in (errors.__doc__ or "")


@pytest.mark.parametrize("kind", CLASSES)
def test_every_error_is_offered_by_name(kind: type[DischargeError]) -> None:
    assert kind.__name__ in errors.__all__
