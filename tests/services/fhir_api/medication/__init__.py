"""Medicine by machine: lists in, lines out, decisions line by line."""
