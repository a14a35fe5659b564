"""Processes and adapters: pages, the FHIR door, persistence, the worker and the commands.

May import every other package; nothing imports this one.
"""
