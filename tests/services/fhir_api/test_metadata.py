from typing import Any

from pydantic import SecretStr

from services import fhir_api
from services.settings import Mode, Settings, TokenSettings
from services.web.app import create_app
from tests.services.web.doubles import KEY, Stage, client_of, settings_for


async def read(path: str, settings: Settings | None = None) -> dict[str, Any]:
    stage = Stage(settings=settings or settings_for())
    async with client_of(create_app(stage.runtime(), [fhir_api.router])) as client:
        answer = await client.get(path)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def test_capability_names_what_is_mounted() -> None:
    statement = await read("/fhir/metadata")

    assert (statement["resourceType"], statement["fhirVersion"]) == ("CapabilityStatement", "4.0.1")
    resources = {resource["type"]: resource for resource in statement["rest"][0]["resource"]}
    assert resources.keys() == {"Task", "Patient", "Encounter", "PlanDefinition", "MedicationStatement", "Bundle"}
    assert [each["name"] for each in resources["Task"]["operation"]] == ["decide"]
    lines = {each["name"]: each for each in resources["MedicationStatement"]["searchParam"]}
    assert lines.keys() == {"_id", "patient", "subject", "part-of"}
    assert "Task/{id}" in lines["part-of"]["documentation"]
    assert {parameter["name"] for parameter in resources["Task"]["searchParam"]} >= {"owner", "status", "due", "period"}
    (messaging,) = statement["messaging"]
    assert messaging["reliableCache"] == Settings().retention.message_days * 24 * 60
    named = {(each["mode"], each["definition"].rpartition("/")[2]) for each in messaging["supportedMessage"]}
    care = "MedComCareCommunicationMessageDefinition|5.0"
    assert named == {
        ("receiver", "MedComHospitalNotificationMessageDefinition"),
        ("receiver", care),
        ("receiver", "medcom-careCommunication-message-definition|4.0.0"),
        ("receiver", "MedComAcknowledgementMessageDefinition"),
        ("sender", care),
        ("sender", "MedComAcknowledgementMessageDefinition"),
    }
    assert "after 30 minutes, at most 3 times" in messaging["documentation"]


async def test_statement_is_fhir() -> None:
    from fhir_mappings.r4 import require_shape  # noqa: PLC0415 - the models load slowly

    require_shape(await read("/fhir/metadata"))


async def test_installation_without_tokens_of_its_own_claims_none() -> None:
    settings = Settings(mode=Mode.DEMO, token=TokenSettings(jwks=SecretStr(KEY.public)))

    configuration = await read("/.well-known/smart-configuration", settings)

    assert "token_endpoint" not in configuration
    assert configuration["capabilities"] == []
    assert configuration["scopes_supported"] == []
    assert "stafet token" in configuration["documentation"]


async def test_signing_key_makes_an_endpoint_that_is_told() -> None:
    configuration = await read("/.well-known/smart-configuration")
    statement = await read("/fhir/metadata")

    assert configuration["token_endpoint"] == "http://localhost:8000/token"
    assert configuration["grant_types_supported"] == ["client_credentials"]
    assert configuration["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert set(configuration["token_endpoint_auth_signing_alg_values_supported"]) == {"ES256", "ES384", "RS384"}
    assert configuration["capabilities"] == ["client-confidential-asymmetric"]
    assert "system/Task.rus" in configuration["scopes_supported"]
    assert "http://localhost:8000/token" in str(statement["rest"][0]["security"])


async def test_configured_token_endpoint_is_told() -> None:
    settings = Settings(
        mode=Mode.PRODUCTION,
        token=TokenSettings(jwks=SecretStr(KEY.public), endpoint="https://login.example/token"),
    )

    configuration = await read("/fhir/.well-known/smart-configuration", settings)
    statement = await read("/fhir/metadata", settings)

    assert configuration["token_endpoint"] == "https://login.example/token"
    assert "client-confidential-asymmetric" in configuration["capabilities"]
    assert "documentation" not in configuration
    assert "https://login.example/token" in str(statement["rest"][0]["security"])
