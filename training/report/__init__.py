"""What is told of a model: its card and its plots."""
