"""Face manipulation detection: media -> faces -> model -> saliency -> analysis -> report -> evidence.

Each module imports only from modules to its left in that line, never from those to its right.
"""

__version__ = "0.1.0"
