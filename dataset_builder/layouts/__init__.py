"""One adapter for each data set on disk: which videos there are, what they were made from."""
