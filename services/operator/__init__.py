"""The operator's desk: what came in and how it was answered. May import `services.web` and what stands below it."""
