"""The catalogue of bad input, row by row; `docs/bad-input.md` says which test shows which row."""
