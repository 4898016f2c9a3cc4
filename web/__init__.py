"""The page and its endpoints: what the Space serves. It knows the detector; the detector does not know it."""
