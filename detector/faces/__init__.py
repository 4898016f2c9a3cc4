"""Faces of pictures: where they are, whether they can be judged, and which are one person over time."""
