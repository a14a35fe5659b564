"""Health agreements as files: reading, checking and comparing them. Only authors need it; nothing that runs does."""
