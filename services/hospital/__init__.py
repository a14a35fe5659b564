"""The ward: its inbox for messages, its board and its plans. May import `services.web` and what stands below it."""
