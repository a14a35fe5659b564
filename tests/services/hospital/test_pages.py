"""The ward's pages over a real store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from discharge.policy import Role
from discharge.stay import NoticeKind
from services.persistence.clock import wall_now
from tests.factories import CPR, FAMILY, MUNICIPALITY, PRACTICE
from tests.services.installation import code_of, notification
from tests.services.pages_house import Pages, words_of

WARD = Role.WARD
PLAN: dict[str, str | list[str]] = {
    "version": "0",
    "date": "i dag",
    "time": "2359",
    "certainty": "certain",
    "needs": ["home-nursing"],
    "phone": "70 00 01 01",
    "medicine": "i morgen",
    "agreed": "Kirsten kl. 11.30",
}


async def test_empty_ward_says_so(pages: Pages) -> None:
    answer = await pages.get(WARD, "/ward")

    assert answer.status_code == 200
    assert "Ingen patienter på afsnittet" in words_of(answer)


async def test_board_shows_the_admitted_citizen_and_masks_the_number(pages: Pages) -> None:
    await pages.stay()

    answer = await pages.get(WARD, "/ward")

    assert FAMILY in answer.text
    assert CPR.masked in answer.text
    assert CPR.digits not in answer.text
    assert "Ikke sat" in words_of(answer)


@pytest.mark.parametrize(("show", "is_shown"), [("missing", True), ("late", False), ("today", False), ("x", True)])
async def test_counter_filters_the_board(pages: Pages, show: str, is_shown: bool) -> None:  # noqa: FBT001 - an example
    await pages.stay()

    answer = await pages.get(WARD, f"/ward?show={show}")

    assert (FAMILY in answer.text) is is_shown
    assert is_shown or "1 patient er skjult af filteret." in answer.text


@pytest.mark.parametrize(("query", "is_shown"), [(FAMILY[:3], True), ("nobody", False)])
async def test_find_is_posted_and_narrows_the_board(pages: Pages, query: str, is_shown: bool) -> None:  # noqa: FBT001 - a parameter of the cases
    stay_id = await pages.stay()

    answer = await pages.post(WARD, "/ward/find", {"q": query})

    assert (stay_id in answer.text) is is_shown


async def test_row_is_served_alone(pages: Pages) -> None:
    stay_id = await pages.stay()

    answer = await pages.get(WARD, f"/ward/rows/{stay_id}")

    assert answer.text.lstrip().startswith("<tr")
    assert f'id="stay-{stay_id}"' in answer.text


@pytest.mark.parametrize("path", ["/ward/rows/", "/ward/stays/"])
async def test_unknown_stay_is_not_found(pages: Pages, path: str) -> None:
    answer = await pages.get(WARD, f"{path}0190f000-0000-7000-8000-000000000000")

    assert answer.status_code == 404


async def test_plan_is_saved_and_shown_with_its_history(pages: Pages) -> None:
    stay_id = await pages.stay()

    saved = await pages.post(WARD, f"/ward/stays/{stay_id}/plan", PLAN)
    shown = await pages.get(WARD, f"/ward/stays/{stay_id}")

    assert (saved.status_code, saved.headers["location"]) == (303, f"/ward/stays/{stay_id}")
    assert "Plan 1" in words_of(shown)
    assert 'value="23.59"' in shown.text
    assert "4 af 4 er klar" in words_of(shown) or "5 af 5 er klar" in words_of(shown)


async def test_wrong_time_is_named_and_nothing_is_lost(pages: Pages) -> None:
    stay_id = await pages.stay()

    answer = await pages.post(
        WARD, f"/ward/stays/{stay_id}/plan", PLAN | {"time": "25.00", "first24": "Vejes <hver> morgen"}
    )

    assert answer.status_code == 422
    assert "Ikke gemt. Ret 1 felt:" in words_of(answer)
    assert "Du skrev „25.00“" in words_of(answer)
    assert "Vejes &lt;hver&gt; morgen" in answer.text
    assert 'value="70 00 01 01"' in answer.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"phone": "ring"}, "Skriv et telefonnummer med tal"),
        ({"needs": ["none", "meals"]}, "ikke begge dele"),
        ({"date": "", "time": "15"}, "Skriv også datoen"),
        ({"medicine": "snart"}, "Skriv en dato"),
    ],
)
async def test_field_that_cannot_be_right_is_refused(
    pages: Pages, changes: dict[str, str | list[str]], words: str
) -> None:
    stay_id = await pages.stay()

    answer = await pages.post(WARD, f"/ward/stays/{stay_id}/plan", PLAN | changes)

    assert answer.status_code == 422
    assert words in words_of(answer)


async def test_old_version_is_told_what_changed_meanwhile(pages: Pages) -> None:
    stay_id = await pages.stay()
    await pages.post(WARD, f"/ward/stays/{stay_id}/plan", PLAN)

    answer = await pages.post(WARD, f"/ward/stays/{stay_id}/plan", PLAN | {"certainty": "unsure"})

    assert answer.status_code == 412
    assert "En anden har ændret det imens" in words_of(answer)
    assert "Første plan" in words_of(answer)


async def test_no_needs_is_something_else_than_nothing_said(pages: Pages) -> None:
    stay_id = await pages.stay()
    await pages.post(WARD, f"/ward/stays/{stay_id}/plan", {"version": "0", "needs": ["none"]})

    shown = words_of(await pages.get(WARD, f"/ward/stays/{stay_id}"))

    assert "Behov vurderet Ingen behov" in shown


async def test_treatment_is_finished_and_taken_back(pages: Pages) -> None:
    stay_id = await pages.stay()
    path = f"/ward/stays/{stay_id}"

    await pages.post(WARD, f"{path}/treatment", {"version": "0", "finished": "yes"})
    finished = words_of(await pages.get(WARD, path))
    stale = await pages.post(WARD, f"{path}/treatment", {"version": "0", "finished": "no"})
    await pages.post(WARD, f"{path}/treatment", {"version": "1", "finished": "no"})
    withdrawn = words_of(await pages.get(WARD, path))

    assert "Meldt færdigbehandlet" in finished
    assert stale.status_code == 412
    assert "Meld færdigbehandlet" in withdrawn


async def test_discharge_asks_why_when_something_is_missing(pages: Pages) -> None:
    stay_id = await pages.stay()
    path = f"/ward/stays/{stay_id}"

    asked = await pages.post(WARD, f"{path}/discharge", {"version": "0", "leaves": "now"})
    marked = await pages.post(
        WARD, f"{path}/discharge", {"version": "0", "leaves": "now", "reason": "Datteren henter nu"}
    )
    shown = words_of(await pages.get(WARD, path))

    assert asked.status_code == 422
    assert "Skriv, hvorfor I udskriver nu." in words_of(asked)
    assert marked.status_code == 303
    assert "Begrundelse: Datteren henter nu" in shown
    assert "Fortryd udskrivelse" in shown


async def test_discharge_at_the_planned_time_needs_no_reason_when_all_is_ready(pages: Pages) -> None:
    stay_id = await pages.stay()
    path = f"/ward/stays/{stay_id}"
    await pages.post(WARD, f"{path}/plan", PLAN)

    marked = await pages.post(WARD, f"{path}/discharge", {"version": "1", "leaves": "planned"})
    board = words_of(await pages.get(WARD, "/ward"))

    assert marked.status_code == 303
    assert "Udskrevet i dag" in board or "Udskrevet" in board


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"leaves": "other", "leaves_at": "snart"}, 422, "Skriv et klokkeslæt"),
        ({"leaves": "now", "version": "7"}, 412, "En anden har ændret det imens"),
        ({"leaves": "other", "leaves_at": "23.58"}, 303, ""),
    ],
)
async def test_departure_is_read_or_refused(pages: Pages, form: dict[str, str], status: int, words: str) -> None:
    stay_id = await pages.stay()
    reasoned = {"version": "0", "reason": "Haster"} | form

    answer = await pages.post(WARD, f"/ward/stays/{stay_id}/discharge", reasoned)

    assert answer.status_code == status
    assert words in words_of(answer)


async def test_discharge_is_undone(pages: Pages) -> None:
    stay_id = await pages.stay()
    path = f"/ward/stays/{stay_id}"
    await pages.post(WARD, f"{path}/discharge", {"version": "0", "leaves": "now", "reason": "Fejl"})

    undone = await pages.post(WARD, f"{path}/undo", {"back": "/ward"})
    elsewhere = await pages.post(WARD, f"{path}/undo", {"back": "https://example.org/"})

    assert undone.headers["location"] == "/ward"
    assert elsewhere.status_code in {303, 422}
    assert "example.org" not in elsewhere.headers.get("location", "")
    assert "Klar til at gå hjem?" in words_of(await pages.get(WARD, path))


async def test_board_shows_whose_end_was_told_today_however_old_it_is(pages: Pages) -> None:
    long_ago = wall_now().replace(microsecond=0) - timedelta(days=900)
    admission = notification(started_at=long_ago, occurred_at=long_ago)
    left = long_ago + timedelta(days=3)
    discharge = notification(
        NoticeKind.SLHJ,
        episode=admission.episode,
        started_at=long_ago,
        ended_at=left,
        occurred_at=left,
        history=(admission.sent,),
    )
    for message in (admission, discharge):
        assert code_of(await pages.house.send(message)) == "ok"

    assert FAMILY in (await pages.get(WARD, "/ward")).text


async def test_begin_form_opens_with_the_time_as_it_is(pages: Pages) -> None:
    answer = await pages.get(WARD, "/ward/begin")

    assert answer.status_code == 200
    assert 'name="cpr"' in answer.text


async def test_stay_is_begun_by_hand(pages: Pages) -> None:
    form = {
        "cpr": "070735-0001",
        "given": "Ole Bo",
        "family": "Håndskrevet",
        "municipality": str(MUNICIPALITY),
        "gp": str(PRACTICE),
        "date": "i dag",
        "time": "0.01",
        "bed": "21",
        "kind": "STAA",
    }

    begun = await pages.post(WARD, "/ward/begin", form)
    shown = await pages.get(WARD, begun.headers["location"])

    assert begun.status_code == 303
    assert "Ole Bo Håndskrevet" in shown.text
    assert "0001" not in shown.text.replace(begun.headers["location"], "")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cpr": "12"}, "Skriv alle ti cifre."),
        ({"family": ""}, "Skriv patientens efternavn."),
        ({"time": ""}, "Skriv et klokkeslæt"),
        ({"time": "99"}, "Skriv et klokkeslæt"),
        ({"date": "31.12.2099"}, "højst ligge 24 timer frem"),
    ],
)
async def test_begin_names_what_is_wrong_and_never_repeats_the_number(
    pages: Pages, changes: dict[str, str], words: str
) -> None:
    form = {"cpr": "070735-0001", "family": "Prøve", "date": "i dag", "time": "10.00", "kind": "STIN"}

    answer = await pages.post(WARD, "/ward/begin", form | changes)

    assert answer.status_code == 422
    assert words in words_of(answer)
    assert "0707350001" not in answer.text
    assert "070735-0001" not in answer.text
