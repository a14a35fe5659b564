"""The municipality: its nurses' and visitators' feed. May import `services.web` and what stands below it."""
