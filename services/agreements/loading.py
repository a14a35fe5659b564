"""Agreement files into the store: read and checked first, so that what runs stays when a new one is wrong."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from discharge.agreement_checks import Problem, overlaps_of
from discharge.agreement_format import parse_agreement
from discharge.agreement_values import Document
from discharge.errors import AgreementError
from discharge.layer_format import is_layer, parse_layer, require_apart
from discharge.layers import check_layer
from services.agreements.reading import AgreementFileError, check_agreement
from services.agreements.shipped import shipped
from services.persistence.database import Database
from services.persistence.master import Master, put_agreement

__all__ = ["finding_in", "load_agreement", "put_agreement_file"]


async def load_agreement(database: Database, file: Path) -> str:
    """Add or replace the agreement in ``file`` by id and version; says which.

    Raises:
        AgreementFileError: it cannot be followed, or does not fit to what is there. Nothing was loaded.
    """
    return f"agreement {await put_agreement_file(database, await asyncio.to_thread(file.read_bytes))} loaded"


async def put_agreement_file(database: Database, body: bytes) -> str:
    """As ``load_agreement``, of a file in memory; returns id and version."""
    master = await database.master()
    checked = await asyncio.to_thread(check_agreement, body, find=finding_in(master))
    if checked.document is None:
        raise AgreementFileError(*checked.errors)
    problems = _unfitting(checked.document, master)
    if problems:
        raise checked.found(*problems)
    async with database.writing() as connection:
        ref = await put_agreement(connection, checked.document)
    return f"{ref.id} {ref.version}"


def finding_in(master: Master) -> Callable[[str], Document | None]:
    """Where a file finds the agreement that it differs from: stored, else shipped; of several versions the last."""

    def find(agreement: str) -> Document | None:
        stored = [each for each in master.documents if not is_layer(each) and each.get("id") == agreement]
        return stored[-1] if stored else shipped(agreement)

    return find


def _unfitting(document: Document, master: Master) -> tuple[Problem, ...]:
    """Why it does not fit to what is stored: an agreement beside the others, a layer upon one of them."""
    if not is_layer(document):
        return overlaps_of(parse_agreement(document), master.agreements)
    layer = parse_layer(document)
    bases = [each for each in master.documents if not is_layer(each) and each.get("id") == layer.base]
    if not bases:
        return (Problem(path="$.base", text=f"no agreement {layer.base} is stored; load it first"),)
    try:
        check_layer(bases[-1], layer)
        require_apart(layer, master.layers)
    except AgreementError as error:
        return (Problem(path=error.path, text=error.problem),)
    return ()
