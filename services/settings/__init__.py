"""Every setting of an installation, read once from the environment; nothing else in the code reads it.

A variable is named `STAFET_<GROUP>_<NAME>`, for example `STAFET_DATABASE_URL`. A secret may instead stand in a file
that `<VARIABLE>_FILE` names, which is how container platforms hand secrets over. No secret has a default.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from services.settings.model import (
    AlertSettings,
    DatabaseSettings,
    GatewaySettings,
    HttpSettings,
    KeySettings,
    LiveSettings,
    MedicineSettings,
    Mode,
    PollSettings,
    RateSettings,
    RedisSettings,
    RetentionSettings,
    SessionSettings,
    Settings,
    SmtpSettings,
    TokenSettings,
)
from services.settings.variables import PREFIX, Leaf, SettingsError, leaves, put

__all__ = [
    "AlertSettings",
    "DatabaseSettings",
    "GatewaySettings",
    "HttpSettings",
    "KeySettings",
    "LiveSettings",
    "MedicineSettings",
    "Mode",
    "PollSettings",
    "RateSettings",
    "RedisSettings",
    "RetentionSettings",
    "SessionSettings",
    "SettingDescription",
    "Settings",
    "SettingsError",
    "SmtpSettings",
    "TokenSettings",
    "describe",
    "environment_of_child",
    "environment_of_engine",
    "load_settings",
    "misspelt",
    "secret_files",
]

TEST_PREFIX = "STAFET_TEST_"  # read by tests/engines.py, not by us


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingDescription:
    """One variable as `stafet settings` prints it; a secret's value is masked."""

    variable: str
    meaning: str
    default: str
    value: str


def load_settings(overrides: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment describes; `overrides`, named like variables, come first.

    Raises:
        SettingsError: when a variable holds something that it cannot mean, or a named file cannot be read.
    """
    given: dict[str, Any] = {}
    overrides = overrides or {}
    for leaf in leaves(Settings):
        if leaf.variable in overrides:
            put(given, leaf.path, overrides[leaf.variable])
        elif leaf.secret and leaf.file_variable in overrides:
            put(given, leaf.path, leaf.read(overrides[leaf.file_variable]))
    try:
        return Settings(**given)
    except ValidationError as error:
        # Pydantic's own text shows the input, which may be a secret.
        findings = (
            f"{PREFIX}{'_'.join(str(part) for part in finding['loc']).upper()}: {finding['msg']}"
            for finding in error.errors(include_input=False, include_url=False)
        )
        raise SettingsError("\n".join(findings)) from None


def describe(settings: Settings | None = None) -> list[SettingDescription]:
    """Every variable with its meaning, its default and its present value, secrets masked."""
    return [_description(leaf, settings) for leaf in leaves(Settings)]


def _description(leaf: Leaf, settings: Settings | None) -> SettingDescription:
    current = reduce(lambda found, name: getattr(found, name, None), leaf.path, settings)
    return SettingDescription(
        variable=leaf.variable,
        meaning=leaf.field.description or "",
        default=_shown(leaf.field.default, secret=leaf.secret),
        value=_shown(current, secret=leaf.secret),
    )


def _shown(value: object, *, secret: bool) -> str:
    if value is None:
        return "not set"
    if secret:
        return "********"
    if isinstance(value, tuple):
        return ",".join(str(part) for part in value)
    return str(value)


def misspelt() -> list[str]:
    """Variables that begin like ours but mean nothing, most likely misspelt."""
    known: set[str] = set()
    for leaf in leaves(Settings):
        known.add(leaf.variable)
        if leaf.secret:
            known.add(leaf.file_variable)
    ours = (name for name in os.environ if name.startswith(PREFIX) and not name.startswith(TEST_PREFIX))
    return sorted(set(ours) - known)


def secret_files() -> list[tuple[str, Path]]:
    """The files that `<VARIABLE>_FILE` variables of the environment name."""
    return [
        (leaf.file_variable, Path(os.environ[leaf.file_variable]))
        for leaf in leaves(Settings)
        if leaf.secret and os.environ.get(leaf.file_variable)
    ]


def environment_of_child(overrides: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process of our own: ours, and over it the given variables."""
    return {**os.environ, **overrides}


def environment_of_engine(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment for a program that is not ours: the given variables, and no setting or secret of Stafet's."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)} | dict(variables)
