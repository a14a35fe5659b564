"""The machines' door: capability, Task, Patient, Encounter. Messages come in at ``services.hospital.inbox``."""

from fastapi import APIRouter

from services.fhir_api import encounters, metadata, patients, tasks, validate

__all__ = ["router"]

router = APIRouter()
for _part in (metadata, tasks, patients, encounters, validate):
    # Not `include_router`: the app guards routes one by one, so they must lie flat.
    router.routes.extend(_part.router.routes)
