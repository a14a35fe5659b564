import pytest

from discharge.identifiers import SorCode
from discharge.policy import Role
from services.demo.token import bearer_token
from services.persistence.clock import wall_now
from services.settings import Mode, SettingsError
from services.web.people import demo_person
from services.web.refusals import LoginRequiredError
from services.web.tokens import Tokens
from tests.services.web.doubles import settings_for

NORTH = "999000000002001"


def test_a_token_stands_for_the_named_person_of_role_and_unit() -> None:
    settings = settings_for()

    token = bearer_token(settings, role="home-nurse", organization="999000000002000", unit=NORTH)

    caller = Tokens(settings.token, wall_now).verify(token).caller
    assert caller.person_id == demo_person(Role.HOME_NURSE, SorCode(NORTH)).id
    assert (caller.organization, caller.unit) == ("999000000002000", NORTH)


def test_a_token_may_have_ended_already() -> None:
    settings = settings_for()

    token = bearer_token(settings, role="gp", organization="999000000003001", ttl_seconds=-5)

    with pytest.raises(LoginRequiredError):
        Tokens(settings.token, wall_now).verify(token)


@pytest.mark.parametrize(
    ("role", "organization", "unit", "said"),
    [
        ("nurse", NORTH, None, "no such role"),
        ("gp", "Kirkestræde", None, "SOR codes"),
        ("gp", NORTH, "x", "SOR codes"),
    ],
)
def test_what_means_nothing_is_told_in_words(role: str, organization: str, unit: str | None, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        bearer_token(settings_for(), role=role, organization=organization, unit=unit)


def test_outside_a_demo_no_token_is_made() -> None:
    with pytest.raises(SettingsError, match="demo mode only"):
        bearer_token(settings_for(Mode.PRODUCTION), role="gp", organization=NORTH)
