"""A whole installation on one machine: embedded PostgreSQL and Redis, seed, supervisor.

For demonstrations, training and tests; production never imports it. May import everything in `services` but the
commands.
"""
