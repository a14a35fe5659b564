import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from services.settings import describe

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]


def test_every_part_is_there() -> None:
    assert set(SERVICES) == {"postgres", "valkey", "migrate", "serve", "worker", "proxy"}


def test_serve_runs_twice_and_after_the_migration() -> None:
    assert SERVICES["serve"]["deploy"]["replicas"] == 2
    for name in ("serve", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert SERVICES["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"


def test_every_variable_of_ours_is_a_setting() -> None:
    known = {setting.variable for setting in describe()}

    used = {
        variable.removesuffix("_FILE")
        for service in SERVICES.values()
        for variable in service.get("environment", {})
        if variable.startswith("STAFET_")
    }

    assert used <= known
    assert {"STAFET_DATABASE_URL", "STAFET_REDIS_URL", "STAFET_KEYS_MASTER", "STAFET_KEYS_INDEX"} <= used


def test_every_secret_that_a_variable_names_is_given_to_the_service() -> None:
    for service in SERVICES.values():
        named = {
            value.removeprefix("/run/secrets/")
            for value in service.get("environment", {}).values()
            if str(value).startswith("/run/secrets/")
        }
        assert named <= set(service.get("secrets", []))
        assert set(service.get("secrets", [])) <= set(COMPOSE["secrets"])


def test_no_password_stands_in_plain_text() -> None:
    for service in SERVICES.values():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|KEY|SECRET|DATABASE_URL|REDIS_URL", variable):
                assert variable.endswith("_FILE"), variable
                assert value.startswith("/run/secrets/"), variable
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())


def test_only_the_proxy_is_reachable_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["inside"]["internal"] is True


def test_the_proxy_passes_sockets_on_and_finds_every_serve() -> None:
    # Caddy's reverse_proxy forwards the WebSocket upgrade by itself; a header rule here could only break it.
    proxy = COMPOSE["configs"]["proxy"]["content"]

    assert "reverse_proxy" in proxy
    assert "dynamic a serve 8000" in proxy
    assert not re.search(r"header_up\s+-?(Upgrade|Connection)", proxy)


@pytest.mark.parametrize("name", ["postgres", "valkey", "serve", "proxy"])
def test_what_others_wait_for_tells_its_health(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]


def test_postgresql_gets_the_roles_of_the_one_file() -> None:
    assert any("./services/persistence/roles.sql:" in volume for volume in SERVICES["postgres"]["volumes"])
    assert (ROOT / "services/persistence/roles.sql").exists()


def test_serve_has_time_to_drain() -> None:
    assert SERVICES["serve"]["stop_grace_period"] == "30s"
