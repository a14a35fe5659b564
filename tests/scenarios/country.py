"""The little Denmark of the tests, in the region whose agreement is shipped whole."""

from __future__ import annotations

from dataclasses import replace

from services.agreements.shipped import profile
from services.persistence import database as persistence
from services.persistence.master import put_agreement, put_organizations
from tests import factories
from tests.engines import Database
from tests.factories import HOSPITAL, PAPER_WARD
from tests.services.persistence.store import VAULT

__all__ = ["agree"]

_LOCATIONS = {HOSPITAL: "5790000000018", PAPER_WARD: "5790000000001"}
"""Location numbers of those who exchange letters with systems outside."""


async def agree(urls: Database) -> None:
    """Put the organisations and the agreement of Midtjylland into an empty database."""
    store = persistence.Database(persistence.engine_for(urls.app_url), VAULT, access_days=30, demo=True)
    places = [
        replace(place, region=place.region and "DK-82", gln=_LOCATIONS.get(place.sor))
        for place in factories.directory().organizations.values()
    ]
    try:
        async with store.writing() as connection:
            await put_organizations(connection, places)
            await put_agreement(connection, profile("dk-midtjylland"))
    finally:
        await store.close()
