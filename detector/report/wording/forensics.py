"""The traces of a file in words. Each says what it can mean and what it cannot; none is a verdict."""

from __future__ import annotations

from dataclasses import dataclass

from detector.media.forensics.clip_facts import ClipFacts, FrameTimes, Groups
from detector.media.forensics.clip_marks import Maker
from detector.media.forensics.jpeg_facts import JpegFacts
from detector.media.forensics.photo_views import ERROR_LEVEL_FACTOR, NOISE_FACTOR, RESAVE_QUALITY
from detector.media.forensics.preview import Preview
from detector.messages import Message, counted, joined

_SHOWN_PATTERN = 24


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


def clip_traces(clip: ClipFacts) -> list[Trace]:
    """Says how a clip was encoded."""
    traces = [_codec(clip), *_makers(clip), _frame_rate(clip.times), _groups(clip.groups)]
    if clip.times.gap_count:
        traces.append(_gaps(clip.times))
    if clip.created:
        traces.append(_created(clip))
    return traces


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


def _codec(clip: ClipFacts) -> Trace:
    facts = [Message("{codec}.", {"codec": clip.codec})]
    if clip.bits_per_s:
        facts.append(Message("{rate} kbit/s for the pictures.", {"rate": f"{clip.bits_per_s / 1000:,.0f}"}))
    return Trace(
        Message("Codec and bit rate"),
        tuple(facts),
        Message(
            "The clip was compressed again, as platforms do, where the rate is far below the 8000 kbit/s and more that cameras "
            "and phones write for Full HD."
        ),
        Message("It does not tell who compressed it, or whether anything was changed."),
    )


_MAKER_TITLE: dict[Maker, Message] = {
    "camera": Message("Marks of a camera or phone"),
    "editor": Message("Marks of an editing program"),
    "platform": Message("Marks of a platform"),
    "converter": Message("Marks of a converter"),
}
_MAKER_CAN: dict[Maker, Message] = {
    "camera": Message("The file can come from that device, or from an editor that kept the marks of the original."),
    "editor": Message(
        "The clip was exported from an editing program, so it was cut or changed at least a little, or only saved again."
    ),
    "platform": Message(
        "The file was converted by that platform, and an upload of better quality may exist there or elsewhere."
    ),
    "converter": Message(
        "The clip was encoded by free software (such as FFmpeg or x264), which platforms, messengers, converters and makers of "
        "deepfakes use, and cameras rarely."
    ),
}
_MAKER_CANNOT: dict[Maker, Message] = {
    "camera": Message("They do not prove the origin, because anyone can write these marks."),
    "editor": Message("They do not tell what was done: newsrooms edit true footage with the same programs."),
    "platform": Message("They do not tell what was uploaded, or by whom."),
    "converter": Message(
        "They do not tell that anything was changed: nearly every clip from the internet bears such marks."
    ),
}


def _makers(clip: ClipFacts) -> list[Trace]:
    traces = []
    for maker, title in _MAKER_TITLE.items():
        if lines := tuple(mark.value for mark in clip.marks if mark.maker == maker):
            traces.append(Trace(title, (), _MAKER_CAN[maker], _MAKER_CANNOT[maker], lines))
    if not traces:
        traces.append(
            Trace(
                Message("Marks of programs"),
                (Message("No mark of a known camera, program or platform was found."),),
                Message("The marks can have been removed when the file was converted, as some messengers do."),
                Message("Their absence does not tell that anything was changed."),
            )
        )
    return traces


def _frame_rate(times: FrameTimes) -> Trace:
    rate: dict[str, str | int | Message] = {"rate": f"{times.per_s:.5g}"}
    if times.frames < 2:
        fact = Message("There is one frame only.")
    elif times.is_constant:
        fact = Message("Constant, {rate} frames a second.", rate)
    else:
        fact = Message("Not constant; {rate} frames a second for the most part.", rate)
    return Trace(
        Message("Frame rate"),
        (fact,),
        Message(
            "Phones and screen recorders often write a rate that is not constant; programs mostly make it constant."
        ),
        Message("It does not tell an original from a copy, because both kinds of rate occur in both."),
    )


def _groups(groups: Groups) -> Trace:
    facts = [
        counted(
            "{count} keyframe (a picture that is stored whole).",
            "{count} keyframes (pictures that are stored whole).",
            groups.keyframes,
        )
    ]
    if groups.median_frames:
        distance: dict[str, str | int | Message] = {
            "frames": groups.median_frames,
            "seconds": f"{groups.median_s:.1f}",
            "shortest": groups.shortest_frames,
            "longest": groups.longest_frames,
        }
        if groups.shortest_frames == groups.longest_frames:
            facts.append(Message("One every {frames} frames ({seconds} s).", distance))
        else:
            facts.append(
                Message(
                    "One every {frames} frames ({seconds} s) for the most part; {shortest} to {longest} frames in all.",
                    distance,
                )
            )
    if groups.has_b_frames:
        facts.append(Message("Frames refer to later ones (B-frames)."))
    if groups.pattern:
        is_cut = len(groups.pattern) > _SHOWN_PATTERN
        pattern = groups.pattern[:_SHOWN_PATTERN] + (" …" if is_cut else "")
        facts.append(Message("The first frames are of the kinds {pattern}.", {"pattern": pattern}))
    return Trace(
        Message("Groups of pictures"),
        tuple(facts),
        Message(
            "Cameras and phones mostly write a keyframe every half second to two seconds, at equal distances; keyframes that lie "
            "further apart or at changing distances come from programs that encoded the clip anew."
        ),
        Message("It does not tell whether a clip was cut or changed, because programs can be set to write either."),
    )


def _gaps(times: FrameTimes) -> Trace:
    shown = [
        Message("{start} s, for {duration} s", {"start": f"{gap.start_s:.1f}", "duration": f"{gap.duration_s:.1f}"})
        for gap in times.gaps
    ]
    facts = [
        counted(
            "{count} time the picture stands still far longer than the others.",
            "{count} times the picture stands still far longer than the others.",
            times.gap_count,
        ),
        Message("The longest: {gaps}.", {"gaps": joined([*shown], "; ")}),
    ]
    return Trace(
        Message("Gaps in time"),
        tuple(facts),
        Message("Frames can have been lost or taken out there, so compare what is seen before and after."),
        Message(
            "It does not tell a cut from a bad connection, a live stream or a screen recording, which have such gaps too."
        ),
    )


def _created(clip: ClipFacts) -> Trace:
    return Trace(
        Message("Time of creation, as the file says"),
        (),
        Message("A time that does not fit the event means that the file was made anew, or that a clock was wrong."),
        Message(
            "A time that fits proves nothing, because anyone can write it, and most programs write when they saved."
        ),
        clip.created,
    )
