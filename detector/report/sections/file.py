"""What is known of the file itself: its facts, content credentials and metadata."""

from __future__ import annotations

from detector.facts import ContentCredentials, Entry, Provenance
from detector.messages import Message
from detector.report.document import (
    Block,
    Bullets,
    Facts,
    Line,
    Paragraph,
    Section,
    Table,
    Words,
    line,
    paragraph,
)
from detector.report.evidence import Evidence
from detector.report.speaker import Speaker
from detector.report.wording.credentials import NO_CREDENTIALS_TEXT, STATE_TEXT, STATE_TITLE, source_type_text
from detector.report.wording.items import item_text


def file_section(evidence: Evidence, speaker: Speaker) -> Section:
    """Makes the section with the facts about the file."""
    file, items = evidence.result.file, evidence.result.items
    size = speaker.say("{width} x {height} pixels", width=file.width_px, height=file.height_px)
    rows: list[tuple[str, tuple[Line, ...]]] = [
        (speaker.say("Name"), (line(file.name),)),
        ("SHA-256", ((Words(file.sha256, "code"),),)),
        (speaker.say("Size"), (line(speaker.say("{count} bytes", count=f"{file.bytes:,}")),)),
        (speaker.say("Type, by content"), (line(file.media_type),)),
        (speaker.say("Picture, upright"), (line(size),)),
    ]
    if items:
        rows.append((speaker.say("Photos and films in it"), tuple(line(speaker.text(item_text(i))) for i in items)))
    if file.duration_s is not None:
        rows.append((speaker.say("Duration"), (line(f"{file.duration_s:.2f} s"),)))
        rows.append((speaker.say("Frames looked at"), (line(str(len(evidence.sampled_s))),)))
    return Section(speaker.say("The file"), (Facts(tuple(rows)),))


def credentials_section(provenance: Provenance, speaker: Speaker) -> Section:
    """Makes the section with the content credentials."""
    blocks = credentials_blocks(provenance.content_credentials, speaker)
    return Section(speaker.say("Content credentials (C2PA)"), blocks)


def credentials_blocks(credentials: ContentCredentials | None, speaker: Speaker) -> tuple[Block, ...]:
    """Says whether content credentials hold, and what they say."""
    title = STATE_TITLE[credentials.validation_state] if credentials else Message("None found")
    text = STATE_TEXT[credentials.validation_state] if credentials else NO_CREDENTIALS_TEXT
    blocks: list[Block] = [
        Paragraph(((Words(f"{speaker.text(title)}.", "bold"), Words(speaker.text(text))),)),
    ]
    if credentials:
        blocks += _credentials(credentials, speaker)
    return tuple(blocks)


def metadata_section(provenance: Provenance, is_clip: bool, speaker: Speaker) -> Section:
    """Makes the section with the metadata."""
    caution = paragraph(speaker.say("Anyone can write these, so they are leads, not proof."), is_soft=True)
    blocks = metadata_blocks(provenance, not is_clip, speaker)
    return Section(speaker.say("Metadata in the file"), (caution, *blocks))


def metadata_blocks(provenance: Provenance, is_photo: bool, speaker: Speaker) -> tuple[Block, ...]:
    """Lists EXIF and the metadata of the container."""
    blocks: list[Block] = []
    if provenance.exif:
        blocks.append(_entries(provenance.exif, "EXIF"))
    elif is_photo:
        blocks.append(paragraph(speaker.say("No EXIF. Messengers and social media remove it.")))
    if provenance.container:
        blocks.append(_entries(provenance.container, speaker.say("Container")))
    return tuple(blocks)


def _credentials(credentials: ContentCredentials, speaker: Speaker) -> list[Block]:
    blocks: list[Block] = []
    not_stated = speaker.say("not stated")
    if credentials.problems:
        blocks.append(Bullets(tuple(line(speaker.text(problem)) for problem in credentials.problems)))
    if credentials.validation_state in ("Trusted", "Valid", "Invalid"):
        rows = (
            (speaker.say("Signer's organisation"), credentials.issuer or not_stated),
            (speaker.say("Name in the certificate"), credentials.common_name or not_stated),
            (speaker.say("Time of signing"), credentials.signed_time or speaker.say("no time stamp")),
            (speaker.say("Made with"), credentials.claim_generator or not_stated),
        )
        blocks.append(_entries(rows, speaker.say("What the credentials say")))
    if credentials.actions:
        blocks.append(_actions(credentials, speaker))
    return blocks


def _actions(credentials: ContentCredentials, speaker: Speaker) -> Table:
    columns = (
        speaker.say("Action"),
        speaker.say("When"),
        speaker.say("Software"),
        speaker.say("Signed by"),
        speaker.say("Source of the media"),
    )
    rows = []
    for action in credentials.actions:
        source = action.digital_source_type and speaker.text(source_type_text(action.digital_source_type))
        cells = (action.action, action.when, action.software, action.signed_by, source)
        rows.append(tuple(Words(cell or speaker.say("not stated")) for cell in cells))
    return Table(speaker.say("What was done, as the credentials say"), columns, tuple(rows))


def _entries(entries: tuple[Entry, ...], caption: str) -> Facts:
    return Facts(tuple((name, (line(value),)) for name, value in entries), caption)
