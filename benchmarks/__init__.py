"""Benchmarks on media that they make; run each as ``python -m benchmarks.NAME``."""
