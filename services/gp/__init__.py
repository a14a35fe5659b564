"""The general practitioner: the practice's inbox. May import `services.web` and what stands below it."""
