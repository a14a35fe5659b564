"""Delivery to sockets, by a clock that a test sets."""
