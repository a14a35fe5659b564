"""The app: who gets in, and what is answered."""
