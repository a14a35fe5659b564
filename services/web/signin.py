"""``/``: the door, and the way out. In a demo it lists people to be; who is signed in goes to their own page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from discharge.directory import Directory, Organization, OrganizationKind
from discharge.errors import NotFoundError
from discharge.identifiers import SorCode
from discharge.policy import READS, Caller, Role
from services.web.access import EVERY_ROLE, Csrf, access
from services.web.cards import place_name, role_words
from services.web.language import CODES, Language
from services.web.people import demo_person
from services.web.reading import back_of, see_other
from services.web.refusals import LoginRequiredError
from services.web.runtime import runtime_of
from services.web.security import clear_session_cookie, current_identity, set_session_cookie
from services.web.sessions import cookie_name
from services.web.shell import KEYS_COOKIE, LANGUAGE_COOKIE, THEME_COOKIE, THEMES, framed, home_of
from services.web.templating import keep, page

__all__ = ["DemoPerson", "PeopleGroup", "demo_caller", "people_of", "signin_router"]

_KINDS: Final = OrganizationKind
_OFFERED: Final = {
    _KINDS.WARD: (Role.WARD, Role.DOCTOR, Role.PHARMACIST),
    _KINDS.UNIT: (Role.HOME_NURSE,),
    _KINDS.MUNICIPALITY: (Role.VISITATOR, Role.HOME_NURSE, Role.PHARMACIST, Role.LEADER, Role.OPERATOR),
    _KINDS.GP: (Role.GP, Role.PHARMACIST),
    _KINDS.HOSPITAL: (Role.PHARMACIST, Role.OPERATOR),
    _KINDS.REGION: (Role.OPERATOR, Role.AGREEMENT_EDITOR),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """Somebody to be. ``key`` is ``role|SOR``."""

    key: str
    name: str
    role: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleGroup:
    """The people of one sector."""

    word: str
    people: tuple[DemoPerson, ...]
    """Those of the organisation with the most places, which is where the demo's story happens."""
    others: tuple[DemoPerson, ...]


def people_of(directory: Directory, lang: Language) -> tuple[PeopleGroup, ...]:
    """Everybody to be in a demo, by sector."""
    t = lang.text
    sectors = (
        (t("Sygehus"), (_KINDS.WARD, _KINDS.HOSPITAL)),
        (t("Kommune"), (_KINDS.UNIT, _KINDS.MUNICIPALITY)),
        (t("Egen læge"), (_KINDS.GP,)),
        (t("Region"), (_KINDS.REGION,)),
    )
    groups = (_group(word, directory, kinds, lang) for word, kinds in sectors)
    return tuple(group for group in groups if group.people)


def _group(word: str, directory: Directory, kinds: tuple[OrganizationKind, ...], lang: Language) -> PeopleGroup:
    places = sorted(
        (place for place in directory.organizations.values() if place.kind in kinds and place.uses_stafet),
        key=lambda place: (kinds.index(place.kind), place_name(place.sor, directory)),
    )
    tops = Counter(directory.root(place.sor) for place in places)
    largest = max(tops, key=lambda sor: tops[sor], default=None)
    if largest is None or tops[largest] == 1:
        return PeopleGroup(word=word, people=_people(places, directory, lang), others=())
    first = [place for place in places if directory.root(place.sor) == largest]
    rest = [place for place in places if directory.root(place.sor) != largest]
    return PeopleGroup(word=word, people=_people(first, directory, lang), others=_people(rest, directory, lang))


def _people(places: Iterable[Organization], directory: Directory, lang: Language) -> tuple[DemoPerson, ...]:
    words = role_words(lang)
    return tuple(
        DemoPerson(
            key=f"{role.value}|{place.sor}",
            name=demo_person(role, place.sor).name,
            role=words[role],
            place=place_name(place.sor, directory),
        )
        for place in places
        for role in _OFFERED[place.kind]
    )


def demo_caller(key: str, directory: Directory) -> Caller:
    """The person of ``role|SOR``.

    Raises:
        NotFoundError: no such place in the register, or no such role there.
    """
    role_text, _, sor = key.partition("|")
    place = directory.get(SorCode(sor))
    if place is None or role_text not in set(Role) or not _fits(Role(role_text), place):
        raise NotFoundError(kind="Person")
    role, top = Role(role_text), directory.root(place.sor)
    person = demo_person(role, place.sor)
    return Caller(
        person_id=person.id,
        name=person.name,
        role=role,
        organization=top,
        unit=None if top == place.sor else place.sor,
    )


def _fits(role: Role, place: Organization) -> bool:
    return role is not Role.SYSTEM and place.kind in READS[role][0]


def signin_router(directory: Callable[[], Awaitable[Directory]]) -> APIRouter:
    """The door's routes.

    Args:
        directory: the register as it stands now; the door shows it before anybody is known.
    """
    router = APIRouter()

    @router.get("/")
    @access(public=True, action="open-door")
    async def door(request: Request) -> Response:
        """Sign in, or go on to one's own page."""
        try:
            identity = await current_identity(request)
        except LoginRequiredError:
            identity = None
        if identity is not None and home_of(identity.caller) != "/":
            return see_other(home_of(identity.caller))
        runtime = runtime_of(request)
        shell = framed(request, identity, None, await runtime.clock.now())
        groups = people_of(await directory(), shell.lang) if runtime.settings.is_demo else ()
        return page(shell, "web/signin.html", groups=groups)

    @router.post("/demo/sign-in")
    @access(public=True, csrf=Csrf.ORIGIN, demo_only=True, action="demo-sign-in")
    async def sign_in(request: Request) -> Response:
        """Become one of the demo's people."""
        runtime = runtime_of(request)
        key = (await request.form()).get("person", "")
        caller = demo_caller(key if isinstance(key, str) else "", await directory())
        response = see_other(home_of(caller))
        set_session_cookie(response, runtime.settings, await runtime.sessions.begin(caller))
        return response

    @router.post("/sign-out")
    @access(roles=EVERY_ROLE, action="sign-out")
    async def sign_out(request: Request) -> Response:
        """End the session, here and on the server."""
        runtime = runtime_of(request)
        cookie = request.cookies.get(cookie_name(secure=runtime.settings.http.secure))
        if cookie:
            await runtime.sessions.end(cookie)
        response = see_other("/")
        clear_session_cookie(response, runtime.settings)
        return response

    @router.post("/preferences")
    @access(roles=EVERY_ROLE, action="set-preferences")
    async def preferences(request: Request) -> Response:
        """Keep how this person wants to read: language, colours, shortcuts."""
        data = await request.form()
        back = data.get("back", "/")
        response = see_other(back_of(back if isinstance(back, str) else "/", "/"))
        secure = runtime_of(request).settings.http.secure
        for field, cookie, allowed in (
            ("lang", LANGUAGE_COOKIE, CODES),
            ("theme", THEME_COOKIE, THEMES),
            ("keys", KEYS_COOKIE, ("on", "off")),
        ):
            chosen = data.get(field)
            if isinstance(chosen, str) and chosen in allowed:
                keep(response, cookie, chosen, secure=secure)
        return response

    return router
