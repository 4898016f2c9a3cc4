"""Fetches what a link leads to, where the server allows links: from public addresses only, within limits on size and time."""
