"""The process that decodes untrusted media, and how the server talks to it."""
