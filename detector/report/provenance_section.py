"""What a file says of its own origin as parts of a page: its content credentials, and its metadata."""

from __future__ import annotations

from markupsafe import Markup

from detector.facts import ContentCredentials, CredentialsState, Provenance
from detector.messages import Message
from detector.report.html import fragment
from detector.report.translation import ENGLISH
from detector.report.wording.credentials import NO_CREDENTIALS_TEXT, STATE_TEXT, STATE_TITLE, source_type_text

# Those that could be read.
_WITH_STATEMENTS: tuple[CredentialsState, ...] = ("Trusted", "Valid", "Invalid")


def credentials_title(credentials: ContentCredentials | None) -> Message:
    """Gives the state of content credentials in a few words."""
    return STATE_TITLE[credentials.validation_state] if credentials else Message("None found")


def credentials_html(credentials: ContentCredentials | None, language: str = ENGLISH) -> Markup:
    """Says whether content credentials hold, and what they say; without a heading."""
    return fragment(
        "credentials.html",
        language,
        credentials=credentials,
        title=credentials_title(credentials),
        text=STATE_TEXT[credentials.validation_state] if credentials else NO_CREDENTIALS_TEXT,
        has_statements=credentials is not None and credentials.validation_state in _WITH_STATEMENTS,
        source_type_text=source_type_text,
    )


def metadata_html(provenance: Provenance, is_photo: bool, language: str = ENGLISH) -> Markup:
    """Lists EXIF and the metadata of the container; without a heading."""
    return fragment("metadata.html", language, provenance=provenance, is_photo=is_photo)
