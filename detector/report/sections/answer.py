"""What is read first: the answer, a sentence to quote, and what the person who checked the file wrote."""

from __future__ import annotations

from detector.facts import Fetched
from detector.messages import Message
from detector.report.case.notes import CaseNotes, web_address
from detector.report.document import (
    Block,
    Bullets,
    Facts,
    Line,
    Paragraph,
    Plot,
    Quotation,
    Section,
    Table,
    Words,
    line,
    paragraph,
)
from detector.report.evidence import Evidence
from detector.report.plots.known_real import known_real_svg
from detector.report.speaker import Speaker
from detector.report.wording.cautions import cautions
from detector.report.wording.credentials import STATE_TITLE, source_type_text
from detector.report.wording.evidence import ratio_text
from detector.report.wording.known_real import known_real_texts
from detector.report.wording.quotation import quotation
from detector.report.wording.verdicts import score_text, spans_text, text_of, title_of, weight_texts
from detector.results import KnownRealFile, Result

SAVED_CASE_NOTE = Message(
    "Shown from a saved case. It was not analysed again here; whoever saved it may have changed it."
)


def answer_section(evidence: Evidence, speaker: Speaker) -> Section:
    """Makes the section with the answer."""
    result = evidence.result
    blocks: list[Block] = []
    if evidence.background.saved_utc:
        blocks.append(Paragraph(((Words(speaker.text(SAVED_CASE_NOTE), "bold"),),)))
    blocks += [paragraph(speaker.sentence(text)) for text in weight_texts(result, evidence.scales)]
    blocks.append(paragraph(speaker.text(text_of(result))))
    blocks += [paragraph(speaker.text(text)) for track in result.faces if (text := spans_text(result, track))]
    blocks += [Paragraph((origin,)) for origin in _stated_origins(evidence, speaker)]
    if warnings := [*result.warnings, *cautions(result, evidence.scales)]:
        note = Words(speaker.say("Note:"), "bold")
        blocks.append(Bullets(tuple((note, Words(speaker.text(warning))) for warning in warnings)))
    blocks.append(Quotation(speaker.say("To quote"), quotation(result, speaker.language)))
    return Section(_headline(result, speaker), tuple(blocks), is_answer=True)


def case_section(notes: CaseNotes | None, source: Fetched | None, speaker: Speaker) -> Section | None:
    """Makes the section with what the person who checked the file wrote, and where it was fetched from; None without both."""
    blocks = [*_noted(notes, speaker), *_fetched(source, speaker)]
    return Section(speaker.say("Case"), tuple(blocks)) if blocks else None


def known_real_section(result: Result, speaker: Speaker) -> Section | None:
    """Makes the section with the comparison with known-real files; None where none were given."""
    if result.known_real is None:
        return None
    first, *others = known_real_texts(result)
    blocks: list[Block] = [Paragraph(((Words(speaker.text(first), "bold"),),))]
    blocks += [paragraph(speaker.text(text)) for text in others]
    if plot := known_real_svg(result, speaker.language):
        # the marks of the plot
        names = (speaker.say("the questioned file"), speaker.say("known-real files"))
        blocks.append(Plot(plot, "◆ {} · ○ {}".format(*names)))
    titles = (speaker.say("File"), speaker.say("Score"), speaker.say("Compared"), "SHA-256")
    rows = tuple(_known_real_row(file, speaker) for file in result.known_real.files)
    blocks.append(Table(speaker.say("Known-real files"), titles, rows))
    return Section(speaker.say("Compared with known-real files"), tuple(blocks))


def _noted(notes: CaseNotes | None, speaker: Speaker) -> list[Block]:
    if notes is None:
        return []
    rows: list[tuple[str, tuple[Line, ...]]] = []
    if notes.source_link:
        rows.append((speaker.say("Source link"), (_link(notes.source_link),)))
    if notes.checked_by:
        rows.append((speaker.say("Checked by"), (line(notes.checked_by),)))
    if notes.notes:
        rows.append((speaker.say("Notes"), tuple(line(text) for text in notes.notes.split("\n"))))
    said = speaker.say("As the person who checked the file wrote it; not checked by this software.")
    return [paragraph(said, is_soft=True), Facts(tuple(rows))]


def _fetched(source: Fetched | None, speaker: Speaker) -> list[Block]:
    if source is None:
        return []
    rows = [(speaker.say("Link"), (_link(source.url),))]
    if source.final_url != source.url:
        rows.append((speaker.say("Address after redirects"), (_link(source.final_url),)))
    rows.append((speaker.say("Time of fetching"), (line(f"{source.fetched_utc} (UTC)"),)))
    return [Facts(tuple(rows), speaker.say("Fetched by this software"))]


def _known_real_row(file: KnownRealFile, speaker: Speaker) -> tuple[Words, ...]:
    return (
        Words(file.name),
        Words("" if file.score is None else score_text(file.score)),
        Words(speaker.say("yes") if file.used else speaker.text(file.error or "")),
        Words(file.sha256 or "", "code"),
    )


def _headline(result: Result, speaker: Speaker) -> str:
    title = title_of(result)
    if deciding := result.deciding_evidence:
        ratio = ratio_text(deciding.log10_likelihood_ratio)
        return speaker.say("{title} (likelihood ratio about {ratio})", title=title, ratio=ratio)
    if result.score is None:
        return speaker.say("Verdict: {title}", title=title)
    score = score_text(result.score, result.model.thresholds)
    return speaker.say("Verdict: {title} (score {score} of 1)", title=title, score=score)


def _stated_origins(evidence: Evidence, speaker: Speaker) -> list[Line]:
    """Tells what the file itself says of the kind of its media."""
    lines: list[Line] = []
    credentials = evidence.provenance.content_credentials
    if credentials:
        by = Words(speaker.say("By its content credentials"), "bold")
        state = Words(f"({speaker.text(STATE_TITLE[credentials.validation_state]).lower()})")
        lines += [(by, state, *_origin(address, speaker)) for address in credentials.digital_source_types]
    by = Words(speaker.say("By its XMP metadata"), "bold")
    unsigned = Words(speaker.say("(not signed)"))
    addresses = [value for name, value in evidence.provenance.container if name == "XMP: DigitalSourceType"]
    return lines + [(by, unsigned, *_origin(address, speaker)) for address in addresses]


def _origin(address: str, speaker: Speaker) -> Line:
    said = speaker.say("the media is {origin}", origin=source_type_text(address))
    return Words(said), Words(f"({address}).", "soft")


def _link(link: str) -> Line:
    return (Words(link, link=web_address(link)),)
