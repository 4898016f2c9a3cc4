"""What is raised on photos that are damaged."""

from __future__ import annotations

import struct

# What Pillow and its plug-ins raise on damaged files. They promise OSError, and keep that for most.
DECODING_ERRORS = (
    ArithmeticError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SyntaxError,
    TypeError,
    ValueError,
    struct.error,
)
