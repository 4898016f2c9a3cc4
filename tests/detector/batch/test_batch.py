"""Many files: what happens to each of them, and the tables made of it."""

import csv
import io
import json
import os
import wave
import weakref
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.batch.output import COLUMNS, NOT_ANALYSED, plain_text, rows, to_csv, to_json
from detector.batch.runner import BatchItem, analyze_many
from detector.errors import MediaError
from detector.facts import MediaItem
from detector.media.files import file_sha256
from detector.report.wording.verdicts import VERDICT_TITLE
from detector.results import SCHEMA_VERSION, result_to_dict
from tests.media_factory import write_video
from tests.redness_model import evidence_scales, portrait, redness_model


class CountingAnalyzer(Analyzer):
    """Notes which files it analysed, and whether the pictures of the file before were gone by then."""

    def __init__(self):
        super().__init__(redness_model())
        self.names, self.previous_gone, self._last = [], [], lambda: None

    def analyze(self, path, *args, **kwargs):
        self.previous_gone.append(self._last() is None)
        self.names.append(Path(path).name)
        analysis = super().analyze(path, *args, **kwargs)
        self._last = weakref.ref(analysis)
        return analysis


@pytest.fixture
def analyzer():
    return CountingAnalyzer()


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """``grey.png``, ``red.png``, and ``clip.mp4``: a second whose first eighth is grey and the rest red."""
    folder = tmp_path_factory.mktemp("media")
    Image.fromarray(portrait()).save(folder / "grey.png")
    Image.fromarray(portrait(tint=0.6)).save(folder / "red.png")
    write_video(folder / "clip.mp4", [portrait()] + [portrait(tint=0.6)] * 7, fps=8)
    return folder


def copied(source: Path, target: Path, length: int | None = None) -> Path:
    target.write_bytes(source.read_bytes()[:length])
    return target


def test_one_bad_file_never_stops_the_rest(analyzer, media, tmp_path):
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "notes.jpg").write_text("no picture at all")
    files = [tmp_path / "empty.jpg", media / "red.png", tmp_path / "gone.jpg", tmp_path, tmp_path / "notes.jpg"]
    items = list(analyze_many(analyzer, [*files, media / "clip.mp4"], frames=8))
    assert [item.path for item in items] == [*files, media / "clip.mp4"]
    assert [item.result.verdict if item.result else None for item in items] == [
        *(None, "manipulated", None, None, None, "manipulated")
    ]
    errors = [str(item.error or "") for item in items]
    assert "empty (zero bytes)" in errors[0] and "No such file" in errors[2] and "folder" in errors[3]
    assert errors[4].startswith("The file is neither a photo nor a video")
    assert items[4].sha256 == file_sha256(files[4])  # what was sent is on record also where it cannot be read


@pytest.mark.parametrize(
    ("source", "name", "media_type"),
    [("red.png", "photo.mp4", "image/png"), ("clip.mp4", "clip.jpg", "video/mp4"), ("red.png", "none", "image/png")],
)
def test_content_decides_what_a_file_is(analyzer, media, tmp_path, source, name, media_type):
    analysis = analyzer.analyze(copied(media / source, tmp_path / name), frames=2)
    assert (analysis.result.file.media_type, analysis.result.file.name) == (media_type, name)


def test_animated_gif_is_a_clip_whatever_its_name(analyzer, tmp_path):
    first, *others = [Image.fromarray(portrait(tint)) for tint in (0.0, 0.3, 0.6)]
    first.save(tmp_path / "photo.jpg", format="GIF", save_all=True, append_images=others, duration=200)
    result = analyzer.analyze(tmp_path / "photo.jpg").result
    assert (result.file.media_type, result.file.duration_s) == ("image/gif", 0.6)
    assert [frame.time_s for frame in result.faces[0].frames] == [0.0, 0.2, 0.4]


def test_cut_off_files_and_sound_get_the_fitting_sentence(analyzer, media, tmp_path):
    with wave.open(str(tmp_path / "voice.mp4"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(16000))
    for path, sentence in (
        (copied(media / "red.png", tmp_path / "half.png", 9000), "The file is incomplete"),
        (copied(media / "clip.mp4", tmp_path / "half.mp4", 9000), "or it is cut off"),
        (tmp_path / "voice.mp4", "no moving picture"),
    ):
        with pytest.raises(MediaError, match=sentence):
            analyzer.analyze(path)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        (RuntimeError("shapes differ"), "fault in this program"),
        (MemoryError(), "too little free memory"),
        (PermissionError(13, "Permission denied"), "cannot be opened \\(Permission denied\\)"),
    ],
)
def test_fault_nobody_foresaw_costs_one_file_only(analyzer, media, monkeypatch, fault, sentence):
    real = analyzer.analyze

    def analyze(path, **options):
        if path.name == "red.png":
            raise fault
        return real(path, **options)

    monkeypatch.setattr(analyzer, "analyze", analyze)
    bad, good = analyze_many(analyzer, [media / "red.png", media / "clip.mp4"], frames=2)
    assert pytest.raises(MediaError, _raise, bad.error).match(sentence)
    assert good.error is None


def _raise(sentence):
    raise MediaError(sentence)


def test_same_bytes_are_analysed_once_and_named_twice(analyzer, media, tmp_path):
    copy = copied(media / "red.png", tmp_path / "copy.jpg")
    first, second = analyze_many(analyzer, [media / "red.png", copy], keep_analyses=True)
    assert analyzer.names == ["red.png"]
    assert (second.path, second.duplicate_of, first.duplicate_of) == (copy, media / "red.png", None)
    assert second.result.file.name == "copy.jpg" and second.result.score == first.result.score
    assert first.analysis.result is first.result and second.analysis is None


@pytest.mark.parametrize("keep_analyses", [False, True])
def test_pictures_are_dropped_before_the_next_file(analyzer, media, keep_analyses):
    kept = []
    for item in analyze_many(
        analyzer, [media / name for name in ("red.png", "clip.mp4", "grey.png")], 2, keep_analyses=keep_analyses
    ):
        kept.append(item.analysis is not None)
        del item
    assert kept == [keep_analyses] * 3
    assert analyzer.previous_gone == [True] * 3


def test_progress_covers_all_files(analyzer, media):
    steps = []
    files = [media / "red.png", media / "clip.mp4"]
    list(analyze_many(analyzer, files, frames=4, progress=lambda share, doing: steps.append((share, doing))))
    shares = [share for share, _ in steps]
    assert shares == sorted(shares) and shares[0] == 0 and shares[-1] == 1
    assert any(0.5 < share < 1 and str(doing).startswith("clip.mp4, ") for share, doing in steps)


def test_rows_say_it_in_words_with_the_seconds(analyzer, media, tmp_path):
    clip, bad = rows(analyze_many(analyzer, [media / "clip.mp4", tmp_path / "gone.jpg"], frames=8))
    assert tuple(clip) == tuple(bad) == COLUMNS
    assert (clip["file"], clip["sha256"]) == ("clip.mp4", file_sha256(media / "clip.mp4"))
    assert (clip["verdict"], clip["media_type"]) == (str(VERDICT_TITLE["manipulated"]), "video/mp4")
    assert clip["score"] > 0.8 and clip["faces"] == 1 and clip["error"] is None
    assert (clip["from_s"], clip["to_s"]) == (0.125, 0.875)
    assert (clip["model"], clip["model_revision"]) == ("redness", "1")
    assert (clip["threshold_no_manipulation_found"], clip["threshold_manipulated"]) == (0.2, 0.8)
    assert (bad["verdict"], bad["score"], bad["sha256"]) == (str(NOT_ANALYSED), None, None)
    assert "No such file" in bad["error"]


def test_rows_hold_band_and_ratio_where_the_model_has_scales(analyzer, media):
    weighed = Analyzer(redness_model(scales=evidence_scales()))
    (row,) = csv.DictReader(io.StringIO(to_csv(analyze_many(weighed, [media / "red.png"])), newline=""))
    assert {"evidence_band", "log10_likelihood_ratio"} < set(list(row)[15:])  # after the columns that were there before
    assert row["evidence_band"] == "Moderate support for manipulation" and 1 < float(row["log10_likelihood_ratio"]) < 2
    assert row["verdict"] == "Signs of manipulation"
    (before,) = rows(analyze_many(analyzer, [media / "red.png"]))
    assert before["evidence_band"] is before["log10_likelihood_ratio"] is None


def test_line_for_people_begins_with_band_and_ratio(media):
    weighed = Analyzer(redness_model(scales=evidence_scales()))
    red, grey = (plain_text(item) for item in analyze_many(weighed, [media / "red.png", media / "grey.png"]))
    assert red == f"Moderate support for manipulation    LR    20  {media / 'red.png'}\n"
    assert grey == f"Moderate support for no manipulation LR  1/20  {media / 'grey.png'}\n"


def test_rows_and_lines_say_which_photo_or_film_was_assessed(analyzer, media):
    (item,) = analyze_many(analyzer, [media / "red.png"])
    items = (MediaItem(1, "photo", 200, 200, None, True), MediaItem(2, "film", 64, 48, 2.5, False))
    several = replace(item, result=replace(item.result, items=items))
    (row,) = rows([several])
    assert (row["item"], row["items"]) == (1, 2)
    held = "This file holds 1: photo of 200 x 200 pixels (assessed) · 2: film of 2.5 s, 64 x 48 pixels."
    assert held in plain_text(several)
    (alone,) = rows([item])
    assert alone["item"] is alone["items"] is None and "This file holds" not in plain_text(item)


def test_file_without_the_photo_or_film_that_is_wanted_is_an_error_of_its_own(analyzer, media):
    first, second = (list(analyze_many(analyzer, [media / "red.png"], item=number))[0] for number in (1, 2))
    assert first.error is None and second.result is None
    assert str(second.error).endswith(".")


def test_photo_has_no_seconds(analyzer, media):
    (row,) = rows(analyze_many(analyzer, [media / "red.png"]))
    assert row["verdict"] == str(VERDICT_TITLE["manipulated"]) and row["from_s"] is None


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_file_name_is_never_a_formula(start):
    name = f"{start}HYPERLINK(1).jpg"
    text = to_csv([BatchItem(Path(name), "ab", error=f"{start}1"), BatchItem(Path("a=b.jpg"), "ab", error="no")])
    first, second = csv.DictReader(io.StringIO(text, newline=""))
    assert (first["file"], first["error"]) == (f"'{name}", f"'{start}1")
    assert second["file"] == "a=b.jpg"


def test_csv_keeps_commas_accents_and_numbers(analyzer, media, tmp_path):
    photo = copied(media / "red.png", tmp_path / 'niño, "1".png')
    odd = tmp_path / os.fsdecode(b"\xff.jpg")
    (row, other) = csv.DictReader(io.StringIO(to_csv(analyze_many(analyzer, [photo, odd])), newline=""))
    assert row["file"] == 'niño, "1".png' and float(row["score"]) > 0.8 and row["error"] == ""
    assert other["file"] == "\\udcff.jpg"


def test_json_holds_the_documented_result_and_no_folder(analyzer, media, tmp_path):
    copy = copied(media / "red.png", tmp_path / "copy.png")
    items = list(analyze_many(analyzer, [media / "red.png", copy, tmp_path / "gone.jpg"]))
    text = to_json(items)
    document = json.loads(text)
    assert document["schema_version"] == SCHEMA_VERSION
    good, same, bad = document["items"]
    assert good["result"] == json.loads(json.dumps(result_to_dict(items[0].result)))
    assert (good["file"], good["error"], same["duplicate_of"]) == ("red.png", None, "red.png")
    assert bad["result"] is None and "No such file" in bad["error"]
    assert str(tmp_path) not in text and str(media) not in text
    assert str(tmp_path) in to_json(items, with_path=True)
