"""What all parties share of a stay: its timeline and its tasks. May import `services.web` and what stands below it."""
