import base64
import hmac
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey, import_key
from pydantic import SecretStr

from discharge.identifiers import PersonId, SorCode
from discharge.policy import Caller, Role
from services.settings import SettingsError, TokenSettings
from services.web.people import demo_person
from services.web.refusals import LoginRequiredError
from services.web.tokens import Tokens, caller_of, claims_of, issue_demo_token, issue_token, new_demo_key

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ODENSE = SorCode("329341000016003")
NORTH = SorCode("329341000016004")
KEY = new_demo_key()
SETTINGS = TokenSettings(jwks=SecretStr(KEY.public), signing_key=SecretStr(KEY.private))


def verifier(settings: TokenSettings = SETTINGS, now: datetime = NOW) -> Tokens:
    return Tokens(settings, lambda: now)


def claims(**changes: object) -> dict[str, Any]:
    made = {
        "iss": "urn:stafet:demo",
        "aud": "urn:stafet",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + timedelta(minutes=5)).timestamp()),
        "jti": str(uuid.uuid4()),
        "sub": "p1",
        "name": "Mette Krog",
        "role": "home-nurse",
        "organization": ODENSE,
    } | changes
    return {name: value for name, value in made.items() if value is not None}


def signed(**changes: object) -> str:
    key = import_key(json.loads(KEY.private))
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims(**changes), key, algorithms=["ES256"])


def refusal(token: str, settings: TokenSettings = SETTINGS) -> LoginRequiredError:
    with pytest.raises(LoginRequiredError) as caught:
        verifier(settings).verify(token)
    return caught.value


def test_issued_token_names_person_role_and_unit() -> None:
    token = issue_demo_token(SETTINGS, role=Role.HOME_NURSE, organization=ODENSE, unit=NORTH, now=NOW)

    bearer = verifier().verify(token)

    assert bearer.caller.role is Role.HOME_NURSE
    assert (bearer.caller.organization, bearer.caller.unit) == (ODENSE, NORTH)
    assert bearer.caller.name == demo_person(Role.HOME_NURSE, NORTH).name
    assert bearer.caller.person_id == demo_person(Role.HOME_NURSE, NORTH).id
    assert bearer.expires_at == NOW + timedelta(hours=1)


def test_same_role_and_unit_is_always_the_same_person() -> None:
    assert demo_person(Role.WARD, NORTH) == demo_person(Role.WARD, NORTH)
    assert demo_person(Role.WARD, NORTH).id != demo_person(Role.DOCTOR, NORTH).id
    assert demo_person(Role.WARD, NORTH).id != demo_person(Role.WARD, ODENSE).id


def test_record_system_is_not_named_like_a_person() -> None:
    assert demo_person(Role.SYSTEM, ODENSE).name == f"Fagsystem {ODENSE}"


def test_expired_token_is_refused() -> None:
    token = issue_demo_token(SETTINGS, role=Role.GP, organization=ODENSE, ttl=timedelta(seconds=-1), now=NOW)

    assert refusal(token).reason == "expired"


def test_token_that_was_believed_once_is_refused_when_it_has_expired() -> None:
    now = NOW
    tokens = Tokens(SETTINGS, lambda: now)
    token = issue_demo_token(SETTINGS, role=Role.GP, organization=ODENSE, ttl=timedelta(minutes=1), now=NOW)
    assert tokens.verify(token) is tokens.verify(token), "remembered"

    now = NOW + timedelta(minutes=1, seconds=1)

    with pytest.raises(LoginRequiredError) as caught:
        tokens.verify(token)
    assert caught.value.reason == "expired"


def test_only_so_many_tokens_are_remembered() -> None:
    tokens = Tokens(SETTINGS, lambda: NOW, remembered=2)
    first, *others = (signed(sub=f"p{number}") for number in range(3))
    remembered = tokens.verify(first)

    for other in others:
        tokens.verify(other)

    assert tokens.verify(first) is not remembered
    assert tokens.verify(first) == remembered


def test_token_for_another_audience_is_refused() -> None:
    assert refusal(signed(aud="urn:somebody-else")).presented


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def test_token_without_algorithm_is_refused() -> None:
    assert refusal(f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims())}.").presented


def test_public_key_used_as_shared_secret_is_refused() -> None:
    public = json.loads(KEY.public)["keys"][0]
    for secret in (KEY.public, json.dumps(public), ECKey.import_key(public).as_pem(private=False).decode()):
        text = f"{part({'alg': 'HS256', 'kid': public['kid']})}.{part(claims())}"
        mac = hmac.digest(secret.encode(), text.encode(), "sha256")

        assert refusal(f"{text}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}").presented


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "urn:another"},
        {"iss": None},
        {"aud": None},
        {"exp": None},
        {"jti": None},
        {"sub": None},
        {"role": None},
        {"role": "king"},
        {"organization": "letters"},
        {"unit": "letters"},
        {"grants": "letters"},
        {"grants": ["91000000000"]},
        {"nbf": int((NOW + timedelta(minutes=1)).timestamp())},
        {"iat": int((NOW + timedelta(minutes=1)).timestamp())},
        {"exp": "tomorrow"},
        {"exp": 10**30},
    ],
)
def test_token_with_a_wrong_claim_is_refused(changes: dict[str, object]) -> None:
    assert refusal(signed(**changes)).presented


def test_token_signed_by_a_stranger_is_refused() -> None:
    stranger = TokenSettings(signing_key=SecretStr(new_demo_key().private), jwks=SecretStr(KEY.public))

    assert refusal(issue_demo_token(stranger, role=Role.GP, organization=ODENSE, now=NOW)).presented


@pytest.mark.parametrize("text", ["", "a.b.c", "æøå", "x" * 10_000, "..", "\x00"])
def test_text_that_is_no_token_is_refused(text: str) -> None:
    assert refusal(text).presented


@pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
def test_the_algorithms_of_smart_are_taken(algorithm: str) -> None:
    key: ECKey | RSAKey
    if algorithm == "ES384":
        key = ECKey.generate_key("P-384", {"use": "sig"}, auto_kid=True)
    else:
        key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    settings = TokenSettings(jwks=SecretStr(json.dumps({"keys": [key.as_dict(private=False)]})))
    token = jwt.encode({"alg": algorithm, "kid": key.kid}, claims(client_id="ehr"), key, algorithms=[algorithm])

    assert verifier(settings).verify(token).client_id == "ehr"


def test_weaker_signature_of_the_same_key_is_refused() -> None:
    key = RSAKey.generate_key(2048, {"use": "sig"}, auto_kid=True)
    settings = TokenSettings(jwks=SecretStr(json.dumps({"keys": [key.as_dict(private=False)]})))

    assert refusal(jwt.encode({"alg": "RS256", "kid": key.kid}, claims(), key), settings).presented


BROKER = Caller(
    person_id=PersonId("broker"),
    name="broker",
    role=Role.SYSTEM,
    organization=ODENSE,
    grants=frozenset({NORTH, SorCode("91000000000")}),
)


def test_claims_of_a_caller_name_it_again_with_its_grants() -> None:
    assert caller_of(claims_of(BROKER)) == BROKER
    assert claims_of(BROKER)["grants"] == "329341000016004 91000000000"


@pytest.mark.parametrize(
    "key",
    [
        ECKey.generate_key("P-256"),
        ECKey.generate_key("P-384", auto_kid=True),
        RSAKey.generate_key(2048, {"use": "sig"}),
    ],
)
def test_any_allowed_key_signs_what_its_public_half_believes(key: ECKey | RSAKey) -> None:
    settings = TokenSettings(
        jwks=SecretStr(json.dumps({"keys": [key.as_dict(private=False)]})),
        signing_key=SecretStr(json.dumps(key.as_dict(private=True))),
    )

    token = issue_token(settings, BROKER, ttl=timedelta(minutes=5), now=NOW, client_id="broker")

    bearer = verifier(settings).verify(token)
    assert (bearer.caller, bearer.client_id) == (BROKER, "broker")


def test_token_cannot_be_issued_without_the_demo_key() -> None:
    with pytest.raises(SettingsError):
        issue_demo_token(TokenSettings(), role=Role.GP, organization=ODENSE, now=NOW)


def test_key_does_not_print_its_secret() -> None:
    assert json.loads(KEY.private)["d"] not in repr(KEY)
