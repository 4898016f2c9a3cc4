"""The traces of a clip in words; see `detector.report.wording.forensics`."""

from __future__ import annotations

from detector.media.forensics.clip_facts import ClipFacts, FrameTimes, Groups
from detector.media.forensics.clip_marks import Maker
from detector.messages import Message, counted, joined
from detector.report.wording.forensics import Trace

# Enough to see what repeats.
_SHOWN_PATTERN = 24


def clip_traces(clip: ClipFacts) -> list[Trace]:
    """Says how a clip was encoded."""
    traces = [_codec(clip), *_makers(clip), _frame_rate(clip.times), _groups(clip.groups)]
    if clip.times.gap_count:
        traces.append(_gaps(clip.times))
    if clip.created:
        traces.append(_created(clip))
    return traces


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
