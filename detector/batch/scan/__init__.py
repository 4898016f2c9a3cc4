"""Whole archives: files behind local paths and URLs in, a table of Parquet files out, on Ray."""
