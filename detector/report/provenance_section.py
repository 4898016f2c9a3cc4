"""What a file says of its own origin as parts of a page, in the words of the evidence report."""

from __future__ import annotations

from markupsafe import Markup

from detector.facts import ContentCredentials, Provenance
from detector.report.html import blocks_html
from detector.report.sections.file import credentials_blocks, metadata_blocks
from detector.report.speaker import Speaker
from detector.report.translation import ENGLISH


def credentials_html(credentials: ContentCredentials | None, language: str = ENGLISH) -> Markup:
    """Says whether content credentials hold, and what they say; without a heading."""
    return blocks_html(credentials_blocks(credentials, Speaker(language)), language)


def metadata_html(provenance: Provenance, is_photo: bool, language: str = ENGLISH) -> Markup:
    """Lists EXIF and the metadata of the container; without a heading."""
    return blocks_html(metadata_blocks(provenance, is_photo, Speaker(language)), language)
