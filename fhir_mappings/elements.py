"""JSON values, and the places in a resource where they stand.

``Element`` never raises: what is absent or of another shape reads as absent. So a rule can ask for
what it needs in any input, and always knows the FHIRPath of what it asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from msgspec import Struct
from typing_extensions import override

__all__ = ["Element", "Json", "JsonObject", "codeable", "expression_of"]

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]

_ELEMENT_NAME = re.compile(r"_?[A-Za-z]{1,40}(?:64Binary)?", re.ASCII)
_CONTAINERS: Final = (dict, list)


class Element(Struct, frozen=True, eq=False):
    """A place in a resource, and what stands there; None when nothing does.

    A message has thousands of places and few findings: so a place knows its step from the place above,
    and the path is put together when it is asked for.
    """

    step: str | int
    """The name of the element, or its number in a list; the path where no place is above."""
    value: Json
    above: Element | None = None

    @property
    def path(self) -> str:
        """The FHIRPath of this place."""
        if self.above is None:
            return str(self.step)
        if isinstance(self.step, int):
            return f"{self.above.path}[{self.step}]"
        # A name is input, too: it is repeated only when it looks like an element of FHIR.
        return f"{self.above.path}.{self.step}" if _ELEMENT_NAME.fullmatch(self.step) else self.above.path

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Element) and self.path == other.path and self.value == other.value

    __hash__ = None  # type: ignore[assignment] # what stands here can change

    @property
    def exists(self) -> bool:
        """True when something stands here."""
        return self.value is not None

    @property
    def string(self) -> str | None:
        """The text that stands here, unless it is blank or no text."""
        return _text(self.value)

    @property
    def fields(self) -> JsonObject:
        """The object that stands here, else an empty one."""
        return self.value if isinstance(self.value, dict) else {}

    def __getitem__(self, name: str) -> Element:
        """The child called ``name``."""
        return Element(name, self.value.get(name) if isinstance(self.value, dict) else None, self)

    def all(self, name: str) -> tuple[Element, ...]:
        """The members of the repeating child called ``name``."""
        listed = self[name]
        if not isinstance(listed.value, list):
            return ()
        return tuple(Element(number, value, listed) for number, value in enumerate(listed.value))

    def text(self, name: str) -> str | None:
        """The text of the child called ``name``, unless it is blank or no text."""
        return _text(self.value.get(name)) if isinstance(self.value, dict) else None

    def extension(self, url: str) -> Element:
        """The first extension called ``url``."""
        for extension in self.all("extension"):
            if extension.text("url") == url:
                return extension
        return Element(f"{self.path}.extension('{url}')", None)

    def walk(self) -> Iterator[Element]:
        """Every object at or below this place, in the order of the text."""
        waiting = [self]
        while waiting:
            place = waiting.pop()
            if isinstance(place.value, dict):
                yield place
                inner: Iterable[tuple[str | int, Json]] = place.value.items()
            elif isinstance(place.value, list):
                inner = enumerate(place.value)
            else:
                continue
            below = [Element(step, value, place) for step, value in inner if isinstance(value, _CONTAINERS)]
            waiting += reversed(below)


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


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
