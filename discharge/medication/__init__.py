"""Medication reconciliation: lists of a patient's medicine, joined line by line, and what people decide of each."""
