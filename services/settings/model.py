"""The tree of settings: what each is called, means and is when nobody sets it."""

import base64
import binascii
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict
from typing_extensions import override

from services.settings.variables import PREFIX, Group, SecretFiles, required

__all__ = [
    "AlertSettings",
    "DatabaseSettings",
    "GatewaySettings",
    "HttpSettings",
    "KeySettings",
    "LiveSettings",
    "Mode",
    "PollSettings",
    "RateSettings",
    "RedisSettings",
    "RetentionSettings",
    "SessionSettings",
    "Settings",
    "SmtpSettings",
    "TokenSettings",
]

KEY_BYTES = 32
MIB = 1024 * 1024


class Mode(StrEnum):
    """What kind of installation this is; demo sign-in and the demo clock exist in `demo` alone."""

    DEMO = "demo"
    PRODUCTION = "production"


class DatabaseSettings(Group):
    """Where PostgreSQL is and how many connections one process keeps."""

    url: SecretStr | None = Field(default=None, description="PostgreSQL as role `stafet_app`: `postgresql://…`.")
    owner_url: SecretStr | None = Field(default=None, description="The same as role `stafet_owner`, for `migrate`.")
    pool_size: int = Field(default=10, ge=1, description="Connections that one process keeps open.")
    pool_overflow: int = Field(default=10, ge=0, description="Further connections that one process may open.")
    pool_timeout_seconds: float = Field(default=5.0, gt=0, description="Longest wait for a connection.")

    @field_validator("url", "owner_url")
    @classmethod
    def _is_postgresql(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {"postgresql", "postgres"}:
            raise ValueError("must begin with postgresql://")
        return value

    def app_url(self) -> str:
        """The address that serve and worker use.

        Raises:
            SettingsError: when `STAFET_DATABASE_URL` is not set.
        """
        return required(self.url, "STAFET_DATABASE_URL")

    def migration_url(self) -> str:
        """The address that migrations use: the owner's, else the application's.

        Raises:
            SettingsError: when neither is set.
        """
        return self.owner_url.get_secret_value() if self.owner_url is not None else self.app_url()


class RedisSettings(Group):
    """Where Redis or Valkey is; without one, wake-ups come from PostgreSQL alone."""

    url: SecretStr | None = Field(default=None, description="Redis or Valkey; unset: PostgreSQL wakes all.")

    def address(self) -> str | None:
        """The address in clear text, or None when this installation has no Redis."""
        return self.url.get_secret_value() if self.url is not None else None


class HttpSettings(Group):
    """How the web process listens and what it takes in."""

    host: str = Field(default="127.0.0.1", description="Address that `stafet serve` listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port that `stafet serve` listens on.")
    public_url: str = Field(default="http://localhost:8000", description="Address that people and systems use.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="Further origins, commas between."
    )
    drain_seconds: float = Field(default=25.0, gt=0, le=30, description="How long a stop waits for requests.")
    message_body_bytes: int = Field(default=100 * MIB, ge=1, description="Largest message or document, in bytes.")
    upload_body_bytes: int = Field(default=52 * MIB, ge=1, description="Largest form with attached files, in bytes.")
    body_bytes: int = Field(default=MIB, ge=1, description="Largest other body, in bytes.")

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @property
    def origins(self) -> frozenset[str]:
        """Every origin that a browser may come from: that of the public address and the further ones."""
        public = urlsplit(self.public_url)
        return frozenset({f"{public.scheme}://{public.netloc}", *self.allowed_origins})

    @property
    def secure(self) -> bool:
        """True when people reach the installation by https, so that cookies can be `Secure`."""
        return urlsplit(self.public_url).scheme == "https"


class KeySettings(Group):
    """The keys that protect citizens' data at rest; see docs/operations.md for backup and rotation."""

    master: SecretStr | None = Field(default=None, description="32 bytes in base64 that wrap every patient's key.")
    index: SecretStr | None = Field(default=None, description="32 bytes in base64 for the blind index over CPR.")

    @field_validator("master", "index")
    @classmethod
    def _is_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                whole = len(base64.b64decode(value.get_secret_value(), validate=True)) == KEY_BYTES
            except binascii.Error:
                whole = False
            if not whole:
                raise ValueError("must be 32 bytes in base64")
        return value

    def master_bytes(self) -> bytes:
        """The 32 bytes that wrap patient keys.

        Raises:
            SettingsError: when `STAFET_KEYS_MASTER` is not set.
        """
        return base64.b64decode(required(self.master, "STAFET_KEYS_MASTER"))

    def index_bytes(self) -> bytes:
        """The 32 bytes that key the blind index.

        Raises:
            SettingsError: when `STAFET_KEYS_INDEX` is not set.
        """
        return base64.b64decode(required(self.index, "STAFET_KEYS_INDEX"))


class TokenSettings(Group):
    """Whose bearer tokens are believed."""

    issuer: str = Field(default="urn:stafet:demo", description="The one issuer whose tokens are believed (`iss`).")
    audience: str = Field(default="urn:stafet", description="The audience that a token must name (`aud`).")
    endpoint: str | None = Field(default=None, description="Where systems get tokens when another party issues them.")
    jwks: SecretStr | None = Field(default=None, description="The issuer's public keys, a JSON Web Key Set.")
    signing_key: SecretStr | None = Field(default=None, description="A private JWK: tokens are issued at `/token`.")

    def public_keys(self) -> str:
        """The issuer's key set as JSON.

        Raises:
            SettingsError: when `STAFET_TOKEN_JWKS` is not set.
        """
        return required(self.jwks, "STAFET_TOKEN_JWKS")

    def private_key(self) -> str:
        """The key that this installation signs tokens with, as JSON.

        Raises:
            SettingsError: when `STAFET_TOKEN_SIGNING_KEY` is not set.
        """
        return required(self.signing_key, "STAFET_TOKEN_SIGNING_KEY")


class SessionSettings(Group):
    """How long a person stays signed in."""

    absolute_seconds: int = Field(default=36_000, ge=60, description="A session ends this long after sign-in.")
    idle_seconds: int = Field(default=1_800, ge=60, description="A session ends after this long without a request.")


class LiveSettings(Group):
    """Limits of the live feed's sockets."""

    heartbeat_seconds: float = Field(default=20.0, gt=0, description="Silence on a followed feed before a heartbeat.")
    resume_limit: int = Field(default=1_000, ge=1, description="Entries behind the head beyond which a client resets.")
    send_queue_bytes: int = Field(default=MIB, ge=1024, description="Bytes waiting for one socket before it is cut.")
    slow_client_seconds: float = Field(default=30.0, gt=0, description="A socket this far behind is cut.")
    recheck_seconds: float = Field(default=60.0, gt=0, description="How often the rights of a socket are re-checked.")
    frames_per_second: int = Field(default=100, ge=1, description="Frames one socket may send per second.")
    follows_per_window: int = Field(default=20, ge=1, description="`follow` frames one socket may send per window.")
    follow_window_seconds: float = Field(default=10.0, gt=0, description="The window that `follow` frames count in.")
    ticket_seconds: int = Field(default=30, ge=1, description="Life of a one-use socket ticket.")


class RateSettings(Group):
    """How many requests of one client the machine interface takes before it asks for patience."""

    requests: int = Field(default=5_000, ge=1, description="Requests to /fhir that one client may make per window.")
    window_seconds: int = Field(default=10, ge=1, description="The window that requests to /fhir count in.")


class RetentionSettings(Group):
    """How long access and bodies last."""

    access_days_after_end: int = Field(default=30, ge=0, description="Days of access after a stay has ended.")
    message_days: int = Field(default=3_650, ge=1, description="Days that a verbatim message is kept.")


class GatewaySettings(Group):
    """Where messages for systems outside go, and how long their receipts are waited for."""

    url: str | None = Field(default=None, description="Where messages are posted; unset: they wait for one.")
    token: SecretStr | None = Field(default=None, description="Bearer token that is shown there.")
    certificate: Path | None = Field(default=None, description="Our certificate chain for there, PEM.")
    key: Path | None = Field(default=None, description="The private key of that certificate, PEM.")
    authorities: Path | None = Field(default=None, description="Authorities that are believed there, PEM.")
    timeout_seconds: float = Field(default=30.0, gt=0, description="Longest wait for an answer from there.")
    resend_minutes: float = Field(default=30.0, gt=0, description="Wait for a receipt before a message is resent.")
    max_resends: int = Field(default=3, ge=0, description="Resends before an operator must look.")

    @field_validator("url")
    @classmethod
    def _is_http(cls, value: str | None) -> str | None:
        if value is not None and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
            raise ValueError("must begin with https://")
        return value


class SmtpSettings(Group):
    """The server that mails those on call when nobody takes a task on."""

    host: str | None = Field(default=None, description="Mail server; unset: nobody is mailed, and mails wait.")
    port: int = Field(default=587, ge=1, le=65535, description="Port of the mail server.")
    username: str | None = Field(default=None, description="Who signs in there; unset: nobody.")
    password: SecretStr | None = Field(default=None, description="The password of that user.")
    starttls: bool = Field(default=True, description="Whether the connection there must be encrypted (STARTTLS).")
    authorities: Path | None = Field(default=None, description="Authorities that are believed there, PEM.")
    sender: str | None = Field(default=None, description="The address that our mails come from.")
    timeout_seconds: float = Field(default=30.0, gt=0, description="Longest wait for an answer from there.")

    @model_validator(mode="after")
    def _has_sender(self) -> Self:
        if self.host is not None and self.sender is None:
            raise ValueError("STAFET_SMTP_SENDER is missing: mails need an address that they come from")
        return self


class AlertSettings(Group):
    """How much a person is interrupted, and what is counted as one shift."""

    shift_starts: Annotated[tuple[int, ...], NoDecode] = Field(
        default=(7, 15, 23), description="Hours at which shifts begin, local time, commas between."
    )
    most_per_shift: int = Field(default=12, ge=1, description="Interrupting alerts per person and shift: the budget.")

    @field_validator("shift_starts", mode="before")
    @classmethod
    def _hours(cls, value: object) -> object:
        return tuple(int(part) for part in value.split(",")) if isinstance(value, str) else value

    @field_validator("shift_starts")
    @classmethod
    def _are_hours(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if not value or list(value) != sorted(set(value)) or value[0] < 0 or value[-1] > 23:  # noqa: PLR2004 - hours
            raise ValueError("must be hours of a day, from 0 to 23, rising")
        return value


class MedicineSettings(Group):
    """How much medicine is taken in at a time, and what people find when they write a list by hand."""

    catalogue: Path | None = Field(
        default=None,
        description=(
            "Medicine to choose from: a CSV file with the columns name, atc, strengths, forms, route;"
            " a sample when none is named."
        ),
    )
    most_lines: int = Field(default=1_000, ge=1, description="Lines that one list of medicine may have.")


class PollSettings(Group):
    """How often a process looks by itself, when nothing woke it."""

    timers_seconds: float = Field(default=1.0, gt=0, description="How often the worker looks for due timers.")
    feeds_seconds: float = Field(default=1.0, gt=0, description="How often a web process looks for unseen entries.")
    jobs_seconds: float = Field(default=1.0, gt=0, description="How often the worker looks for messages to send.")


class Settings(BaseSettings):
    """One installation's settings; frozen."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="_", env_nested_max_split=1, frozen=True, extra="ignore"
    )

    mode: Mode = Field(default=Mode.PRODUCTION, description="`production`, or `demo` as set by `stafet demo`.")
    home: Path = Field(default=Path(".stafet"), description="Demo mode only: the folder that holds a demo's data.")
    log_level: str = Field(default="INFO", description="Least level that is logged: DEBUG, INFO, WARNING or ERROR.")
    database: DatabaseSettings = DatabaseSettings()
    redis: RedisSettings = RedisSettings()
    http: HttpSettings = HttpSettings()
    keys: KeySettings = KeySettings()
    token: TokenSettings = TokenSettings()
    session: SessionSettings = SessionSettings()
    live: LiveSettings = LiveSettings()
    rate: RateSettings = RateSettings()
    retention: RetentionSettings = RetentionSettings()
    poll: PollSettings = PollSettings()
    gateway: GatewaySettings = GatewaySettings()
    smtp: SmtpSettings = SmtpSettings()
    alerts: AlertSettings = AlertSettings()
    medicine: MedicineSettings = MedicineSettings()

    @override
    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments come first, then variables, then the files that `*_FILE` variables name."""
        return init_settings, env_settings, SecretFiles(settings_cls)

    @property
    def own_token_url(self) -> str | None:
        """Where this installation issues tokens itself, or None when it does not."""
        return None if self.token.signing_key is None else f"{self.http.public_url.rstrip('/')}/token"

    @property
    def token_url(self) -> str | None:
        """Where systems get tokens, here or elsewhere."""
        return self.own_token_url or self.token.endpoint

    @property
    def is_demo(self) -> bool:
        """True in demo mode."""
        return self.mode is Mode.DEMO
