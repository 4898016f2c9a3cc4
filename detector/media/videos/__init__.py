"""Videos: opened, sampled by time, decoded into RGB arrays."""
