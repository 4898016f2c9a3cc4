"""What is kept for the record: how the verdict came about, what the report does not prove, every score."""

from __future__ import annotations

from detector.evidence_scale import EvidenceScale, ReferenceSource
from detector.faces.quality import NOT_ASSESSED
from detector.facts import PixelBox
from detector.report.document import Block, Bullets, Facts, Line, Section, Subheading, Table, Words, line, paragraph
from detector.report.evidence import Evidence
from detector.report.speaker import Speaker
from detector.report.wording.evidence import LIKELIHOOD_RATIO, bounds_words
from detector.report.wording.models import model_name
from detector.report.wording.verdicts import score_text
from detector.results import Evidence as Weight
from detector.results import FaceTrack, NotAssessed, Result


def method_section(evidence: Evidence, speaker: Speaker) -> Section:
    """Makes the section that says how the verdict came about."""
    result, model, background = evidence.result, evidence.result.model, evidence.background
    named = speaker.say("{model}, revision {revision}", model=model.id, revision=model.revision)
    if model.name:
        named = f"{model_name(model)}: {named}"
    rows: list[tuple[str, tuple[Line, ...]]] = [
        (speaker.say("Model"), (line(named),)),
        (
            speaker.say("SHA-256 of its weights"),
            ((Words(model.weights_sha256 or speaker.say("not known"), "code"),),),
        ),
    ]
    if result.evidence:
        rows += _weighing(result, result.evidence, evidence.scale, speaker)
    else:
        thresholds = model.thresholds
        text = speaker.say(
            "Signs of manipulation from a score of {high}; no manipulation found below {low}; inconclusive between them.",
            high=f"{thresholds.manipulated:.6f}",
            low=f"{thresholds.no_manipulation_found:.6f}",
        )
        rows.append((speaker.say("Thresholds"), (line(text),)))
    software = speaker.say(
        "version {version}; result schema {schema}", version=background.software_version, schema=result.schema_version
    )
    rows += [
        (speaker.say("Score of a face"), (line(*_score_words(evidence, speaker)),)),
        (speaker.say("Software"), (line(software),)),
    ]
    if background.saved_utc:
        rows.append((speaker.say("Time at which the case was saved"), (line(f"{background.saved_utc} (UTC)"),)))
    rows.append((speaker.say("Time of the report"), (line(f"{evidence.time_utc} (UTC)"),)))
    return Section(speaker.say("How the verdict came about"), (Facts(tuple(rows)),))


def limits_section(evidence: Evidence, speaker: Speaker) -> Section:
    """Makes the section that says what the report does not prove."""
    blocks: list[Block] = [Bullets(tuple(line(speaker.text(sentence)) for sentence in evidence.limits))]
    if evidence.background.card:
        blocks.append(paragraph(speaker.say("From the card of the model:"), is_soft=True))
    for section in evidence.background.card:
        blocks.append(Subheading(section.title))
        blocks += [paragraph(text) for text in section.paragraphs]
    return Section(speaker.say("What this report does not prove"), tuple(blocks))


def scores_section(evidence: Evidence, speaker: Speaker) -> Section:
    """Makes the section that lists every face in every frame."""
    result = evidence.result
    blocks: list[Block] = []
    if evidence.is_clip:
        times = ", ".join(f"{time_s:.3f}" for time_s in evidence.sampled_s)
        said = speaker.say("Frames looked at, in seconds since the first:")
        blocks.append(paragraph(said, f"{times}.", is_soft=True))
    blocks += [_track(track, result, speaker) for track in result.faces]
    if result.not_assessed:
        columns = (speaker.say("Time in s"), speaker.say("Box in px: x0, y0, x1, y1"), speaker.say("Why"))
        rows = tuple(_not_assessed(face, speaker) for face in result.not_assessed)
        caption = speaker.say("Faces that were found and not assessed")
        blocks.append(Table(caption, columns, rows, is_compact=True))
    return Section(speaker.say("Every face in every frame"), tuple(blocks))


def _weighing(
    result: Result, weight: Weight, scale: EvidenceScale | None, speaker: Speaker
) -> list[tuple[str, tuple[Line, ...]]]:
    bands = speaker.say(
        "Strong support for manipulation from 100, moderate from 10, weak from 2; no support either way from 1/2; "
        "below it weak support for no manipulation, below 1/10 moderate."
    )
    verdicts = speaker.say("manipulated from a ratio of 10, no_manipulation_found below 1/2, inconclusive between them")
    rows: list[tuple[str, tuple[Line, ...]]] = [
        (speaker.say("Weight of evidence"), (line(speaker.text(LIKELIHOOD_RATIO), bands),)),
        (speaker.say("Likelihood ratio"), (line(speaker.text(bounds_words(weight))),)),
        (speaker.say("Verdict for scripts"), ((Words(result.verdict, "code"), Words(f"({verdicts})")),)),
    ]
    if scale:
        sources = "; ".join(_source(source, speaker) for source in scale.sources)
        rows.append((speaker.say("Reference files"), (line(f"{sources}."),)))
    return rows


def _source(source: ReferenceSource, speaker: Speaker) -> str:
    kind = speaker.say("real") if source.manipulation == "real" else source.manipulation
    note = f"; {source.note}" if source.note else ""
    return f"{source.name}: {source.files} ({kind}{note})"


def _score_words(evidence: Evidence, speaker: Speaker) -> list[str]:
    result = evidence.result
    if result.evidence:
        words = (
            speaker.say("Mean of its scores in the frames.") if evidence.is_clip else speaker.say("Of the one picture.")
        )
        return [words] if result.score is None else [words, score_text(result.score, result.model.thresholds)]
    if evidence.is_clip:
        return [
            speaker.say(
                "Mean of its scores in the frames. A face also shows signs of manipulation where a part of the clip alone "
                "does. Such a face decides, else the one with the highest score."
            )
        ]
    return [speaker.say("Of the one picture; the face with the highest score decides.")]


def _track(track: FaceTrack, result: Result, speaker: Speaker) -> Table:
    columns = (speaker.say("Time in s"), speaker.say("Score"), speaker.say("Box in px: x0, y0, x1, y1"))
    rows = tuple(
        (
            Words(f"{frame.time_s:.3f}"),
            Words(score_text(frame.score, result.model.thresholds)),
            Words(_box(frame.box_px)),
        )
        for frame in track.frames
    )
    return Table(speaker.say("Face {number}", number=track.track_id), columns, rows, is_compact=True)


def _not_assessed(face: NotAssessed, speaker: Speaker) -> tuple[Words, ...]:
    return Words(f"{face.time_s:.3f}"), Words(_box(face.box_px)), Words(speaker.text(NOT_ASSESSED[face.reason]))


def _box(box_px: PixelBox) -> str:
    return ", ".join(map(str, box_px))
