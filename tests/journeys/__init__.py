"""Whole paths over real parts: a demo as a newcomer starts it, and a real browser for everybody who takes part."""
