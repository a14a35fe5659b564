"""Tasks at the FHIR door."""
