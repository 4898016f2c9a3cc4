"""What can be seen: the file among the reference files, its frames, its scores over time, its faces."""

from __future__ import annotations

from markupsafe import Markup

from detector.network.saliency import CAPTION
from detector.report.document import Block, Legend, Photo, Photos, Plot, Section, Table, Words, paragraph
from detector.report.evidence import Evidence, Picture
from detector.report.plots.reference import reference_plot_svg
from detector.report.plots.timeline import timeline_svg
from detector.report.speaker import Speaker
from detector.report.wording.verdicts import OVERLAY_SCALE, face_table, reference_title

_WIDE = 1.3  # a photo that is so many times as wide as high has no room for two of it side by side


def reference_section(evidence: Evidence, speaker: Speaker) -> Section | None:
    """Makes the section with the file among the reference files; None without them."""
    weight = evidence.result.evidence
    plot = reference_plot_svg(weight, evidence.scales, speaker.language) if weight else Markup()
    return Section(speaker.text(reference_title(evidence.result)), (Plot(plot),)) if plot else None


def pictures_section(evidence: Evidence, speaker: Speaker) -> Section:
    """Makes the section with the frames with the highest scores, or with the photo."""
    legend = Legend(speaker.say("Overlay"), speaker.text(OVERLAY_SCALE), speaker.text(CAPTION))
    title = speaker.say("Frames with the highest scores") if evidence.is_clip else speaker.say("Picture")
    return Section(title, (legend, *(_photos(picture, evidence, speaker) for picture in evidence.pictures)))


def timeline_section(evidence: Evidence, speaker: Speaker) -> Section | None:
    """Makes the section with the scores over time; None for a photo, or without a face."""
    plot = timeline_svg(evidence.result, language=speaker.language) if evidence.is_clip else Markup()
    return Section(speaker.say("Score over time"), (Plot(plot),)) if plot else None


def faces_section(evidence: Evidence, speaker: Speaker) -> Section:
    """Makes the section with one row for each assessed face."""
    result = evidence.result
    blocks: list[Block] = [paragraph(speaker.say("No face was assessed."))]
    if result.faces:
        titles, rows = face_table(result)
        decides = " " + speaker.say("(decides)")
        cells = tuple(
            (
                Words(speaker.text(number) + (decides if number == str(result.decided_by) else "")),
                *(Words(speaker.text(value)) for value in values),
            )
            for number, *values in rows
        )
        columns = tuple(speaker.text(title) for title in titles)
        blocks = [Table(speaker.say("Faces that were assessed"), columns, cells)]
    if result.not_assessed:
        blocks.append(paragraph(speaker.say("Some faces were found and not assessed; they are listed at the end.")))
    else:
        blocks.append(paragraph(speaker.say("No face was found that could not be assessed."), is_soft=True))
    return Section(speaker.say("Faces"), tuple(blocks))


def _photos(picture: Picture, evidence: Evidence, speaker: Speaker) -> Photos:
    file, caption = evidence.result.file, speaker.sentence(picture.caption)
    with_boxes = speaker.say("With a numbered box around each assessed face")
    photos = [Photo(picture.boxes_jpeg, speaker.say("With boxes"), f"{with_boxes}; {caption}")]
    if picture.overlay_jpeg:
        with_overlay = speaker.say("The same with an overlay of where the model looked")
        photos.append(Photo(picture.overlay_jpeg, speaker.say("Where the model looked"), f"{with_overlay}; {caption}"))
    return Photos(caption, tuple(photos), evidence.is_clip or file.width_px < _WIDE * file.height_px)
