"""The traces of a photo in words. Each says what it can mean and what it cannot; none is a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from detector.media.forensics.jpeg_facts import JpegFacts
from detector.media.forensics.photo_views import ERROR_LEVEL_FACTOR, NOISE_FACTOR, RESAVE_QUALITY
from detector.media.forensics.preview import Preview
from detector.messages import Message


@dataclass(frozen=True)
class Trace:
    """One thing that a file shows, for a person to weigh.

    Attributes:
        title: In a few words.
        facts: What was found.
        can_mean: One sentence.
        cannot_mean: One sentence: what must not be concluded.
        lines: What the file says itself, as it stands there.
    """

    title: Message
    facts: tuple[Message, ...]
    can_mean: Message
    cannot_mean: Message
    lines: tuple[str, ...] = ()


NO_VERDICT = Message(
    "These traces tell how the file was made and saved. They are leads for a person: none of them says that a file is real or "
    "fake, and the verdict above does not use them."
)
FILE_NEEDED = Message(
    "A saved case holds no file, so only its metadata and content credentials are shown; check the file again to see the rest."
)
METADATA = Trace(
    Message("Metadata in the file"),
    (),
    Message(
        "They can name the device, the time, the place and the programs, and so tell whom to ask for the original."
    ),
    Message("They prove nothing, because anyone can write them, and platforms remove them from most files."),
)
CREDENTIALS = Trace(
    Message("Content credentials (C2PA)"),
    (),
    Message(
        "Where they are valid and the signer is trusted, they tell who signed the file and that it is unchanged since."
    ),
    Message("They do not tell that the scene is true, and a file without them is no more suspicious than most."),
)
PLAIN = Message("The photo as it is")
ERROR_LEVEL = Trace(
    Message("Error level"),
    (
        Message(
            "How much a new JPEG save at quality {quality} changes each place, {factor} times as bright; computed on the full "
            "picture, then reduced.",
            {"quality": RESAVE_QUALITY, "factor": ERROR_LEVEL_FACTOR},
        ),
    ),
    Message(
        "A part that is clearly brighter or darker than surfaces and edges of the same kind elsewhere can have been added or "
        "changed after an earlier save of the rest."
    ),
    Message(
        "Brightness alone shows nothing: edges, fine patterns and strong colours are bright in every photo, and a save of the "
        "whole photo, as platforms do, hides the difference."
    ),
)
NOISE = Trace(
    Message("Noise"),
    (
        Message(
            "What a median over 3 x 3 pixels takes away from the brightness, {factor} times as bright; computed on the full "
            "picture, then reduced.",
            {"factor": NOISE_FACTOR},
        ),
    ),
    Message(
        "A part that is much smoother or grainier than surfaces of the same kind and brightness elsewhere can have been "
        "inserted, smoothed or retouched."
    ),
    Message(
        "It cannot tell an edit from blur, portrait mode or the noise reduction of a phone, and strong compression removes "
        "the noise of the whole photo."
    ),
)
ERROR_LEVEL_ALT = Message("Error level view: bright where a new save changes much, dark where it changes little")
NOISE_ALT = Message("Noise view: bright where there is noise or fine detail, dark where the photo is smooth")
PREVIEW_ALT = Message("The preview inside the file, as it is stored")


def photo_traces(jpeg: JpegFacts | None, preview: Preview | None) -> list[Trace]:
    """Says what is known of a photo beside its views."""
    traces = [] if jpeg is None else [_last_save(jpeg), _earlier_save(jpeg)]
    return traces if preview is None else [*traces, _preview(preview)]


def _last_save(jpeg: JpegFacts) -> Trace:
    facts = [Message("Saved as a JPEG at a quality of about {quality} of 100.", {"quality": jpeg.quality})]
    if jpeg.colour_sampling:
        facts.append(Message("Colours are stored as {sampling}.", {"sampling": jpeg.colour_sampling}))
    if jpeg.is_progressive:
        facts.append(Message("It is stored as a progressive JPEG, as websites like it."))
    if jpeg.has_standard_tables:
        facts.append(Message("Its tables are those of libjpeg, the free program that most software uses."))
        can = Message(
            "The photo was probably saved by a program or a platform, and does not come straight from a camera."
        )
        cannot = Message("It does not tell that anything was changed: a photo that was only passed on looks the same.")
    else:
        facts.append(Message("Its tables are not those of libjpeg, which most software uses."))
        can = Message(
            "The photo can come straight from a camera or phone, which have tables of their own, or from Photoshop."
        )
        cannot = Message("It does not tell that the photo is an original: edited photos can have such tables too.")
    return Trace(Message("Last save"), tuple(facts), can, cannot)


def _earlier_save(jpeg: JpegFacts) -> Trace:
    if jpeg.earlier_quality is None:
        return Trace(
            Message("Earlier save"),
            (Message("No trace of an earlier JPEG save at a lower quality was found."),),
            Message("The photo can have been saved once only, or at a lower quality this time than before."),
            Message("It does not tell that the photo is an original: a crop or a change of size removes the trace."),
        )
    return Trace(
        Message("Earlier save"),
        (
            Message(
                "The pixels bear the trace of an earlier JPEG save at a quality of about {quality} of 100.",
                {"quality": jpeg.earlier_quality},
            ),
        ),
        Message("The photo was opened and saved again, so it is probably not the file that a camera wrote."),
        Message(
            "It does not tell that anything was changed in between: messengers and platforms save every photo again."
        ),
    )


def _preview(preview: Preview) -> Trace:
    title = Message("Preview inside the file")
    if preview.differs:
        return Trace(
            title,
            (Message("The file holds a small preview that shows another picture than the photo."),),
            Message(
                "The photo was cropped or changed by a program that left the preview of the earlier version in place."
            ),
            Message("It does not tell that something was faked: a plain crop leaves an old preview too."),
        )
    return Trace(
        title,
        (Message("The file holds a small preview that shows the same picture as the photo."),),
        Message("The photo was not cropped or changed at large by a program that leaves the preview in place."),
        Message("It does not rule out edits: most programs renew the preview, and small changes do not show in it."),
    )
