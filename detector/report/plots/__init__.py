"""Pictures of lines: scores over time, the reference files, the known-real files."""
