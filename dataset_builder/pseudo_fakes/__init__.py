"""Fakes that are made of real faces, with their masks."""
