"""Reports on a model: its card and its plots."""
