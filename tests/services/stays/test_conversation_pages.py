"""Care messages over a real store: they come in, are shown, downloaded and taken back."""

from __future__ import annotations

import base64
import re
import uuid

from discharge.identifiers import SorCode
from discharge.policy import Role
from tests.factories import CPR, FAMILY, NEIGHBOUR
from tests.fhir_mappings import care
from tests.letters import PDF
from tests.services.installation import code_of, details_of
from tests.services.pages_house import Pages, words_of
from tests.services.stays.talk import NURSE, arrived, message, send


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
