import json
from dataclasses import replace
from pathlib import Path

from detector.batch.resume import Wanted, hashes_of, line, resume
from detector.batch.runner import BatchItem
from detector.facts import MediaFile
from detector.media.files import file_sha256
from detector.results import SCHEMA_VERSION, Result
from tests.redness_model import redness_model

INFO = redness_model().info


def written(tmp_path: Path, **model) -> tuple[Path, Path]:
    """A file, and lines that hold its result by a model."""
    file, output = tmp_path / "a.bin", tmp_path / "lines.jsonl"
    file.write_bytes(b"content")
    sha256 = file_sha256(file)
    facts = MediaFile("a.bin", sha256, 7, "image/png", 9, 9, None)
    result = Result(SCHEMA_VERSION, facts, replace(INFO, **model), "no_face", None, (), ())
    output.write_text(line(BatchItem(file, sha256, result), 32))
    return file, output


def test_file_with_a_result_of_the_same_model_is_not_analysed_again(tmp_path):
    file, output = written(tmp_path)
    assert resume(output, [file], Wanted(INFO, 32)).remaining == []


def test_file_is_analysed_again_where_the_scales_of_the_same_weights_have_changed(tmp_path):
    file, output = written(tmp_path, config_sha256="0a")
    assert resume(output, [file], Wanted(replace(INFO, config_sha256="0b"), 32)).remaining == [file]


def test_file_is_analysed_again_where_another_photo_or_film_of_it_is_wanted(tmp_path):
    file, output = written(tmp_path)
    for item, remaining in ((0, []), (2, [file])):
        before = output.read_text()
        assert resume(output, [file], Wanted(INFO, 32, item=item)).remaining == remaining
        output.write_text(before)
    (record,) = map(json.loads, output.read_text().splitlines())
    output.write_text(json.dumps(record | {"item": 2}) + "\n")
    assert resume(output, [file], Wanted(INFO, 32, item=2)).remaining == []
    assert resume(output, [file], Wanted(INFO, 32)).remaining == [file]


def test_file_is_analysed_again_where_its_report_is_wanted_as_pdf_too(tmp_path):
    file, output = written(tmp_path)
    (record,) = map(json.loads, output.read_text().splitlines())
    (tmp_path / "a.html").touch()
    for has_pdf, remaining in ((False, [file]), (True, [])):
        output.write_text(json.dumps(record | {"report": "a.html"}) + "\n")
        if has_pdf:
            (tmp_path / "a.pdf").touch()
        assert resume(output, [file], Wanted(INFO, 32, tmp_path, with_pdf=True)).remaining == remaining


def test_known_real_files_that_are_refused_unread_do_not_count(tmp_path):
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "a.jpg").write_bytes(b"a")
    assert hashes_of([tmp_path / "empty.jpg", tmp_path / "a.jpg"]) == {file_sha256(tmp_path / "a.jpg")}
