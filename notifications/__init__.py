"""Delivery of what was committed: feeds, wake-ups, fan-out to open sockets.

May import `discharge` and `redis`; never SQL, a web framework or `fhir_mappings`.
"""
