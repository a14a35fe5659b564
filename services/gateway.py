"""The HTTP client to systems outside: one address out of the settings, our certificate, bounded times and sizes.

Nothing that a message says decides where it goes, and no redirect is followed.
"""

from __future__ import annotations

import ssl
from types import TracebackType
from typing import Final, Self

import httpx

from notifications.errors import UnansweredError, UnreachedError
from notifications.ports import Answer
from services.settings import GatewaySettings

__all__ = ["HttpGateway"]

_LARGEST_ANSWER: Final = 1024 * 1024
_FHIR_JSON: Final = "application/fhir+json"
_NOBODY: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What goes wrong before anything is sent."""
_CONNECTIONS: Final = 8


class HttpGateway:
    """Implements ``notifications.ports.Gateway``; used as a context, it closes its connections."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._url = settings.url
        headers = {"content-type": _FHIR_JSON, "accept": _FHIR_JSON, "user-agent": "stafet"}
        if settings.token is not None:
            headers["authorization"] = f"Bearer {settings.token.get_secret_value()}"
        self._client = httpx.AsyncClient(
            headers=headers,
            verify=_trust(settings),
            timeout=httpx.Timeout(settings.timeout_seconds, connect=min(settings.timeout_seconds, 10.0)),
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
            follow_redirects=False,
            # Proxies and certificates of the machine's environment are no settings of ours.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        """Ready as it is."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def post(self, body: bytes) -> Answer:
        """Send a message, and return what was answered.

        Raises:
            UnreachedError: nobody got it, or no address is set.
            UnansweredError: somebody may have got it, and did not answer in time, in full or in measure.
        """
        if self._url is None:
            raise UnreachedError("no-gateway")
        try:
            async with self._client.stream("POST", self._url, content=body) as response:
                return Answer(response.status_code, await _bounded(response))
        except _NOBODY as error:
            raise UnreachedError(type(error).__name__) from error
        except httpx.HTTPError as error:
            raise UnansweredError(type(error).__name__) from error


async def _bounded(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _LARGEST_ANSWER:
            # No receipt is that long; what it says is not worth the memory.
            return b""
    return bytes(body)


def _trust(settings: GatewaySettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=None if settings.authorities is None else str(settings.authorities))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if settings.certificate is not None:
        context.load_cert_chain(settings.certificate, settings.key)
    return context
