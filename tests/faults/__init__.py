"""Killing, stopping and cutting real parts under load, and proving afterwards that nothing was lost."""
