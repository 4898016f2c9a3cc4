"""The parts of the evidence report, each made into blocks."""
