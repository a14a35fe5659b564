"""HL7 Europe discharge reports, as FHIR R4 documents: bytes -> what they say, and what they leave out."""
