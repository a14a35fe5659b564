"""Whether what is laid upon agreements fits to each of them, on all days on which both hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from discharge.agreement_checks import Severity, problems_of
from discharge.agreement_format import parse_agreement
from discharge.agreement_values import Document
from discharge.directory import Directory
from discharge.errors import AgreementError
from discharge.identifiers import SorCode
from discharge.in_force import InForce, ever_in_force
from discharge.layer_format import Layer, parse_layer
from discharge.layers import check_layer, resolve, resolved_agreement

__all__ = ["Misfit", "layable", "misfits"]

_Names = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """A layer that cannot be laid where it would be."""

    base: Document
    layer: Layer
    path: str
    """In the layer."""
    problem: str


def layable(found: InForce) -> tuple[InForce, tuple[Misfit, ...]]:
    """What is in force without the layers that cannot be laid there, and those layers."""
    kept: list[Document] = []
    unfit: list[Misfit] = []
    for document in found.layers:
        layer = parse_layer(document)
        try:
            resolved_agreement(resolve(found.base, map(parse_layer, (*kept, document))))
        except AgreementError as error:
            unfit.append(Misfit(base=found.base, layer=layer, path=error.path, problem=error.problem))
        else:
            kept.append(document)
    return InForce(base=found.base, layers=tuple(kept)), tuple(unfit)


def misfits(
    documents: Iterable[Document], directory: Directory, *, concerning: Document | None = None
) -> Iterator[Misfit]:
    """Every layer that cannot be laid upon the agreement in force, or not together with the others there.

    Args:
        documents: agreements and layers, each of which can be read.
        directory: where municipalities lie; one that is not registered may lie anywhere.
        concerning: only what holds together with this one of them.
    """
    sound: dict[_Names, bool] = {}
    for held in ever_in_force(documents, region_of=lambda sor: directory.region_of(SorCode(sor))):
        if concerning is not None and not any(each is concerning for each in (held.base, *held.layers)):
            continue
        yield from _in(held, sound)


def _in(held: InForce, sound: dict[_Names, bool]) -> Iterator[Misfit]:
    """What does not fit there, told once: where one layer does not fit, nothing is said of it among others."""
    base = _name_of(held.base)
    layers: list[Layer] = []
    for document in held.layers:
        layer = parse_layer(document)
        for upon in ((layer,), (*layers, layer)):
            names = (base, *((each.id, each.version) for each in upon))
            if names not in sound:
                error = _error_in(held.base, upon)
                sound[names] = error is None
                if error is not None:
                    yield Misfit(base=held.base, layer=layer, path=error.path, problem=error.problem)
            if not sound[names]:
                break
        else:
            layers.append(layer)


def _error_in(base: Document, layers: Sequence[Layer]) -> AgreementError | None:
    try:
        if len(layers) == 1:
            check_layer(base, layers[0], idle=True)
        known = {problem.text for problem in problems_of(parse_agreement(base))}
        for problem in problems_of(resolved_agreement(resolve(base, layers))):
            if problem.severity is Severity.ERROR and problem.text not in known:
                return AgreementError(path="$.changes", problem=problem.text)
    except AgreementError as error:
        return error
    return None


def _name_of(document: Document) -> tuple[str, str]:
    return str(document.get("id")), str(document.get("version"))
