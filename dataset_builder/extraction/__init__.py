"""Cuts face crops of photos and videos."""
