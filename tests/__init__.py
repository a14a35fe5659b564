"""The tests, which mirror the packages; never shipped."""
