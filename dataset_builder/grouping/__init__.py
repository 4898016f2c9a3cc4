"""Finds what must share a split where nothing names it."""
