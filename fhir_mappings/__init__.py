"""Translation between FHIR and the domain, without input or output.

May import `discharge` and, in `r4.py` alone, `fhir.resources`; never a web framework, a database or `notifications`.
"""
