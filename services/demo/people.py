"""The people of the demo's story: who acts at a place, and whom a newcomer wants to meet."""

from __future__ import annotations

from typing import Final

from discharge.directory import Directory, OrganizationKind
from discharge.identifiers import SorCode
from discharge.policy import Caller, Role
from services.demo.courses import WARD
from services.demo.logins import Login
from services.web.people import demo_person

__all__ = ["AT_WORK", "TOP", "first_logins", "person_at"]

TOP: Final = SorCode("999000000000001")
"""Above all regions: its operator sees every message that was refused."""
AT_WORK: Final = {
    OrganizationKind.HOSPITAL: Role.WARD,
    OrganizationKind.WARD: Role.WARD,
    OrganizationKind.MUNICIPALITY: Role.HOME_NURSE,
    OrganizationKind.UNIT: Role.HOME_NURSE,
    OrganizationKind.GP: Role.GP,
    OrganizationKind.REGION: Role.OPERATOR,
}
"""Who does the daily work at a place."""
_BIRKELUND: Final = SorCode("999000000002000")
_FIRST: Final = (
    (Role.WARD, WARD),
    (Role.DOCTOR, WARD),
    (Role.PHARMACIST, WARD),
    (Role.HOME_NURSE, SorCode("999000000002001")),
    (Role.HOME_NURSE, SorCode("999000000002003")),
    (Role.VISITATOR, _BIRKELUND),
    (Role.LEADER, _BIRKELUND),
    (Role.HOME_NURSE, SorCode("999000000002100")),
    (Role.GP, SorCode("999000000003001")),
    (Role.WARD, SorCode("265161000016000")),
    (Role.HOME_NURSE, SorCode("953741000016009")),
    (Role.GP, SorCode("999000000003006")),
    (Role.OPERATOR, TOP),
)
"""Where the demo's stays and MedCom's published messages play."""
_PAGES: Final = {
    Role.WARD: "/ward",
    Role.DOCTOR: "/ward",
    Role.HOME_NURSE: "/municipality",
    Role.VISITATOR: "/municipality",
    Role.LEADER: "/municipality",
    Role.GP: "/gp",
    Role.PHARMACIST: "/medicine",
}


def person_at(place: SorCode, role: Role, directory: Directory) -> Caller:
    """The demo's person of ``role`` at ``place``: the one whom a token and the sign-in page name there."""
    person, root = demo_person(role, place), directory.root(place)
    unit = None if root == place else place
    return Caller(person_id=person.id, name=person.name, role=role, organization=root, unit=unit)


def first_logins(directory: Directory) -> list[Login]:
    """The people whom a newcomer wants to meet, as the welcome shows them; the start page lists everybody."""
    return [
        Login(
            name=demo_person(role, place).name,
            role=role.value,
            organisation=_place(place, directory),
            page=_PAGES.get(role, "/operator"),
        )
        for role, place in _FIRST
        if place in directory
    ]


def _place(sor: SorCode, directory: Directory) -> str:
    name, whole = directory[sor].name, directory[directory.root(sor)].name
    return name if whole.lower() in name.lower() else f"{name}, {whole}"
