"""A record system outside that does what systems do: answers, refuses, says nothing, falls over."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from discharge.commands import Issue, Receipt, ReceiptCode
from discharge.identifiers import SorCode
from fhir_mappings.bundles import envelope_of, open_message
from fhir_mappings.json_text import parse_object
from fhir_mappings.medcom.acknowledgement import Correspondent, acknowledge
from services.persistence.clock import wall_now

ISSUE = Issue(severity="error", code="invalid", detail="MSG_BAD_FORMAT", rule="theirs", text="Rubinord om borgeren.")


@dataclass
class FaultySystem:
    """What it does to the next messages, what it got, and where it is.

    ``plan`` names what happens to each message in turn, the last for all that follow: ``ok``, ``fatal``, ``transient``,
    ``taken`` (202, empty), ``garbage``, ``other`` (a receipt for another message), ``stranger`` (from somebody else),
    ``hang``, ``reset``, ``redirect``, or a status.
    """

    plan: list[str] = field(default_factory=lambda: ["ok"])
    got: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    port: int = 0
    serving: set[asyncio.Task[Any]] = field(default_factory=set, repr=False)

    def let_go(self) -> None:
        """Cut every connection."""
        for task in self.serving:
            task.cancel()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/fhir/$process-message"

    @property
    def header_ids(self) -> list[str]:
        return [each["entry"][0]["resource"]["id"] for each in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.serving.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while await self._one(reader, writer):
                    continue
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.got.append(orjson.loads(body))
        self.headers.append(headers)
        what = self.plan.pop(0) if len(self.plan) > 1 else self.plan[0]
        match what:
            case "hang":
                await asyncio.Event().wait()
                return False
            case "reset":
                writer.transport.abort()
                return False
            case "redirect":
                status, answer = 307, b""
            case _ if what.isdigit():
                status, answer = int(what), b"{}"
            case "taken":
                status, answer = 202, b""
            case "garbage":
                status, answer = 200, b'{"resourceType":"Bundle","type":"message"}'
            case _:
                status, answer = 200, receipt_for(body, what)
        more = "location: http://127.0.0.1:1/elsewhere\r\n" if status == 307 else ""
        writer.write(
            f"HTTP/1.1 {status} X\r\n{more}content-type: application/fhir+json\r\n"
            f"content-length: {len(answer)}\r\n\r\n".encode()
            + answer
        )
        await writer.drain()
        return True


def receipt_for(body: bytes, what: str, sender: SorCode | None = None) -> bytes:
    """The Acknowledgement that a receiver makes of a message: ``ok``, ``fatal``, ``transient``."""
    envelope = envelope_of(open_message(parse_object(body, expected="Bundle")), body=body)
    codes = {"fatal": ReceiptCode.FATAL_ERROR, "transient": ReceiptCode.TRANSIENT_ERROR}
    code = codes.get(what, ReceiptCode.OK)
    assert envelope.receiver is not None
    responder = SorCode("94000000000") if what == "stranger" else sender or envelope.receiver
    made = acknowledge(
        Receipt(code=code, issues=() if code is ReceiptCode.OK else (ISSUE,)),
        envelope,
        responder=Correspondent(sor=responder, gln="5790009900023"),
        now=wall_now(),
        new_id=lambda: str(uuid.uuid4()),
    )
    if what == "other":
        return orjson.dumps(made).replace(envelope.message_id.encode(), b"another-message")
    return orjson.dumps(made)


@asynccontextmanager
async def faulty_system(plan: Sequence[str] = ("ok",)) -> AsyncIterator[FaultySystem]:
    """One that listens for the length of a block."""
    made = FaultySystem(plan=list(plan))
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        made.let_go()
        await asyncio.gather(*made.serving, return_exceptions=True)
        await server.wait_closed()
