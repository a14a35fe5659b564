"""Medicine on pages: the lists side by side, what people decide of them, and lists that are entered by hand."""
