"""Agreement files into the store: read and checked first, so that what runs stays when a new one is wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from discharge.agreement_checks import Problem, overlaps_of
from discharge.agreement_format import parse_agreement
from discharge.agreement_values import Document
from discharge.errors import AgreementError
from discharge.fitting import Misfit, misfits
from discharge.in_force import in_force
from discharge.layer_format import Layer, is_layer, parse_layer, require_apart
from services.agreements.lines import LineError, read_lines
from services.agreements.reading import AgreementFileError, Checked, check_agreement
from services.agreements.shipped import shipped
from services.persistence.database import Database
from services.persistence.master import Master, put_agreement

__all__ = ["finding_in", "load_agreement", "put_agreement_file"]

_CHANGE: Final = re.compile(r"\$\.changes\[(\d+)\]")


async def load_agreement(database: Database, file: Path) -> str:
    """Add or replace the agreement in ``file`` by id and version; says which, and what looks wrong with it.

    Raises:
        AgreementFileError: it cannot be followed, or does not fit to what is there. Nothing was loaded.
    """
    name, checked = await _put(database, await asyncio.to_thread(file.read_bytes))
    return "\n".join((f"agreement {name} loaded", *map(str, checked.findings)))


async def put_agreement_file(database: Database, body: bytes) -> str:
    """As ``load_agreement``, of a file in memory; returns id and version."""
    name, _ = await _put(database, body)
    return name


async def _put(database: Database, body: bytes) -> tuple[str, Checked]:
    master = await database.master()
    checked = await asyncio.to_thread(_checked, body, master)
    if checked.document is None:
        raise AgreementFileError(*checked.errors)
    problems = await asyncio.to_thread(_unfitting, checked.document, master)
    if problems:
        raise checked.found(*problems)
    async with database.writing() as connection:
        ref = await put_agreement(connection, checked.document)
    return f"{ref.id} {ref.version}", checked


def finding_in(master: Master, layer: Layer | None = None) -> Callable[[str], Document | None]:
    """Where a file finds the agreement that it differs from: stored, else shipped.

    Of several versions a ``layer`` finds the one that holds when it begins; else the last that was loaded counts.
    """

    def find(agreement: str) -> Document | None:
        stored = [each for each in master.documents if not is_layer(each) and each.get("id") == agreement]
        if layer is not None:
            regions = sorted(layer.regions or parse_agreement(stored[-1]).regions) if stored else []
            found = (in_force(stored, region=region, municipality=None, day=layer.valid_from) for region in regions)
            held = next((each.base for each in found if each is not None), None)
            if held is not None:
                return held
        return stored[-1] if stored else shipped(agreement)

    return find


def _checked(body: bytes, master: Master) -> Checked:
    return check_agreement(body, find=finding_in(master, _layer_in(body)))


def _layer_in(body: bytes) -> Layer | None:
    """The layer in a file, as far as it can be told without its agreement."""
    try:
        content = read_lines(body).content
        return parse_layer(content) if isinstance(content, dict) and is_layer(content) else None
    except (LineError, AgreementError):
        return None


def _unfitting(document: Document, master: Master) -> tuple[Problem, ...]:
    """Why it does not fit to what is stored: an agreement beside the others, a layer upon one of them."""
    problems = _layer_apart(document, master) if is_layer(document) else _agreement_apart(document, master)
    if problems:
        return problems
    name = (document.get("id"), document.get("version"))
    others = [each for each in master.documents if (each.get("id"), each.get("version")) != name]
    found = misfits((*others, document), master.directory, concerning=document)
    return tuple(_told_of(misfit, document) for misfit in found)


def _agreement_apart(document: Document, master: Master) -> tuple[Problem, ...]:
    return overlaps_of(parse_agreement(document), master.agreements)


def _layer_apart(document: Document, master: Master) -> tuple[Problem, ...]:
    layer = parse_layer(document)
    if not any(each.id == layer.base for each in master.agreements):
        return (Problem(path="$.base", text=f"no agreement {layer.base} is stored; load it first"),)
    try:
        require_apart(layer, master.layers)
    except AgreementError as error:
        return (Problem(path=error.path, text=error.problem),)
    return ()


def _told_of(misfit: Misfit, document: Document) -> Problem:
    """Why ``document`` cannot be stored, at the place in it that a stored one does not fit to."""
    base = f"{misfit.base.get('id')} {misfit.base.get('version')}"
    if (misfit.layer.id, misfit.layer.version) == (document.get("id"), document.get("version")):
        return Problem(path=misfit.path, text=f"{misfit.problem} (upon {base})")
    path = _row_in(misfit, document) if misfit.base is document else "$"
    return Problem(path=path, text=f"{misfit.layer.name}, which is laid upon {base}, does not fit: {misfit.problem}")


def _row_in(misfit: Misfit, base: Document) -> str:
    """The row of an agreement that a layer means, where that is told and there."""
    change = _CHANGE.match(misfit.path)
    means = misfit.layer.changes[int(change[1])] if change is not None else {}
    rows = base.get("rules")
    of_rule = [n for n, row in enumerate(rows if isinstance(rows, list) else []) if row.get("id") == means.get("rule")]
    named = [n for n in of_rule if isinstance(rows, list) and rows[n].get("code") == means.get("code")]
    number = next(iter((*named, *of_rule)), None)
    return "$" if number is None else f"$.rules[{number}]"
