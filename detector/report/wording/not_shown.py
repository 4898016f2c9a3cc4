"""What a verdict does not show, in words of its own for each verdict, and for photos and clips."""

from __future__ import annotations

from detector.evidence_scale import EvidenceScales
from detector.messages import Message
from detector.report.wording.known_real import follows_known_real
from detector.report.wording.prevalence import band_counts_text, prevalence_note
from detector.results import Band, Result, Verdict

# For photos, then for clips.
_Pair = tuple[Message, Message]
_BAND: dict[Band, _Pair] = {
    "strong_support_for_manipulation": (
        Message(
            "Strong support for manipulation does not show that the whole photo is fake, nor who changed it or why. "
            "It is about the face alone, and even so high a score comes from a real face at times."
        ),
        Message(
            "Strong support for manipulation does not show that the whole clip is fake, nor who changed it or why. It is about "
            "a face, maybe for a few seconds: sound and scene may be genuine. Even so high a score comes from a real face at times."
        ),
    ),
    "moderate_support_for_manipulation": (
        Message(
            "Moderate support for manipulation does not show that the whole photo is fake, nor who changed it or why. "
            "It is about the face alone, and real faces score this high at times."
        ),
        Message(
            "Moderate support for manipulation does not show that the whole clip is fake, nor who changed it or why. It is about "
            "a face, maybe for a few seconds: sound and scene may be genuine. Real faces score this high at times."
        ),
    ),
    "weak_support_for_manipulation": (
        Message(
            "Weak support for manipulation is no alarm. It does not show that a face in the photo was changed: "
            "some real photos score like this too."
        ),
        Message(
            "Weak support for manipulation is no alarm. It does not show that a face in the clip was changed: "
            "some real clips score like this too."
        ),
    ),
    "neither": (
        Message(
            "No support either way does not mean half fake. Scores like this come from real photos about as often as from "
            "manipulated ones, so the model adds nothing to what you know."
        ),
        Message(
            "No support either way does not mean half fake. Scores like this come from real clips about as often as from "
            "manipulated ones, so the model adds nothing to what you know. A few changed seconds can hide in a long clip."
        ),
    ),
    "weak_support_for_no_manipulation": (
        Message(
            "Weak support for no manipulation does not show that the photo is real. Some manipulated faces score this low, "
            "and a real photo can be old, staged or from another place."
        ),
        Message(
            "Weak support for no manipulation does not show that the clip is real. Some manipulated faces score this low, "
            "the voice may be false, and a real clip can be old, cut or from another place."
        ),
    ),
    "moderate_support_for_no_manipulation": (
        Message(
            "Moderate support for no manipulation does not show that the photo is real. Kinds of manipulation that the model "
            "never saw can score this low, and a real photo can be old, staged or from another place."
        ),
        Message(
            "Moderate support for no manipulation does not show that the clip is real. Kinds of manipulation that the model "
            "never saw can score this low, the voice may be false, and a real clip can be old, cut or from another place."
        ),
    ),
}
# Where known-real files decide: a score may be high among the reference files and yet not among the known-real ones.
_COMPARED: dict[Band, _Pair] = {
    "strong_support_for_manipulation": (
        Message(
            "Strong support for manipulation, measured against the known-real files, does not show that the whole photo is fake, "
            "nor who changed it or why. It is about the face alone, and real faces score so far above such files at times."
        ),
        Message(
            "Strong support for manipulation, measured against the known-real files, does not show that the whole clip is fake, "
            "nor who changed it or why. It is about a face, maybe for a few seconds: sound and scene may be genuine. Real faces "
            "score so far above such files at times."
        ),
    ),
    "moderate_support_for_manipulation": (
        Message(
            "Moderate support for manipulation, measured against the known-real files, does not show that the whole photo is "
            "fake, nor who changed it or why. It is about the face alone, and real faces score so far above such files at times."
        ),
        Message(
            "Moderate support for manipulation, measured against the known-real files, does not show that the whole clip is "
            "fake, nor who changed it or why. It is about a face, maybe for a few seconds: sound and scene may be genuine. Real "
            "faces score so far above such files at times."
        ),
    ),
    "weak_support_for_manipulation": (
        Message(
            "Weak support for manipulation, measured against the known-real files, is no alarm. It does not show that a face in "
            "the photo was changed: some real photos score so far above such files too."
        ),
        Message(
            "Weak support for manipulation, measured against the known-real files, is no alarm. It does not show that a face in "
            "the clip was changed: some real clips score so far above such files too."
        ),
    ),
    "neither": (
        Message(
            "No support either way does not mean half fake. Measured against the known-real files, such a score speaks "
            "neither for manipulation nor against it, so the model adds nothing to what you know."
        ),
        Message(
            "No support either way does not mean half fake. Measured against the known-real files, such scores speak "
            "neither for manipulation nor against it, so the model adds nothing to what you know. A few changed seconds can hide in a long clip."
        ),
    ),
    "weak_support_for_no_manipulation": (
        Message(
            "Weak support for no manipulation, measured against the known-real files, does not show that the photo is real. Some "
            "manipulated faces score no higher than such files, and a real photo can be old, staged or from another place."
        ),
        Message(
            "Weak support for no manipulation, measured against the known-real files, does not show that the clip is real. Some "
            "manipulated faces score no higher than such files, the voice may be false, and a real clip can be old, cut or from "
            "another place."
        ),
    ),
    "moderate_support_for_no_manipulation": (
        Message(
            "Moderate support for no manipulation, measured against the known-real files, does not show that the photo is real. "
            "Kinds of manipulation that the model never saw can score no higher than such files, and a real photo can be old, "
            "staged or from another place."
        ),
        Message(
            "Moderate support for no manipulation, measured against the known-real files, does not show that the clip is real. "
            "Kinds of manipulation that the model never saw can score no higher than such files, the voice may be false, and a "
            "real clip can be old, cut or from another place."
        ),
    ),
}
_VERDICT: dict[Verdict, _Pair] = {
    "manipulated": (
        Message(
            "Signs of manipulation do not show that the whole photo is fake, nor who changed it or why. They are about the face "
            "alone, and real faces score this high at times."
        ),
        Message(
            "Signs of manipulation do not show that the whole clip is fake, nor who changed it or why. They are about a face, "
            "maybe for a few seconds: sound and scene may be genuine. Real faces score this high at times."
        ),
    ),
    "inconclusive": (
        Message(
            "Inconclusive does not mean half fake. Real and manipulated photos both score like this, so the model adds "
            "nothing to what you know."
        ),
        Message(
            "Inconclusive does not mean half fake. Real and manipulated clips both score like this, so the model adds "
            "nothing to what you know. A few changed seconds can hide in a long clip."
        ),
    ),
    "no_manipulation_found": (
        Message(
            "No manipulation found does not show that the photo is real. Some manipulated faces score this low, and a real photo "
            "can be old, staged or from another place."
        ),
        Message(
            "No manipulation found does not show that the clip is real. Some manipulated faces score this low, the voice may "
            "be false, and a real clip can be old, cut or from another place."
        ),
    ),
    "no_face": (
        Message(
            "No face found says nothing about the photo: nothing was assessed. It may still be edited or made by a computer, "
            "and very small, hidden or turned faces are overlooked."
        ),
        Message(
            "No face found says nothing about the clip: nothing was assessed. It may still be edited or made by a computer, "
            "and faces that are very small, hidden, turned away or seen only between the frames looked at are overlooked."
        ),
    ),
}
_NOT_ASSESSED: _Pair = (
    Message("A face was found that cannot be judged, so the result says nothing about the photo, neither way."),
    Message("Faces were found that cannot be judged, so the result says nothing about the clip, neither way."),
)
# Of photos, and of clips: what the second one says holds for both.
BLIND_SPOTS: _Pair = (
    Message(
        "The model looks at faces only: not at text, background or edits beside the face. Fully generated people, and "
        "manipulations unlike its training data, stay invisible to it."
    ),
    Message(
        "The model looks at faces in single frames only: it hears no voice, and sees no text, background or edits beside the "
        "face. Fully generated people, lip-sync alone, and manipulations unlike its training data stay invisible to it."
    ),
)

# Of photos and clips together, where no one file is spoken of.
NEVER_REAL = Message(
    "Support for no manipulation does not show that the material is real: other kinds of manipulation, and ones the model "
    "never saw, stay invisible to it."
)


def not_shown(result: Result, scales: EvidenceScales | None = None) -> list[Message]:
    """Says what a result does not show, what comes first for this verdict first.

    Args:
        result: What is said about the file.
        scales: Those of the model that answered; they hold its own counts.
    """
    is_clip = result.file.duration_s is not None
    texts = [_opening(result)[is_clip]]
    if result.verdict == "manipulated":
        texts.append(prevalence_note(result, scales))
    elif counts := band_counts_text(result, scales):
        texts.append(counts)
    texts.append(BLIND_SPOTS[is_clip])
    return texts


def _opening(result: Result) -> _Pair:
    evidence = result.deciding_evidence
    if evidence:
        return (_COMPARED if follows_known_real(result) else _BAND)[evidence.band]
    if result.verdict == "inconclusive" and not result.faces and result.not_assessed:
        return _NOT_ASSESSED
    return _VERDICT[result.verdict]
