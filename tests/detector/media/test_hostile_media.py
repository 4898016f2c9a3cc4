"""Whatever a stranger sends: a result or one plain sentence, in time, and nothing left behind."""

import gc
import json
import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
import psutil
import pytest

from detector.analyzer import Analyzer
from detector.errors import MediaError
from detector.media.reading import MEDIA_ANSWERS, read_media
from detector.messages import Message
from detector.report.evidence import build_evidence, evidence_to_dict
from detector.report.evidence_report import evidence_html
from detector.report.pictures.annotated_video import write_annotated_video
from detector.report.translation import translate
from detector.results import Analysis, Result, result_to_dict
from detector.sandbox.client import WORKERS
from tests.hostile import KINDS, HostileFile, hostile_files
from tests.redness_model import redness_model
from web.views.verdict import verdict_html

ROOT = Path(__file__).parents[3]
MAX_SECONDS = 15  # of one file, on two busy cores; the slowest takes about 2
FRAMES = 4


@dataclass
class Answered:
    """What came of a file."""

    file: HostileFile
    path: Path
    analysis: Analysis | None
    message: Message | None
    seconds: float


@pytest.fixture(scope="module")
def analyzer(tmp_path_factory):
    """Has looked at a photo and a clip, so that what a first call opens for good is open."""
    analyzer = Analyzer(redness_model())
    for kind in ("wrong name", "name"):
        for file in hostile_files()[kind]:
            path = tmp_path_factory.mktemp("first") / "file"
            path.write_bytes(file.data)
            analyzer.analyze(path, frames=1)
    return analyzer


def start_workers() -> None:
    """As many as are kept, so that none counts as left behind."""
    photo = ROOT / "examples" / "astronaut.jpg"
    job = (read_media, photo, "photo", 1, True, "", False)
    streams = [WORKERS.stream(*job, answers=MEDIA_ANSWERS) for _ in range(2)]
    for stream in streams:
        next(stream)
    assert [len(list(stream)) for stream in streams] == [1, 1]


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """An empty folder that temporary files go to."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_gets_a_result_or_one_plain_sentence_and_leaves_nothing(kind, analyzer, tmp_path, temporary):
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    start_workers()
    gc.collect()
    open_before = psutil.Process().num_fds()
    problems = []
    for number, file in enumerate(hostile_files()[kind]):
        folder = inbox / str(number)
        folder.mkdir()
        answered = answer(analyzer, file, folder)
        found = problems_of(answered, analyzer)
        if answered.analysis and answered.analysis.result.file.duration_s is not None:
            found += problems_of_annotated_video(answered, tmp_path)
        problems += [f"{file.name!r}: {problem}" for problem in found]
        if os.listdir(folder) != [file.name] or answered.path.read_bytes() != file.data:
            problems.append(f"{file.name!r}: left something beside the file, or changed it")
        if left := os.listdir(temporary):
            problems.append(f"{file.name!r}: left {left} in the temporary folder")
    del answered
    gc.collect()
    assert not problems, "\n".join(problems)
    end = time.monotonic() + 5  # others in this process may open one for a moment
    while psutil.Process().num_fds() > open_before and time.monotonic() < end:
        time.sleep(0.1)
    assert psutil.Process().num_fds() <= open_before


def answer(analyzer: Analyzer, file: HostileFile, folder: Path) -> Answered:
    """Sends a file through the one door; anything but a `MediaError` goes through."""
    path = folder / file.name
    path.write_bytes(file.data)
    start = time.perf_counter()
    try:
        analysis, message = analyzer.analyze(path, frames=FRAMES), None
    except MediaError as error:
        analysis, message = None, error.message
    return Answered(file, path, analysis, message, time.perf_counter() - start)


def problems_of(answered: Answered, analyzer: Analyzer) -> list[str]:
    """In what an answer is not as it must be."""
    file, problems = answered.file, []
    got = "result" if answered.analysis else "error"
    if file.must not in ("either", got):
        problems.append(f"gave a {got}, not a {file.must}: {answered.message}")
    if answered.seconds > MAX_SECONDS:
        problems.append(f"took {answered.seconds:.1f} s")
    if answered.message is not None:
        sentence = str(answered.message)
        if not is_plain(sentence, answered.path) or translate(answered.message, "es") == sentence:
            problems.append(f"says {sentence!r}")
        if got == file.must and file.says not in sentence:
            problems.append(f"does not say {file.says!r} but {sentence!r}")
        return problems
    return problems + problems_of_result(answered.analysis.result, answered) + problems_of_report(answered, analyzer)


def problems_of_result(result: Result, answered: Answered) -> list[str]:
    """In what a result is not as it must be."""
    file, facts, problems = answered.file, result.file, []
    known = {
        "media type": (file.media_type, facts.media_type),
        "size": (file.size_px, (facts.width_px, facts.height_px)),
        "faces": (file.faces, len(result.faces)),
    }
    problems += [f"{name} is {got}, not {wanted}" for name, (wanted, got) in known.items() if wanted not in (None, got)]
    if file.must == "result" and file.says not in " ".join(map(str, result.warnings)):
        problems.append(f"does not say {file.says!r} but {result.warnings}")
    problems += [f"warns {text!r}" for text in map(str, result.warnings) if not is_plain(text, answered.path)]
    text = json.dumps(result_to_dict(result), allow_nan=False)
    if json.loads(text)["file"]["name"] != file.name:
        problems.append("the name does not survive JSON")
    scores = [frame.score for track in result.faces for frame in track.frames]
    times = [frame.time_s for track in result.faces for frame in track.frames]
    end_s = facts.duration_s or 0
    if not all(0 <= score <= 1 for score in scores) or not all(0 <= time_s <= end_s + 1e-3 for time_s in times):
        problems.append(f"scores {scores} at {times} of {end_s} s")
    return problems


def problems_of_report(answered: Answered, analyzer: Analyzer) -> list[str]:
    """In what the evidence report or the page would let a file take effect."""
    evidence = build_evidence(answered.analysis, analyzer.model)
    json.dumps(evidence_to_dict(evidence), allow_nan=False)
    page = evidence_html(evidence)
    page.encode("utf-8")
    problems = []
    for text, where in ((page, "the report"), (verdict_html(answered.analysis.result, "en"), "the page")):
        if answered.file.hides and answered.file.hides in text:
            problems.append(f"{where} has {answered.file.hides!r} as it is")
        if any(sign in text for sign in "\x1b\x00\u202e"):
            problems.append(f"{where} has control characters")
    if "<script" in page:
        problems.append("the report has a script")
    return problems


def problems_of_annotated_video(answered: Answered, folder: Path) -> list[str]:
    """In what the copy with numbered boxes is not as it must be; it may be refused as the clip itself."""
    output = folder / "annotated.mp4"
    try:
        write_annotated_video(answered.path, answered.analysis.result, output)
    except MediaError as error:
        return [] if is_plain(str(error), answered.path) else [f"the annotated video says {error!r}"]
    with av.open(str(output)) as container:
        frames = container.streams.video[0].frames
    return [] if frames else ["the annotated video is empty"]


def is_plain(sentence: str, path: Path) -> bool:
    """Whether it is one printable sentence that tells nothing of the server."""
    is_one = sentence.endswith(".") and sentence.isprintable() and len(sentence) < 250 and "Traceback" not in sentence
    return is_one and str(path.parent) not in sentence and "detector/" not in sentence


def test_there_are_at_least_300_and_they_are_the_same_every_time():
    files = [file for kind in KINDS for file in hostile_files()[kind]]
    assert len(files) >= 300 and set(hostile_files()) == set(KINDS)
    hostile_files.cache_clear()
    again = [file for kind in KINDS for file in hostile_files()[kind]]
    assert [file.name for file, other in zip(files, again, strict=True) if file != other] == []
