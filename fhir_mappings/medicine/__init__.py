"""Medicine in FHIR: lines of lists read and written, and what a practice decides of them."""
