"""Photos and videos: facts, pixels, time stamps, sound and provenance of a file."""
