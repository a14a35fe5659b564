"""Writing care messages over a real store: begun, answered, forwarded, and refused with the words kept."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from html import unescape

import pytest

from discharge.policy import Role
from notifications.outbound import DeliveryState
from services.persistence.master import put_organizations
from tests.engines import Database
from tests.factories import FAMILY, HOSPITAL, MUNICIPALITY, NORTH, PAPER_WARD, PRACTICE, WARD, directory
from tests.fhir_mappings import care
from tests.letters import PDF, PNG
from tests.services.installation import code_of
from tests.services.pages_house import Pages, pages_over, words_of
from tests.services.stays.talk import NURSE, Files, arrived, message, send, upload, written


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


@pytest.fixture
async def outside(pages: Pages) -> str:
    """The ward has written to a hospital that does not use Stafet; the stay."""
    numbers = {PAPER_WARD: "5790000000001", HOSPITAL: "5790000000018"}
    async with pages.house.database.writing() as connection:
        await put_organizations(connection, [replace(directory()[sor], gln=gln) for sor, gln in numbers.items()])
    stay_id = await pages.stay()
    sent = await upload(pages, Role.WARD, f"/stays/{stay_id}/conversations", written(recipient=PAPER_WARD))
    assert sent.status_code == 303, words_of(sent)
    return stay_id


async def stands_at(pages: Pages, state: DeliveryState) -> None:
    await pages.house.scalar("UPDATE outbound_message SET state = :state RETURNING id", state=state.value)


@pytest.mark.parametrize(
    ("state", "danish", "english"),
    [
        (DeliveryState.SENT, "Sendt, ikke leveret endnu", "Sent, not delivered yet"),
        (DeliveryState.RETRY, "Sendt, ikke leveret endnu", "Sent, not delivered yet"),
        (DeliveryState.ACKNOWLEDGED, "Leveret til modtagerens system", "Delivered to the receiver's system"),
        (DeliveryState.IN_ERROR, "Ikke leveret. Ring til modtageren", "Not delivered. Call the receiver"),
        (DeliveryState.DISCARDED, "Ikke leveret. Ring til modtageren", "Not delivered. Call the receiver"),
    ],
)
async def test_letter_that_leaves_says_how_far_it_came(
    pages: Pages, outside: str, state: DeliveryState, danish: str, english: str
) -> None:
    await stands_at(pages, state)
    thread = await pages.house.scalar("SELECT id::text FROM conversation")

    for path in (f"/stays/{outside}/conversations/{thread}", f"/stays/{outside}"):
        assert danish in words_of(await pages.get(Role.WARD, f"{path}?lang=da")), path
        assert english in unescape(words_of(await pages.get(Role.WARD, f"{path}?lang=en"))), path


async def test_lists_mark_a_letter_that_did_not_arrive_and_no_other(pages: Pages, outside: str) -> None:
    lists = ("/conversations", f"/stays/{outside}")
    before = [(await pages.get(Role.WARD, path)).text for path in lists]
    await stands_at(pages, DeliveryState.IN_ERROR)
    after = [(await pages.get(Role.WARD, path)).text for path in lists]

    assert not any("u-over" in text for text in before)
    assert all(re.search(r'class="u u-over"><svg.*?</svg>Ikke leveret</span>', text) for text in after)


async def test_nobody_beside_the_thread_learns_how_far_a_letter_came(pages: Pages, outside: str) -> None:
    await stands_at(pages, DeliveryState.IN_ERROR)

    assert "Ring til modtageren" not in words_of(await pages.get(NURSE, f"/stays/{outside}"))


async def test_list_says_who_wrote_last(pages: Pages) -> None:
    await arrived(pages)

    assert "I skrev sidst" in words_of(await pages.get(Role.WARD, "/conversations"))
    assert "Fra Sund Sygehus, Medicinsk M1" in words_of(await pages.get(NURSE, "/conversations"))


async def test_after_a_refusal_files_are_to_be_chosen_again(pages: Pages) -> None:
    stay_id = await pages.stay()

    blank = await pages.get(Role.WARD, f"/stays/{stay_id}/conversations/new")
    refused = await upload(pages, Role.WARD, f"/stays/{stay_id}/conversations", written(text=""))

    assert "skal vælges igen" not in words_of(blank)
    assert "Filer, du havde valgt, skal vælges igen." in words_of(refused)
