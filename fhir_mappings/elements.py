"""JSON values, and the places in a resource where they stand.

``Element`` never raises: what is absent or of another shape reads as absent. So a rule can ask for
what it needs in any input, and always knows the FHIRPath of what it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Element", "Json", "JsonObject", "codeable", "expression_of"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]

_ELEMENT_NAME = re.compile(r"_?[A-Za-z]{1,40}(?:64Binary)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Element:
    """A place in a resource, by its FHIRPath, and what stands there; None when nothing does."""

    path: str
    value: Json

    @property
    def exists(self) -> bool:
        """True when something stands here."""
        return self.value is not None

    @property
    def string(self) -> str | None:
        """The text that stands here, unless it is blank or no text."""
        return self.value if isinstance(self.value, str) and self.value.strip() else None

    @property
    def fields(self) -> JsonObject:
        """The object that stands here, else an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    def __getitem__(self, name: str) -> Element:
        """The child called ``name``."""
        return Element(f"{self.path}.{name}", self.fields.get(name))

    def all(self, name: str) -> tuple[Element, ...]:
        """The members of the repeating child called ``name``."""
        found = self.fields.get(name)
        if not isinstance(found, list):
            return ()
        return tuple(Element(f"{self.path}.{name}[{number}]", value) for number, value in enumerate(found))

    def text(self, name: str) -> str | None:
        """The text of the child called ``name``, unless it is blank or no text."""
        return self[name].string

    def extension(self, url: str) -> Element:
        """The first extension called ``url``."""
        here = (extension for extension in self.all("extension") if extension.text("url") == url)
        return next(here, Element(f"{self.path}.extension('{url}')", None))

    def walk(self) -> Iterator[Element]:
        """Every object at or below this place; the input is at most 64 levels deep."""
        if isinstance(self.value, dict):
            yield self
            for name, value in self.value.items():
                if isinstance(value, dict | list):
                    yield from Element(_below(self.path, name), value).walk()
        elif isinstance(self.value, list):
            for number, value in enumerate(self.value):
                yield from Element(f"{self.path}[{number}]", value).walk()


def _below(path: str, name: str) -> str:
    # A name is input, too: it is repeated only when it looks like an element of FHIR.
    return f"{path}.{name}" if _ELEMENT_NAME.fullmatch(name) else path


def expression_of(root: str, steps: Sequence[str | int]) -> str:
    """The FHIRPath of the place that ``steps`` lead to from ``root``; it ends at the first unsafe name."""
    path = root
    for step in steps:
        if isinstance(step, int):
            path = f"{path}[{step}]"
        elif _ELEMENT_NAME.fullmatch(step):
            path = f"{path}.{step}"
        else:
            break
    return path


def codeable(system: str, code: str, text: str | None = None) -> JsonObject:
    """A CodeableConcept of one coding."""
    concept: JsonObject = {"coding": [{"system": system, "code": code}]}
    return concept if text is None else concept | {"text": text}
