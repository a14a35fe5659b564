"""Templates: strict, escaping, in two languages. Each area keeps its own under ``<area>/templates``."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined, TemplateNotFound
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from services.persistence.views import FeedHead
from services.web.assets import address_of
from services.web.dates import clock_time, day_and_time, due_moment, full_date, long_date, moment
from services.web.language import Language, language
from services.web.presentation import initials, short_name
from services.web.shell import LANGUAGE_COOKIE, Shell

__all__ = ["environment", "is_fragment_request", "keep", "page", "render", "sources"]

_YEAR_SECONDS: Final = 31_536_000
_AREAS: Final = ("web", "hospital", "municipality", "gp", "stays", "operator", "agreements")


def _folder(area: str) -> Traversable:
    return resources.files("services") / area / "templates"


def sources() -> tuple[str, ...]:
    """Every template by its name, ``<area>/<file>``."""
    return tuple(
        f"{area}/{file.name}"
        for area in _AREAS
        if _folder(area).is_dir()
        for file in sorted(_folder(area).iterdir(), key=lambda found: found.name)
        if file.name.endswith(".html")
    )


def _load(name: str) -> str:
    area, _, file = name.partition("/")
    found = _folder(area) / file
    if area not in _AREAS or "/" in file or not found.is_file():
        raise TemplateNotFound(name)
    return found.read_text(encoding="utf-8")


@cache
def environment(code: str) -> Environment:
    """The templates in one language."""
    lang = language(code)
    made = Environment(
        loader=FunctionLoader(_load),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(lang.translations, newstyle=True)  # type: ignore[attr-defined]  # the extension adds it
    made.globals.update(lang=lang, asset=address_of, words=json.dumps(_script_words(lang), ensure_ascii=False))
    made.filters.update(
        clock=lambda at: clock_time(at, lang),
        day_and_time=lambda at: day_and_time(at, lang),
        day=lambda day: full_date(day, lang),
        due=lambda at, now: due_moment(at, now, lang),
        initials=initials,
        long_date=lambda at: long_date(at, lang),
        moment=lambda at, now: moment(at, now, lang),
        short=short_name,
    )
    return made


def render(code: str, name: str, /, **context: object) -> str:
    """The text of a page or fragment."""
    return environment(code).get_template(name).render(**context)


def page(
    shell: Shell, name: str, /, *, status: int = 200, head: FeedHead | None = None, **context: object
) -> HTMLResponse:
    """A whole page, or a fragment when the template is one."""
    text = render(shell.lang.code, name, shell=shell, feed_head=head, **context)
    response = HTMLResponse(text, status_code=status, headers={"vary": "Cookie, HX-Request"})
    if shell.keeps_language:
        keep(response, LANGUAGE_COOKIE, shell.lang.code, secure=shell.is_secure)
    return response


def keep(response: Response, cookie: str, value: str, *, secure: bool) -> None:
    """Keep how this person wants to read; never anything about a patient."""
    response.set_cookie(cookie, value, max_age=_YEAR_SECONDS, path="/", secure=secure, httponly=True, samesite="lax")


def is_fragment_request(request: Request) -> bool:
    """True when the page's script asks for the changed part alone."""
    return request.headers.get("hx-request") == "true"


def _script_words(lang: Language) -> dict[str, str]:
    """What ``live.js`` says by itself, in the page's language."""
    t = lang.text
    return {
        "late": t("{span} over tid"),
        "in": t("om {span}"),
        "minutes": t("{m} min"),
        "hours": t("{h} t"),
        "hoursMinutes": t("{h} t {m} min"),
        "day": t("{n} dag"),
        "days": t("{n} dage"),
        "levelOver": t("Over tid"),
        "levelNow": t("Straks"),
        "levelSoon": t("Haster"),
        "updated": t("opdateret for {n} s siden"),
        "updatedMinutes": t("opdateret for {n} min siden"),
        "live": t("Live"),
        "notLive": t("Ikke live"),
        "new": t("{n} nye"),
        "newOne": t("{n} ny"),
        "called": t("En opgave kalder på svar"),
        "grouped": t("{n} samlet uden varsel: vagtens varsler er brugt"),
        "groupedOne": t("1 samlet uden varsel: vagtens varsler er brugt"),
        "soonCount": t("{n} haster"),
        "nowCount": t("{n} straks"),
        "unstable": t("Forbindelsen er ustabil."),
        "retry": t("Prøver igen om {n} s."),
        "retrying": t("Prøver igen nu."),
        "offline": t("Ingen forbindelse siden kl. {at}."),
        "offlineMore": t("Du ser siden, som den var. Tryk sendes ikke, før forbindelsen er tilbage."),
        "tryNow": t("Prøv nu"),
        "stale": t("Tavlen er {n} min gammel."),
        "staleMore": t("Stol ikke på den. Ring, hvis det haster."),
        "reload": t("Hent igen"),
        "back": t("Forbundet igen kl. {at}."),
        "backNone": t("Intet mangler."),
        "backOne": t("1 ændring hentet, intet mangler."),
        "backMany": t("{n} ændringer hentet, intet mangler."),
        "saving": t("Du har den · gemmer …"),
        "noAnswer": t("Intet svar. Se på kortet, om det blev gemt, når forbindelsen er tilbage."),
        "notSent": t("Ikke sendt: der er ingen forbindelse. Det, du har skrevet, står her endnu."),
        "hidden": t("{n} er skjult af søgningen"),
        "changed": t("1 ændret"),
        "changedMany": t("{n} ændret"),
        "ended": t("Du er logget ud."),
        "signIn": t("Log ind igen"),
    }
