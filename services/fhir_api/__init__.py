"""The machines' door: capability, resources, documents and lists. Messages: ``services.hospital.inbox``."""

from fastapi import APIRouter

from services.fhir_api import documents, encounters, metadata, patients, plan_definitions, statements, tasks, validate

__all__ = ["router"]

router = APIRouter()
for _part in (metadata, tasks, patients, encounters, plan_definitions, statements, validate, documents):
    # Not `include_router`: the app guards routes one by one, so they must lie flat.
    router.routes.extend(_part.router.routes)
