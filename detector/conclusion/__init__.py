"""From scored faces to a result: face tracks, the weight of evidence, the comparison with known-real files."""
