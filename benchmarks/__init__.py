"""Benchmarks on media that they make; each runs as ``python -m benchmarks`` or ``python -m benchmarks.NAME``."""
