import pytest

from discharge.identifiers import SorCode
from tests.factories import CARE_HOME, MUNICIPALITY, NEIGHBOUR, NORTH, UNREGISTERED, directory, patient


@pytest.mark.parametrize("receiver", [MUNICIPALITY, NORTH, CARE_HOME])
def test_a_citizen_with_a_service_is_known_up_and_down_the_municipality(receiver: SorCode) -> None:
    listed_at = {MUNICIPALITY: NORTH, NORTH: MUNICIPALITY, CARE_HOME: MUNICIPALITY}[receiver]

    assert patient(municipality=listed_at).is_known_to(receiver, directory())


@pytest.mark.parametrize(
    ("municipality", "services", "receiver"),
    [
        (MUNICIPALITY, frozenset(), MUNICIPALITY),
        (None, frozenset({"meals"}), MUNICIPALITY),
        (MUNICIPALITY, frozenset({"meals"}), NEIGHBOUR),
        (NORTH, frozenset({"meals"}), CARE_HOME),
        (MUNICIPALITY, frozenset({"meals"}), UNREGISTERED),
    ],
)
def test_nobody_else_knows_a_citizen(municipality: SorCode | None, services: frozenset[str], receiver: SorCode) -> None:
    citizen = patient(municipality=municipality, services=services)

    assert not citizen.is_known_to(receiver, directory())


@pytest.mark.parametrize(
    ("given", "family", "name"),
    [
        (("Ane", "Lis"), "Elm", "Ane Lis Elm"),
        ((), "Elm", "Elm"),
        (("Ane",), None, "Ane"),
        ((), None, "Navn ikke oplyst"),
    ],
)
def test_a_name_is_what_is_known_of_it(given: tuple[str, ...], family: str | None, name: str) -> None:
    assert patient(given=given, family=family).name == name
