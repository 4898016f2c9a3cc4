"""What is known of a hostile file."""

from dataclasses import dataclass
from typing import Literal

KINDS = (
    *(
        "animation",
        "archive",
        "bomb",
        "codec",
        "flipped",
        "joined",
        "metadata",
        "mode",
        "name",
        "nothing",
        "orientation",
    ),
    *(
        "overwritten",
        "script",
        "size",
        "stream",
        "time",
        "truncated",
        "turn",
        "two at once",
        "video size",
        "wrong name",
    ),
)
Answer = Literal["result", "error", "either"]


@dataclass(frozen=True)
class HostileFile:
    """A file, and what must come of it.

    Attributes:
        kind: Which group of files it belongs to.
        name: As it is sent, without folders; not unique.
        data: Its bytes.
        must: A result, one plain sentence, or either of them where decoders may differ.
        media_type: Of the result, where it is known.
        size_px: Width and height of the result, upright, where they are known.
        faces: How many faces the result assesses, where it is known.
        says: Part of the sentence, or of the warnings of the result.
        hides: Text that a report may hold only with its HTML escaped.
    """

    kind: str
    name: str
    data: bytes
    must: Answer = "either"
    media_type: str | None = None
    size_px: tuple[int, int] | None = None
    faces: int | None = None
    says: str = ""
    hides: str = ""
