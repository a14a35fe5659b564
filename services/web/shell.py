"""The frame round every page: who reads it, where they work, what time it is, which tabs they have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.requests import Request

from discharge.directory import Directory
from discharge.policy import WRITING_ROLES, Caller, Role
from services.web.language import CODES, Language, language
from services.web.runtime import runtime_of
from services.web.security import Identity, current_identity

__all__ = [
    "KEYS_COOKIE",
    "LANGUAGE_COOKIE",
    "THEMES",
    "THEME_COOKIE",
    "Shell",
    "Tab",
    "home_of",
    "language_of",
    "shell_of",
]

LANGUAGE_COOKIE: Final = "stafet-lang"
THEME_COOKIE: Final = "stafet-theme"
KEYS_COOKIE: Final = "stafet-keys"
THEMES: Final = ("auto", "light", "dark")
_TRYING: Final = "/agreements/try"

_HOMES: Final = {
    Role.WARD: "/ward",
    Role.DOCTOR: "/ward",
    Role.VISITATOR: "/municipality",
    Role.HOME_NURSE: "/municipality",
    Role.GP: "/gp",
    Role.PHARMACIST: "/medicine",
    Role.LEADER: "/municipality",
    Role.OPERATOR: "/operator",
    Role.AGREEMENT_EDITOR: "/agreements",
    Role.SYSTEM: "/",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One entry of the main menu."""

    href: str
    word: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What ``web/base.html`` needs besides the page itself."""

    lang: Language
    path: str
    caller: Caller | None = None
    place: str = ""
    above: str = ""
    now: datetime | None = None
    csrf: str = ""
    theme: str = "auto"
    keys: bool = True
    is_demo: bool = False
    is_secure: bool = False
    """People reach the installation by https, so cookies can be `Secure`."""
    keeps_language: bool = False
    """The page was asked for in this language, which is then kept."""
    tabs: tuple[Tab, ...] = ()

    @property
    def home(self) -> str:
        """Where this person begins."""
        return "/" if self.caller is None else home_of(self.caller)


def home_of(caller: Caller) -> str:
    """The start page of a role."""
    return _HOMES[caller.role]


def language_of(request: Request) -> Language:
    """``?lang=`` for this page, else the person's choice, else Danish."""
    asked = request.query_params.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "da")
    return language(asked if asked in CODES else "da")


async def shell_of(request: Request, directory: Directory, now: datetime) -> Shell:
    """The frame for the person who asks.

    Raises:
        LoginRequiredError: nobody has signed in.
    """
    return framed(request, await current_identity(request), directory, now)


def framed(request: Request, identity: Identity | None, directory: Directory | None, now: datetime | None) -> Shell:
    """The frame, as far as the person and the register are known."""
    lang = language_of(request)
    theme = request.cookies.get(THEME_COOKIE, "auto")
    caller = identity.caller if identity is not None else None
    settings = runtime_of(request).settings
    place, above = ("", "") if caller is None or directory is None else _place(caller, directory)
    return Shell(
        lang=lang,
        path=request.url.path,
        caller=caller,
        place=place,
        above=above,
        now=now,
        csrf=identity.session.csrf if identity is not None and identity.session is not None else "",
        theme=theme if theme in THEMES else "auto",
        keys=request.cookies.get(KEYS_COOKIE) != "off",
        is_demo=settings.is_demo,
        is_secure=settings.http.secure,
        keeps_language=request.query_params.get("lang") in CODES,
        tabs=() if caller is None else _tabs(caller, lang, request.url.path),
    )


def _place(caller: Caller, directory: Directory) -> tuple[str, str]:
    here = directory.get(caller.acting)
    if here is None:
        return "", ""
    top = directory.get(directory.root(caller.acting))
    return here.name, "" if top is None or top.sor == here.sor else top.name


def _tabs(caller: Caller, lang: Language, path: str) -> tuple[Tab, ...]:
    t = lang.text
    home = home_of(caller)
    word = {
        "/ward": t("Tavle"),
        "/municipality": t("Opgaver"),
        "/gp": t("Indbakke"),
        "/medicine": t("Medicin"),
        "/operator": t("Beskeder"),
        "/agreements": t("Aftaler"),
    }
    tabs = (
        [Tab(href=home, word=word[home], is_current=path.startswith(home) and path != _TRYING)] if home in word else []
    )
    if caller.role in WRITING_ROLES:
        tabs.append(Tab(href="/conversations", word=t("Samtaler"), is_current=path.startswith("/conversations")))
    if caller.role is Role.AGREEMENT_EDITOR:
        tabs.append(Tab(href=_TRYING, word=t("Afprøv"), is_current=path == _TRYING))
    if caller.role is Role.LEADER:
        tabs.append(Tab(href="/score", word=t("Frister"), is_current=path.startswith("/score")))
        tabs.append(Tab(href="/agreements", word=t("Aftaler"), is_current=path.startswith("/agreements")))
    if caller.role in {Role.LEADER, Role.OPERATOR}:
        tabs.append(Tab(href="/alerts", word=t("Varsler"), is_current=path.startswith("/alerts")))
    if path.startswith("/stays/"):
        tabs.append(Tab(href=path, word=t("Forløb"), is_current=True))
    if path.startswith("/tasks/"):
        tabs.append(Tab(href=path, word=t("Opgave"), is_current=True))
    return tuple(tabs)
