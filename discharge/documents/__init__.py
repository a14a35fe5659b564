"""Discharge reports: what a document says, which version holds, what changed, what the plan could take from it."""
