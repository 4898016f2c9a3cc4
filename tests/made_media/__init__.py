"""Photos and clips of every kind that real files come in, made for the tests."""
