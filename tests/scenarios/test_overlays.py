"""R34: an extraordinary regime, dated and for named parties; and what a municipality may do differently."""

from __future__ import annotations

import asyncio

import pytest

from services.agreements.loading import put_agreement_file
from services.agreements.reading import AgreementFileError
from services.agreements.shipped import layer_file
from tests.engines import Database
from tests.factories import MUNICIPALITY, NEIGHBOUR, NORTH, PRACTICE, WARD
from tests.scenarios.country import agree
from tests.scenarios.people import Given, Person, Ward
from tests.scenarios.story import Clock, Story, Then, escalation, overdue, reminder

EPIDEMIC = f"""
kind: overlay
id: midtjylland-epidemi
version: 1.0.0
title: Nødberedskab under en epidemi
base: dk-midtjylland
regions: [DK-82]
parties: ["{MUNICIPALITY}"]
valid-from: 2026-11-20
valid-to: 2026-11-30
changes:
  - {{rule: R02, suspend: true}}
  - rule: R03
    set:
      ladder:
        - {{do: overdue, after-due: PT0M}}
        - {{do: escalate, after: PT2H, to: municipality-on-duty, roles: [home-nurse]}}
"""
"""It holds for the municipality of the stories on ten days, and changes what no deviation may."""
DEVIATION = f"""
kind: deviation
id: lund
version: 2.0.0
title: Lund Kommunes afvigelser
base: dk-midtjylland
parties: ["{MUNICIPALITY}"]
valid-from: 2026-01-01
changes:
  - rule: R17
    set:
      ladder:
        - {{do: escalate, after: PT5M, to: municipality-on-duty, roles: [home-nurse]}}
        - {{do: overdue, after-due: PT0M}}
"""
VISITORS = "home-nurse visitator"


@pytest.fixture
def midtjylland(database: Database) -> Database:
    """A country of its own for each story: what is laid upon its agreement stays there."""
    asyncio.run(agree(database))
    return database


async def laid(story: Story, layer: str) -> None:
    await put_agreement_file(story.store.database, layer.encode())


def version_of(then: Then, code: str) -> str:
    return str(
        then.counts("SELECT agreement_version FROM task WHERE code = %(c)s ORDER BY created_at DESC LIMIT 1", c=code)
    )


async def test_r34_in_the_days_of_the_overlay_a_deadline_is_held_back_and_another_is_longer(
    story: Story, given: Given, then: Then
) -> None:
    await laid(story, EPIDEMIC)

    await given.admitted("fredag 20.11.2026 11.40")

    then.never_asked("check-record")
    await then.owes(NORTH, "pause-services", by="13.40", roles=VISITORS, rule="R03")
    assert version_of(then, "pause-services") == "1.0.0+midtjylland-epidemi@1.0.0"
    await then.rings(
        "pause-services", overdue("13.40", NORTH, VISITORS), escalation("13.40", MUNICIPALITY, "home-nurse")
    )


@pytest.mark.parametrize("day", ["torsdag 19.11.2026 23.59", "tirsdag 1.12.2026 00.00"])
async def test_r34_before_and_after_its_days_the_agreement_is_as_it_was(
    story: Story, given: Given, then: Then, day: str
) -> None:
    await laid(story, EPIDEMIC)

    await given.admitted(day)

    assert then.counts("SELECT count(*) FROM task WHERE code = 'check-record'") == 1
    assert version_of(then, "check-record") == version_of(then, "pause-services") == "1.0.0"


async def test_r34_on_the_last_minute_of_the_last_day_it_still_holds(story: Story, given: Given, then: Then) -> None:
    await laid(story, EPIDEMIC)

    await given.admitted("mandag 30.11.2026 23.59")

    then.never_asked("check-record")


async def test_r34_who_is_no_party_to_it_goes_by_the_agreement(story: Story, given: Given, then: Then) -> None:
    await laid(story, EPIDEMIC.replace(MUNICIPALITY, NEIGHBOUR))

    await given.admitted("mandag 23.11.2026 09.00")

    await then.owes(NORTH, "check-record", by="tirsdag 09.00", roles=VISITORS, rule="R02")
    assert version_of(then, "check-record") == "1.0.0"


async def test_r34_what_was_asked_before_it_keeps_its_version_and_its_ladder(
    story: Story, given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await laid(story, EPIDEMIC)
    await given.admitted("torsdag 19.11.2026 14.00")

    await clock.set("fredag 09.00")
    await ward.expects("tirsdag 24.11.2026 10.00", needs="home-nursing")

    await then.owes(NORTH, "check-record", by="fredag 14.00", roles=VISITORS, rule="R02")
    assert version_of(then, "check-record") == "1.0.0"
    assert version_of(then, "read-care-plan") == "1.0.0+midtjylland-epidemi@1.0.0"
    await then.rings(
        "check-record",
        reminder("fredag 10.00", NORTH, VISITORS),
        overdue("fredag 14.00", NORTH, VISITORS),
        escalation("fredag 15.00", MUNICIPALITY, "leader"),
    )


async def test_r34_what_was_asked_under_it_keeps_its_ladder_after_its_last_day(
    story: Story, given: Given, nurse: Person, clock: Clock, then: Then
) -> None:
    await laid(story, EPIDEMIC)
    await given.admitted("mandag 30.11.2026 23.30")
    await nurse.takes_on("pause-services")

    await then.rings("pause-services", overdue("tirsdag 1.12.2026 01.30", NORTH, VISITORS))
    await nurse.completes("pause-services")

    then.is_done("pause-services")


async def test_r34_shipped_summer_overlay_gives_the_visit_a_week_more(
    story: Story, given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await laid(story, layer_file("midtjylland-sommer").decode())
    await given.admitted("onsdag 7.7.2027 09.00")
    await ward.says(frail=True)
    await clock.set("mandag 12.7.2027 11.40")

    await ward.discharges()

    await then.owes(NORTH, "follow-up-visit", by="mandag 26.7.2027 24.00", roles="home-nurse", rule="R24")
    await then.owes(PRACTICE, "book-follow-up-visit", by="mandag 19.7.2027 24.00", roles="gp", rule="R24")
    assert version_of(then, "follow-up-visit") == "1.0.0+midtjylland-sommer-2027@1.0.0"
    assert version_of(then, "assess-needs") == "1.0.0"


async def test_r34_deviation_of_the_municipality_and_overlay_are_laid_in_that_order(
    story: Story, given: Given, ward: Ward, clock: Clock, then: Then
) -> None:
    await laid(story, DEVIATION)
    await laid(story, EPIDEMIC)
    await given.admitted("mandag 16.11.2026 09.00")
    await clock.set("fredag 20.11.2026 11.40")

    await ward.discharges()

    assert version_of(then, "check-record") == "1.0.0+lund@2.0.0"
    assert version_of(then, "resume-services") == "1.0.0+lund@2.0.0+midtjylland-epidemi@1.0.0"
    await then.rings(
        "resume-services", escalation("11.45", MUNICIPALITY, "home-nurse"), overdue("24.00", NORTH, VISITORS)
    )


async def test_r34_municipality_may_not_change_what_the_region_keeps_and_the_agreement_runs_on(
    story: Story, given: Given, then: Then
) -> None:
    forbidden = DEVIATION.replace("rule: R17", "rule: R18")

    with pytest.raises(AgreementFileError) as refused:
        await laid(story, forbidden)

    assert str(refused.value).startswith("line 12, rule R18, set.ladder")
    await given.admitted("fredag 20.11.2026 11.40")
    await then.owes(WARD, "assess-needs", by="lørdag 11.40", roles="ward doctor", rule="R04")
    assert version_of(then, "assess-needs") == "1.0.0"
