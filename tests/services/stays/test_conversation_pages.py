"""Care messages over a real store: they come in, are shown, answered, forwarded and downloaded."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest

from discharge.identifiers import SorCode
from discharge.policy import Role
from tests.engines import Database
from tests.factories import CPR, FAMILY, HOSPITAL, MUNICIPALITY, NEIGHBOUR, NORTH, PAPER_WARD, PRACTICE, WARD
from tests.fhir_mappings import care
from tests.fhir_mappings.messages import organization
from tests.letters import PDF, PNG
from tests.services.installation import FHIR, code_of, details_of
from tests.services.pages_house import PLACES, Pages, pages_over, words_of

NURSE = Role.HOME_NURSE
Files = list[tuple[str, tuple[str, bytes, str]]]


@pytest.fixture
async def pages(database: Database) -> AsyncIterator[Pages]:
    async with pages_over(database) as running:
        yield running


def message(sender: SorCode = WARD, receiver: SorCode = MUNICIPALITY, **changes: Any) -> dict[str, Any]:
    """A care communication about the citizen between two places of the little Denmark."""
    made = care.letter(**changes)
    header = care.of_type(made, "MessageHeader")
    header["id"], made["id"] = str(uuid.uuid4()), str(uuid.uuid4())
    header["destination"][0]["endpoint"] = f"https://sor2.sum.dsdn.dk/#id={receiver}"
    header["source"]["endpoint"] = f"https://sor2.sum.dsdn.dk/#id={sender}"
    care.of_type(made, "Provenance")["target"] = [{"reference": f"MessageHeader/{header['id']}"}]
    care.of_type(made, "Patient")["identifier"][0]["value"] = CPR.digits
    for entry in made["entry"]:
        resource = entry["resource"]
        if resource["resourceType"] == "Organization":
            sor = sender if resource["id"] == "hospital" else receiver
            resource["identifier"] = organization(resource["id"], sor, "")["identifier"]
        entry["fullUrl"] = f"https://nordhavn.example/fhir/{resource['resourceType']}/{resource['id']}"
    communication = care.communication(made)
    del communication["encounter"]
    made["entry"] = [each for each in made["entry"] if each["resource"]["resourceType"] != "Encounter"]
    return made


async def send(pages: Pages, body: dict[str, Any], organization_: SorCode = HOSPITAL) -> httpx.Response:
    headers = pages.house.token(Role.SYSTEM, organization_) | {"content-type": FHIR}
    return await pages.house.client.post("/fhir/$process-message", content=orjson.dumps(body), headers=headers)


async def arrived(pages: Pages, body: dict[str, Any] | None = None) -> tuple[str, str]:
    """The citizen is admitted and a letter has come: the ids of stay and thread."""
    stay_id = await pages.stay()
    assert code_of(await send(pages, body or message())) == "ok"
    conversation_id = await pages.house.scalar("SELECT id FROM conversation")
    return stay_id, str(conversation_id)


async def upload(
    pages: Pages, role: Role, path: str, form: dict[str, str], files: Files | None = None
) -> httpx.Response:
    headers = pages.house.token(role, *PLACES[role])
    # Without files the body is a multipart form all the same, as browsers send it.
    attached = files or [("files", ("", b"", "application/octet-stream"))]
    return await pages.house.client.post(path, data=form, files=attached, headers=headers)


def written(**changes: str) -> dict[str, str]:
    made = {
        "draft": str(uuid.uuid4()),
        "recipient": MUNICIPALITY,
        "category": "discharge",
        "text": "Kan I nå en seng til i morgen?",
        "phone": "70 00 01 01",
    }
    return made | changes


async def test_letter_stands_on_the_stay_and_on_its_own_page(pages: Pages) -> None:
    stay_id, thread = await arrived(pages)

    stay = words_of(await pages.get(NURSE, f"/stays/{stay_id}"))
    page = await pages.get(NURSE, f"/stays/{stay_id}/conversations/{thread}")

    assert "Udskrives i dag" in stay
    assert "Besked til Lund Kommune, Hjemmepleje Nord" in stay
    words = words_of(page)
    for said in ("Anna Afsendersen · Sygeplejerske", "Hun kommer hjem kl. 15.", "+4570000101", "Plan", "Udskrivelse"):
        assert said in words, said
    assert FAMILY in words
    assert CPR.digits not in page.text


async def test_everybody_at_the_stay_whose_role_reads_letters_reads_it(pages: Pages) -> None:
    stay_id, thread = await arrived(pages)

    for role in (Role.WARD, NURSE, Role.VISITATOR):
        assert (await pages.get(role, f"/stays/{stay_id}/conversations/{thread}")).status_code == 200, role
    for role in (Role.LEADER, Role.OPERATOR):
        assert (await pages.get(role, f"/conversations/{thread}")).status_code == 403, role
    assert (await pages.get(Role.GP, f"/conversations/{thread}")).status_code == 404


async def test_other_place_finds_no_thread_and_no_file(pages: Pages) -> None:
    _, thread = await arrived(pages)
    file_id = await pages.house.scalar("SELECT id FROM attachment")
    stranger = pages.house.token(NURSE, NEIGHBOUR)

    for path in (
        f"/conversations/{thread}",
        f"/conversations/{thread}/forward",
        f"/conversations/{thread}/attachments/{file_id}",
    ):
        assert (await pages.house.client.get(path, headers=stranger)).status_code == 404, path


async def test_file_is_saved_and_runs_nowhere(pages: Pages) -> None:
    stay_id, thread = await arrived(pages)
    page = await pages.get(NURSE, f"/stays/{stay_id}/conversations/{thread}")
    found = re.search(rf'href="(/conversations/{thread}/attachments/[0-9a-f-]+)"', page.text)
    assert found is not None

    file = await pages.get(NURSE, found[1])

    assert (file.status_code, file.content) == (200, care.PDF)
    assert file.headers["content-type"] == "application/pdf"
    assert file.headers["content-disposition"] == "attachment; filename*=UTF-8''Plan.pdf"
    assert file.headers["x-content-type-options"] == "nosniff"
    assert file.headers["content-security-policy"] == "sandbox; default-src 'none'"


async def test_file_of_another_thread_is_not_found(pages: Pages) -> None:
    _, thread = await arrived(pages)

    assert (await pages.get(NURSE, f"/conversations/{thread}/attachments/{uuid.uuid4()}")).status_code == 404
    assert (await pages.get(NURSE, f"/conversations/{thread}/attachments/nonsense")).status_code == 404
    assert (await pages.get(NURSE, "/conversations/nonsense")).status_code == 404


async def test_nurse_answers_with_a_file_and_the_ward_reads_it(pages: Pages) -> None:
    stay_id, thread = await arrived(pages)
    page = await pages.get(NURSE, f"/stays/{stay_id}/conversations/{thread}")
    draft = re.search(r'name="draft" value="([0-9a-f-]{36})"', page.text)
    about = re.search(r'name="about" value="([^"]+)"', page.text)
    assert draft is not None
    assert about is not None
    form = {"draft": draft[1], "about": about[1], "text": "Sengen kommer <b>kl. 14</b>\nHilsen", "phone": "20304050"}

    sent = await upload(
        pages,
        NURSE,
        f"/conversations/{thread}/reply",
        form,
        [("files", ("C:\\Mine\\Følgeseddel.PDF", PDF, "application/pdf"))],
    )
    again = await upload(pages, NURSE, f"/conversations/{thread}/reply", form)

    assert sent.status_code == again.status_code == 303
    assert sent.headers["location"].startswith(f"/stays/{stay_id}/conversations/{thread}#message-")
    shown = await pages.get(Role.WARD, f"/stays/{stay_id}/conversations/{thread}")
    assert "Sengen kommer &lt;b&gt;kl. 14&lt;/b&gt;\nHilsen" in shown.text
    assert "Følgeseddel" in words_of(shown)
    assert await pages.house.scalar("SELECT count(*) FROM care_message") == 2


async def test_ward_begins_a_thread_and_the_municipality_is_told_at_once(pages: Pages) -> None:
    stay_id = await pages.stay()
    blank = await pages.get(Role.WARD, f"/stays/{stay_id}/conversations/new")
    options = re.findall(r'<option value="(\d+)">([^<]+)</option>', blank.text)
    assert (MUNICIPALITY, "Lund Kommune") in options
    assert (PRACTICE, "Lægehuset") in options
    assert not {HOSPITAL, WARD} & {sor for sor, _ in options}

    sent = await upload(
        pages,
        Role.WARD,
        f"/stays/{stay_id}/conversations",
        written(topic="Seng"),
        [("files", ("billede.png", PNG, "image/png"))],
    )

    assert sent.status_code == 303
    shown = words_of(await pages.get(NURSE, sent.headers["location"]))
    assert "Kan I nå en seng til i morgen?" in shown
    assert "billede" in shown
    told = await pages.house.scalar(
        "SELECT count(*) FROM feed_entry WHERE event = 'message' AND feed_id = :feed AND stay_id = :stay",
        feed=NORTH,
        stay=uuid.UUID(stay_id),
    )
    assert told == 1
    assert FAMILY not in str(await pages.house.scalar("SELECT string_agg(title, '|') FROM feed_entry"))


async def test_what_is_missing_is_said_at_the_field_and_nothing_is_lost(pages: Pages) -> None:
    stay_id = await pages.stay()

    refused = await upload(
        pages, Role.WARD, f"/stays/{stay_id}/conversations", written(category="", text="Mit udkast", phone="ring")
    )

    assert refused.status_code == 422
    assert "Mit udkast" in refused.text
    assert "Skriv et telefonnummer" in words_of(refused)
    assert await pages.house.scalar("SELECT count(*) FROM conversation") == 0


@pytest.mark.parametrize(
    ("name", "content", "status", "words"),
    [
        ("plan.pdf", b"<html><script>alert(1)</script>", 415, "kan ikke vedhæftes"),
        ("plan.pdf", b"PK\x03\x04 a zip", 415, "kan ikke vedhæftes"),
        ("plan.pdf", PDF + bytes(5 * 1024 * 1024), 413, "er for stor"),
    ],
)
async def test_file_that_will_not_do_is_refused_with_the_words_kept(
    pages: Pages, name: str, content: bytes, status: int, words: str
) -> None:
    stay_id = await pages.stay()

    refused = await upload(
        pages, Role.WARD, f"/stays/{stay_id}/conversations", written(), [("files", (name, content, "application/pdf"))]
    )

    assert refused.status_code == status
    assert words in words_of(refused)
    assert "Kan I nå en seng til i morgen?" in refused.text
    assert await pages.house.scalar("SELECT count(*) FROM attachment") == 0


async def test_too_many_files_are_refused(pages: Pages) -> None:
    stay_id = await pages.stay()
    files: Files = [("files", (f"{number}.png", PNG, "image/png")) for number in range(11)]

    refused = await upload(pages, Role.WARD, f"/stays/{stay_id}/conversations", written(), files)

    assert refused.status_code == 413
    assert "Højst 10 filer" in words_of(refused)


async def test_thread_is_forwarded_to_the_practice_which_reads_it_and_its_file(pages: Pages) -> None:
    stay_id, thread = await arrived(pages)
    blank = await pages.get(NURSE, f"/conversations/{thread}/forward")
    assert "Lægehuset" in words_of(blank)

    sent = await upload(
        pages,
        NURSE,
        f"/conversations/{thread}/forward",
        written(recipient=PRACTICE, category="", text="Til orientering"),
    )

    assert sent.status_code == 303
    new = sent.headers["location"].partition("#")[0].rpartition("/")[2]
    shown = await pages.get(Role.GP, f"/conversations/{new}")
    assert "Hun kommer hjem kl. 15." in words_of(shown)
    assert "Kendt fra en senere besked" in words_of(shown)
    assert FAMILY in shown.text
    found = re.search(r'href="(/conversations/[0-9a-f-]+/attachments/[0-9a-f-]+)"', shown.text)
    assert found is not None
    assert (await pages.get(Role.GP, found[1])).content == care.PDF
    assert "Udskrives i dag" in words_of(await pages.get(Role.GP, "/conversations"))
    assert (await pages.get(Role.GP, f"/stays/{stay_id}")).status_code == 404


async def test_list_shows_the_threads_of_ones_own_place(pages: Pages) -> None:
    await arrived(pages)

    assert "Elmerskov: Udskrives i dag" in words_of(await pages.get(NURSE, "/conversations"))
    assert "Ingen har skrevet endnu" in words_of(await pages.get(Role.GP, "/conversations"))


async def test_letter_that_is_taken_back_stays_struck_through(pages: Pages) -> None:
    first = message(version=3)
    stay_id, thread = await arrived(pages, first)
    back = message(version=3, activity="retract-message")
    care.communication(back)["status"] = "entered-in-error"
    care.payload(back)["contentString"] = "Forkert borger"
    care.extension(care.payload(back), care.SEGMENT_ID)["valueIdentifier"]["value"] = f"urn:uuid:{uuid.uuid4()}"
    care.communication(back)["payload"] = [care.payload(back)]
    reference = f"MessageHeader/{care.of_type(first, 'MessageHeader')['id']}"
    care.of_type(back, "Provenance")["entity"] = [{"role": "removal", "what": {"reference": reference}}]

    assert code_of(await send(pages, back)) == "ok"

    page = await pages.get(NURSE, f"/stays/{stay_id}/conversations/{thread}")
    assert "<del>Hun kommer hjem" in page.text
    assert "Trukket tilbage af afsenderen" in words_of(page)
    assert "Forkert borger" in words_of(page)


async def test_bad_attachment_is_a_fatal_error_that_names_the_element(pages: Pages) -> None:
    await pages.stay()
    bad = message()
    care.payload(bad, 1)["contentAttachment"]["data"] = base64.b64encode(b"<html>").decode()

    answer = await send(pages, bad)

    assert code_of(answer) == "fatal-error"
    assert details_of(answer) == ["MSG_Datatype_Wrong"]
    assert "payload[1].contentAttachment.data" in answer.text
    assert await pages.house.scalar("SELECT count(*) FROM conversation") == 0


async def test_letter_that_comes_twice_gets_the_same_answer_and_is_kept_once(pages: Pages) -> None:
    await pages.stay()
    body = message()
    first = await send(pages, body)

    again = await send(pages, body | {"id": str(uuid.uuid4())})

    assert code_of(first) == code_of(again) == "ok"
    assert await pages.house.scalar("SELECT count(*) FROM care_message") == 1


async def test_letter_to_a_place_that_is_not_served_here_is_refused(pages: Pages) -> None:
    answer = await send(pages, message(receiver=SorCode("329341000016003")))

    assert details_of(answer) == ["MSG_Receiver_Identifier_UNKNOWN"]


async def test_letter_about_a_citizen_nobody_knows_leaves_no_body(pages: Pages) -> None:
    body = message(receiver=NEIGHBOUR)
    care.of_type(body, "Patient")["identifier"][0]["value"] = "0101501234"

    assert code_of(await send(pages, body)) == "ok"

    assert await pages.house.scalar("SELECT count(*) FROM conversation") == 0
    assert await pages.house.scalar("SELECT count(*) FROM message WHERE body IS NOT NULL") == 0


async def test_large_file_of_a_message_is_taken(pages: Pages) -> None:
    body = message()
    large = PDF + bytes(3 * 1024 * 1024)
    care.payload(body, 1)["contentAttachment"]["data"] = base64.b64encode(large).decode()

    await arrived(pages, body)

    assert await pages.house.scalar("SELECT size FROM attachment") == len(large)


async def test_pages_are_english_when_asked(pages: Pages) -> None:
    stay_id, thread = await arrived(pages)

    words = words_of(await pages.get(NURSE, f"/stays/{stay_id}/conversations/{thread}?lang=en"))

    assert "Send answer" in words
    assert "Discharge" in words


async def test_browser_sends_files_with_its_session_and_token_and_nobody_else_does(pages: Pages) -> None:
    stay_id = await pages.stay()
    client, origin = pages.house.client, {"origin": "http://localhost:8000"}
    entered = await client.post("/demo/sign-in", data={"person": f"ward|{WARD}"}, headers=origin)
    cookie = {"cookie": entered.headers["set-cookie"].split(";")[0]}
    blank = await client.get(f"/stays/{stay_id}/conversations/new", headers=cookie)
    token = blank.text.split('name="csrf" value="')[1].split('"')[0]
    file = {"files": ("plan.pdf", PDF + bytes(2 * 1024 * 1024), "application/pdf")}
    path = f"/stays/{stay_id}/conversations"

    forged = await client.post(path, data=written(), files=file, headers=cookie | origin)
    sent = await client.post(path, data=written(csrf=token), files=file, headers=cookie | origin)

    assert forged.status_code == 403
    assert sent.status_code == 303, sent.text
    assert await pages.house.scalar("SELECT size FROM attachment") == len(PDF) + 2 * 1024 * 1024


async def test_form_beyond_its_limit_is_refused_before_it_is_read(database: Database) -> None:
    async with pages_over(database, upload_body_bytes=2000) as narrow:
        stay_id = await narrow.stay()

        refused = await upload(
            narrow, Role.WARD, f"/stays/{stay_id}/conversations", written(), [("files", ("a.pdf", PDF * 200, ""))]
        )

        assert refused.status_code == 413
        assert await narrow.house.scalar("SELECT count(*) FROM conversation") == 0


async def test_answer_to_what_was_taken_back_meanwhile_keeps_the_words(pages: Pages) -> None:
    first = message(version=3)
    _, thread = await arrived(pages, first)
    first_id = care.of_type(first, "MessageHeader")["id"]
    back = message(version=3, activity="retract-message")
    care.of_type(back, "Provenance")["entity"] = [
        {"role": "removal", "what": {"reference": f"MessageHeader/{first_id}"}}
    ]
    assert code_of(await send(pages, back)) == "ok"

    refused = await upload(pages, NURSE, f"/conversations/{thread}/reply", written(about=first_id, text="Mit svar"))

    assert refused.status_code == 422
    assert "trukket tilbage eller rettet imens" in words_of(refused)
    assert "Mit svar" in refused.text


async def test_place_that_only_reads_may_forward_but_not_answer(pages: Pages) -> None:
    body = message(sender=NORTH, receiver=MUNICIPALITY)
    await pages.stay()
    assert code_of(await send(pages, body, MUNICIPALITY)) == "ok"
    thread = await pages.house.scalar("SELECT id FROM conversation")

    shown = await pages.get(Role.WARD, f"/conversations/{thread}")
    refused = await upload(pages, Role.WARD, f"/conversations/{thread}/reply", written(category=""))

    assert "Send svar" not in words_of(shown)
    assert "Send videre" in words_of(shown)
    assert refused.status_code == 403
    assert "I deltager ikke i denne samtale" not in words_of(shown)


async def test_place_that_cannot_be_reached_is_said_at_the_field(pages: Pages) -> None:
    stay_id = await pages.stay()

    refused = await upload(
        pages, Role.WARD, f"/stays/{stay_id}/conversations", written(recipient=PAPER_WARD, text="Hej")
    )

    assert refused.status_code == 422
    assert "mangler et lokationsnummer" in words_of(refused)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"recipient": ""}, "Vælg, hvem du skriver til"),
        ({"category": ""}, "Vælg, hvad det handler om"),
        ({"category": "other"}, "Skriv et emne"),
        ({"text": ""}, "Skriv din besked"),
        ({"text": "x" * 20_001}, "Skriv højst 20.000 tegn"),
    ],
)
async def test_each_field_says_what_it_needs(pages: Pages, changes: dict[str, str], words: str) -> None:
    stay_id = await pages.stay()

    refused = await upload(pages, Role.WARD, f"/stays/{stay_id}/conversations", written(**changes))

    assert refused.status_code == 422
    assert words in words_of(refused)
