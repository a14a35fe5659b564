"""Who there is: organisations, their places in the tree, and who knows a citizen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from discharge.errors import NotFoundError
from discharge.identifiers import SorCode

__all__ = ["Directory", "Organization", "OrganizationKind"]


class OrganizationKind(StrEnum):
    """What an organisation is to a discharge."""

    HOSPITAL = "hospital"
    WARD = "ward"
    MUNICIPALITY = "municipality"
    UNIT = "unit"
    GP = "gp"
    REGION = "region"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """One organisation or unit of the register."""

    sor: SorCode
    name: str
    kind: OrganizationKind
    gln: str | None = None
    part_of: SorCode | None = None
    region: str | None = None
    """ISO 3166-2 code of the region, DK-81 to DK-85; inherited from above when absent."""
    districts: frozenset[str] = frozenset()
    uses_stafet: bool = True


@dataclass(frozen=True)
class Directory:
    """All organisations, with the questions the domain asks of their tree."""

    organizations: Mapping[SorCode, Organization]
    _children: dict[SorCode, list[SorCode]] = field(init=False, repr=False, compare=False)
    _lines: dict[SorCode, tuple[SorCode, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    _roots: dict[SorCode, SorCode] = field(default_factory=dict, init=False, repr=False, compare=False)
    _serving: dict[SorCode, dict[str, SorCode]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the tree once; it is asked far more often than it changes."""
        children: dict[SorCode, list[SorCode]] = {}
        for organization in self.organizations.values():
            if organization.part_of is not None:
                children.setdefault(organization.part_of, []).append(organization.sor)
        for below in children.values():
            below.sort()
        object.__setattr__(self, "_children", children)

    @classmethod
    def of(cls, organizations: Iterable[Organization]) -> Directory:
        """Return the directory of ``organizations``."""
        return cls({organization.sor: organization for organization in organizations})

    def get(self, sor: SorCode) -> Organization | None:
        """Return the organisation, or None when the register does not have it."""
        return self.organizations.get(sor)

    def __getitem__(self, sor: SorCode) -> Organization:
        """Return the organisation.

        Raises:
            NotFoundError: the register does not have it.
        """
        found = self.organizations.get(sor)
        if found is None:
            raise NotFoundError(kind="Organization")
        return found

    def __contains__(self, sor: object) -> bool:
        """Tell whether the register has ``sor``."""
        return sor in self.organizations

    def lineage(self, sor: SorCode) -> tuple[SorCode, ...]:
        """The organisation and all above it, nearest first; a loop in the register ends the walk."""
        known = self._lines.get(sor)
        if known is not None:
            return known
        seen: list[SorCode] = []
        current: SorCode | None = sor
        while current is not None and current not in seen and current in self.organizations:
            seen.append(current)
            current = self.organizations[current].part_of
        line = tuple(seen)
        if line:
            # Only of those in the register, so that what is remembered has an end.
            self._lines[sor] = line
        return line

    def within(self, sor: SorCode) -> tuple[SorCode, ...]:
        """The organisation and all below it, the top first."""
        return tuple(self._descend(sor, set()))

    def _descend(self, sor: SorCode, seen: set[SorCode]) -> Iterator[SorCode]:
        if sor in seen:
            return
        seen.add(sor)
        yield sor
        for child in self._children.get(sor, ()):
            yield from self._descend(child, seen)

    def root(self, sor: SorCode) -> SorCode:
        """The topmost organisation above ``sor`` that is not a region."""
        known = self._roots.get(sor)
        if known is not None:
            return known
        line = [s for s in self.lineage(sor) if self.organizations[s].kind is not OrganizationKind.REGION]
        if not line:
            return sor
        self._roots[sor] = line[-1]
        return line[-1]

    def region_of(self, sor: SorCode) -> str | None:
        """The region code of ``sor``, inherited from above."""
        return next((r for s in self.lineage(sor) if (r := self.organizations[s].region) is not None), None)

    def hospital_of(self, ward: SorCode) -> SorCode:
        """The hospital a ward belongs to, else the topmost organisation above it."""
        for sor in self.lineage(ward):
            if self.organizations[sor].kind is OrganizationKind.HOSPITAL:
                return sor
        return self.root(ward)

    def related(self, sor: SorCode) -> frozenset[SorCode]:
        """Everything above and below ``sor``, and itself: where a citizen may be known."""
        return frozenset(self.lineage(sor)) | frozenset(self.within(sor))

    def unit_for(self, receiver: SorCode, district: str | None) -> SorCode:
        """The unit below ``receiver`` that serves ``district``; the receiver itself when none does."""
        if district is None or receiver not in self:
            return receiver
        serving = self._serving.get(receiver)
        if serving is None:
            below = reversed(self.within(receiver))
            serving = {each: sor for sor in below for each in self.organizations[sor].districts}
            self._serving[receiver] = serving
        return serving.get(district, receiver)
