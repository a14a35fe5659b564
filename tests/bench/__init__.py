"""Measurements, each beside a limit taken in the same run. Never a pass or a fail."""
