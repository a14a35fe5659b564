from __future__ import annotations

from fhir_mappings import errors
from fhir_mappings.errors import MappingError, NotAMessageError, UnreadableError, finding


def test_an_error_reads_as_rules_and_places() -> None:
    error = NotAMessageError(finding("a", "value", "Text", expression="Bundle.id"), finding("b", "value", "Text"))

    assert str(error) == "a at Bundle.id; b at -"
    assert [issue.rule for issue in error.issues] == ["a", "b"]
    assert error.issue.severity == "error"
    assert isinstance(error, UnreadableError)


def test_every_error_stands_in_the_tree_of_the_module() -> None:
    classes = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, MappingError)]

    assert {each.__name__ for each in classes} <= set(errors.__all__)
    for each in classes:
        assert each.__name__ in (errors.__doc__ or "")
