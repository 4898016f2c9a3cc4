"""Runs the command of the builder."""
