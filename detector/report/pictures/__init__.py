"""A result as pictures: faces numbered, cut out and enlarged, and drawn into every frame of a clip."""
