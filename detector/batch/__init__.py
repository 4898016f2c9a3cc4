"""Many files: analyse them, write one line or row a file, go on where an earlier run ended."""
