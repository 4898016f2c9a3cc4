"""Traces that a file carries of how it was made and saved. They are leads for a person, never a verdict."""
