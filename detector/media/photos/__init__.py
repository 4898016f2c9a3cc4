"""Photos: decoded into RGB arrays."""
