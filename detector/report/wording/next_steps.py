"""What to do after a result: a short checklist for its verdict and kind of file.

After the steps of the Verification Handbook (Silverman and Tsubaki, chapter 9: provenance, source, date, place; challenge
the source), and what InVID-WeVerify offers: keyframes, and reverse image search with several engines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from detector.evidence_scale import CLEARED
from detector.limits import MIN_KNOWN_REAL_FILES
from detector.messages import Message, joined
from detector.results import FaceTrack, Result

MOST_STEPS = 5
# Times named in a step, and how far apart they lie at least, as a share of the clip: neighbours show the same instant.
_TIMES, _APART = 3, 0.05
# Below it a larger copy of the file is asked for by name.
_SMALL_FACE_PX = 80

# Where the result on the page or in the report helps with a step; a view may link there.
Place = Literal["frames", "search", "known_real", "quote", ""]
_State = Literal["alarm", "weak", "neither", "cleared", "not_assessed", "no_face"]


@dataclass(frozen=True)
class Step:
    """One thing to do.

    Attributes:
        title: What to do, in a few words.
        text: How, and why.
        place: What of the result helps with it; empty where nothing does.
    """

    title: Message
    text: Message
    place: Place = ""


def next_steps(result: Result, has_sound: bool | None = None) -> tuple[Step, ...]:
    """Gives three to five steps, the most useful first, and what to write last.

    Args:
        result: What is said about the file.
        has_sound: Whether a clip has sound; None where that is not known.
    """
    state = _state_of(result)
    is_clip = result.file.duration_s is not None
    known_real = _known_real(result)
    by_ear = _by_ear(has_sound) if is_clip and has_sound is not False else None
    unjudged = _unjudged(result) if result.faces and result.not_assessed else None
    original = _original(result)
    order: dict[_State, list[Step | None]] = {
        "alarm": [_look(result), _first_posting(is_clip), known_real, original],
        "weak": [known_real, _look(result), original, _first_posting(is_clip)],
        "neither": [original, unjudged, known_real, _first_posting(is_clip), by_ear],
        "cleared": [_first_posting(is_clip), unjudged, _context(is_clip), by_ear, known_real, original],
        "not_assessed": [original, _first_posting(is_clip), by_ear, _context(is_clip)],
        "no_face": [_first_posting(is_clip), _context(is_clip), by_ear, original],
    }
    steps = [step for step in order[state] if step]
    return (*steps[: MOST_STEPS - 1], _quote(state))


def times_to_look_at(track: FaceTrack) -> list[float]:
    """Chooses the instants of a face that are looked at first, in seconds, in order of time.

    Args:
        track: A face of a clip: the frame with the highest score of each suspicious part, else of the whole clip.
    """
    spans = track.suspicious_spans
    inside = [frame for frame in track.frames if any(span.start_s <= frame.time_s <= span.end_s for span in spans)]
    frames = sorted(inside or track.frames, key=lambda frame: (-frame.score, frame.time_s))
    apart = _APART * (track.frames[-1].time_s - track.frames[0].time_s)
    chosen: list[float] = []
    for frame in frames:
        if len(chosen) < _TIMES and all(abs(frame.time_s - other) > apart for other in chosen):
            chosen.append(frame.time_s)
    return sorted(chosen)


def _state_of(result: Result) -> _State:
    evidence = result.deciding_evidence
    if result.verdict == "manipulated":
        return "alarm"
    if not result.faces:
        return "not_assessed" if result.not_assessed else "no_face"
    if evidence and evidence.band == "weak_support_for_manipulation":
        return "weak"
    if result.verdict == "no_manipulation_found" or (evidence and evidence.band in CLEARED):
        return "cleared"
    return "neither"


def _look(result: Result) -> Step | None:
    track = result.deciding_track or next(iter(result.faces), None)
    if track is None:
        return None
    arguments: dict[str, str | int | Message] = {"number": track.track_id}
    if result.file.duration_s is None:
        title = Message("Look at the face yourself")
        text = Message(
            "Face {number}, plain beside the overlay: its outline, teeth, glasses, hair, and light that fits the scene. "
            "What only the model sees is a lead, not a finding.",
            arguments,
        )
    else:
        title = Message("Look at the frames named")
        arguments["times"] = ", ".join(f"{time_s:.1f}" for time_s in times_to_look_at(track))
        text = Message(
            "Face {number} at {times} s, and the frames just before and after: its outline, teeth, glasses, hair, and whether it "
            "flickers. What only the model sees is a lead, not a finding.",
            arguments,
        )
    if result.not_assessed:
        text = joined([text, Message("Judge the faces that were not assessed by eye as well.")], " ")
    return Step(title, text, "frames")


def _first_posting(is_clip: bool) -> Step:
    title = Message("Find the first posting")
    if is_clip:
        text = Message(
            "Search for several frames of the clip by image, with more than one search engine. The unchanged footage of the same "
            "scene may be online; who posted first, and when, tells more than any score."
        )
    else:
        text = Message(
            "Search for the photo by image, with more than one search engine. An older or larger copy shows what was changed; "
            "who posted first, and when, tells more than any score."
        )
    return Step(title, text, "search")


def _known_real(result: Result) -> Step | None:
    """Offers the comparison, or more files for it; nothing where it has decided already, or never can."""
    comparison = result.known_real
    if comparison and (comparison.evidence or not result.evidence):
        return None
    if comparison:
        return Step(
            Message("Add more known-real files"),
            Message(
                "From {count} comparable files on, the verdict follows the comparison: same speaker, same camera or same channel.",
                {"count": MIN_KNOWN_REAL_FILES},
            ),
            "known_real",
        )
    if result.file.duration_s is None:
        text = Message(
            "Add {count} or more photos of the same person, camera or channel that you know to be real. They show whether such "
            "a score is usual there.",
            {"count": MIN_KNOWN_REAL_FILES},
        )
        return Step(Message("Compare with known-real photos"), text, "known_real")
    text = Message(
        "Add {count} or more clips of the same speaker, camera or channel that you know to be real. They show whether such a score "
        "is usual there.",
        {"count": MIN_KNOWN_REAL_FILES},
    )
    return Step(Message("Compare with known-real footage"), text, "known_real")


def _original(result: Result) -> Step:
    title = Message("Ask the source for the original file")
    size_px = _largest_face_px(result)
    if size_px is not None and size_px < _SMALL_FACE_PX:
        return Step(
            title,
            Message(
                "The face is only {pixels} pixels wide here. Ask for the file as the camera stored it, not a screenshot or a copy from "
                "a messenger, check it again, and ask who took it, when and where.",
                {"pixels": size_px},
            ),
        )
    if any(face.reason in ("too_compressed", "too_blurred", "too_small") for face in result.not_assessed):
        text = Message(
            "This copy is too small, blurred or compressed for some faces. Ask for the file as the camera stored it, check it "
            "again, and ask who took it, when and where."
        )
    elif result.file.duration_s is None:
        text = Message(
            "The file as the camera stored it, not a screenshot or a copy from a messenger, and the photos taken just before and "
            "after. Ask who took it, when and where."
        )
    else:
        text = Message(
            "The file as the camera stored it, not a copy from a messenger, with the minutes before and after. Ask who took it, "
            "when and where."
        )
    return Step(title, text)


def _unjudged(result: Result) -> Step:
    text = Message(
        "Some faces were found and not assessed. The verdict says nothing about them: judge them by eye, and ask for a larger copy."
    )
    return Step(Message("Look at the faces that were left out"), text, "frames")


def _by_ear(has_sound: bool | None) -> Step:
    if has_sound:
        text = Message(
            "Play it slowly: do the lips close at b, m and p, does the voice breathe, does the room sound like the room in the picture? "
            "The model hears nothing."
        )
    else:
        text = Message(
            "If the clip has sound, play it slowly: do the lips close at b, m and p, does the voice breathe, does the room sound like "
            "the room in the picture? The model hears nothing."
        )
    return Step(Message("Check voice and lips by ear and eye"), text)


def _context(is_clip: bool) -> Step:
    if is_clip:
        text = Message(
            "Compare weather, signs, clothes and buildings with maps and other reports. A real clip with a false caption misleads "
            "as much as a fake one."
        )
    else:
        text = Message(
            "Compare weather, signs, clothes and buildings with maps and other reports. A real photo with a false caption misleads "
            "as much as a fake one."
        )
    return Step(Message("Check place, date and occasion"), text)


def _quote(state: _State) -> Step:
    texts: dict[_State, Message] = {
        "alarm": Message(
            "Quote the sentence under “To quote” whole, and name it a lead. Where publication depends on it, ask a specialist in media "
            "forensics for a second opinion first; do not write “fake” on this result alone."
        ),
        "weak": Message(
            "Do not write that signs of manipulation were found: this is no alarm. Write that the check was not conclusive, and "
            "ask a specialist where the story depends on it."
        ),
        "neither": Message(
            "Write that an automated check could not tell, or nothing; never a percentage. Ask a specialist where the story depends on it."
        ),
        "cleared": Message(
            "Do not write “real” or “verified” on this result alone. Write that an automated check of the faces found no manipulation, "
            "and what your other checks found."
        ),
        "not_assessed": Message("Write that no face could be assessed. That is no finding, neither way."),
        "no_face": Message("Write that there was no face to assess. That is no finding, neither way."),
    }
    return Step(Message("Write what was found, no more"), texts[state], "quote")


def _largest_face_px(result: Result) -> int | None:
    """Gives the shorter side of the deciding face where it is largest; None where no face was assessed."""
    track = result.deciding_track
    if track is None:
        return None
    boxes = [frame.box_px for frame in track.frames]
    return max(min(x1 - x0, y1 - y0) for x0, y0, x1, y1 in boxes)
