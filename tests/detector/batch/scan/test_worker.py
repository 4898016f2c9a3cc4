import json
import platform
from dataclasses import replace

import pyarrow as pa
import pytest
from PIL import Image

from detector.analyzer import Analyzer
from detector.batch.scan import worker
from detector.batch.scan.inputs import Entry, find_entries
from detector.batch.scan.models import Model
from detector.batch.scan.rows import SCHEMA, Maker, table_of
from detector.batch.scan.worker import Piece, Task, analyze_piece
from detector.errors import CommandError
from detector.media.files import file_sha256
from detector.network.settings import ModelSettings
from detector.results import result_to_dict
from tests.redness_model import evidence_scales, portrait, redness_model


@pytest.fixture
def analyzer(monkeypatch):
    """The analyzer of this worker: a model that finds red faces manipulated."""
    analyzer = Analyzer(redness_model(scales=evidence_scales()))
    monkeypatch.setattr(worker, "_analyzer", lambda model: analyzer)
    return analyzer


def task(analyzer, **fields) -> Task:
    return Task(Model(ModelSettings()), Maker(analyzer.model.info, 32, False), **fields)


def photo(path, tint: float):
    Image.fromarray(portrait(tint)).save(path, quality=95)
    return path


def rows_of(task, *entries, known=None):
    return analyze_piece(Piece(task, entries, known or (("", ""),) * len(entries)))


def test_row_says_what_the_result_says(analyzer, tmp_path):
    path = photo(tmp_path / "a.jpg", 0.6)
    (entry,) = find_entries([str(path)])
    (row,) = rows_of(task(analyzer), entry)
    result = analyzer.analyze(path).result
    assert row["result"] == json.dumps(result_to_dict(result))
    assert (row["path"], row["sha256"], row["fingerprint"]) == (str(path), file_sha256(path), entry.fingerprint)
    assert row["verdict"] == result.verdict == "manipulated" and row["faces"] == 1
    assert row["evidence_band"] == result.evidence.band
    assert row["log10_likelihood_ratio"] == result.evidence.log10_likelihood_ratio
    assert (row["model_id"], row["frames_per_video"], row["sampling"], row["error"]) == ("redness", 32, "near", None)
    assert pa.Table.equals(table_of([row]), pa.Table.from_pylist([row], schema=SCHEMA))


def test_bad_file_is_a_row_with_its_error_which_is_final(analyzer, tmp_path):
    (tmp_path / "a.jpg").write_text("no photo")
    (row,) = rows_of(task(analyzer), Entry(str(tmp_path / "a.jpg"), "8:1"))
    assert row["error"].startswith("The file is neither a photo nor a video") and row["result"] is None
    assert row["retry"] is False and row["sha256"]


def test_file_that_is_not_there_is_tried_again_another_time(analyzer, tmp_path):
    (row,) = rows_of(task(analyzer), Entry(str(tmp_path / "a.jpg")))
    assert row["error"] == "The file cannot be opened (No such file or directory)." and row["retry"] is True


def test_bytes_that_have_a_row_already_are_not_analysed_again(analyzer, tmp_path, monkeypatch):
    path = photo(tmp_path / "a.jpg", 0.6)
    entry = Entry(str(path), is_listed=True)
    (row,) = rows_of(task(analyzer), entry)
    monkeypatch.setattr(analyzer, "analyze", None)
    for known in ((row["fingerprint"], row["sha256"]), ("", row["sha256"]), ("other", row["sha256"])):
        assert rows_of(task(analyzer), entry, known=(known,)) == [None]


def test_manifest_is_not_followed_to_addresses_that_nobody_allowed(analyzer, monkeypatch):
    monkeypatch.setattr(worker, "fetched", None)
    (row,) = rows_of(task(analyzer), Entry("http://169.254.169.254/latest", is_listed=True))
    assert row["error"] == "The list names an address that was not allowed; please allow its beginning with --allow."


def test_object_that_is_said_to_be_too_large_is_not_fetched(analyzer, monkeypatch):
    monkeypatch.setattr(worker, "fetched", None)
    (row,) = rows_of(task(analyzer), Entry("s3://news/a.mp4", f"{2**40}:ab"))
    assert row["error"].startswith("The file is larger than 500 MB") and row["retry"] is False


def test_reports_are_written_of_the_bands_that_were_asked_for(analyzer, tmp_path):
    reports = tmp_path / "reports"
    reports.mkdir()
    entries = find_entries([str(photo(tmp_path / f"{tint}.jpg", tint)) for tint in (0.0, 0.6)])
    wanted = task(analyzer, reports=str(reports), reports_from="moderate_support_for_manipulation")
    rows = [rows_of(wanted, entry)[0] for entry in entries]
    assert rows[0]["report"] is None
    assert {file.name for file in reports.iterdir()} == {rows[1]["report"], rows[1]["report"].replace("html", "json")}


@pytest.mark.parametrize("other", [{"software": "0.0"}, {"model": redness_model("2").info}])
def test_worker_with_another_model_or_version_stops_the_scan(analyzer, tmp_path, other):
    wanted = task(analyzer)
    with pytest.raises(CommandError, match="another model or version than the scan began with"):
        rows_of(replace(wanted, maker=replace(wanted.maker, **other)), Entry(str(tmp_path)))


def test_machine_without_the_disk_of_the_files_stops_the_scan_and_a_file_that_went_does_not(analyzer, tmp_path):
    with pytest.raises(CommandError, match="does not see the folder of"):
        rows_of(task(analyzer), Entry(str(tmp_path / "disk" / "a.mp4"), "7:1"))
    (row,) = rows_of(task(analyzer), Entry(str(tmp_path / "a.mp4"), "7:1"))
    assert "cannot be opened" in row["error"]


def test_folder_that_was_moved_meanwhile_does_not_stop_a_scan_on_one_machine(analyzer, tmp_path):
    (row,) = rows_of(task(analyzer, node=platform.node()), Entry(str(tmp_path / "moved" / "a.mp4"), "7:1"))
    assert "cannot be opened" in row["error"] and row["retry"] is True


def test_name_that_is_no_text_is_kept_as_it_can_be_told(analyzer, tmp_path):
    entry = Entry(str(tmp_path / "a\udcff.jpg"))
    (row,) = rows_of(task(analyzer), entry)
    assert row["path"].endswith("a\\udcff.jpg") and table_of([row]).num_rows == 1
    assert row["path"] == entry.path  # by which the next scan finds it


def test_line_of_a_list_that_no_path_can_be_is_a_row_with_its_error(analyzer):
    (row,) = rows_of(task(analyzer), Entry("/d/a\0b.jpg", is_listed=True))
    assert row["error"] == "The list names a path that no file can have; please save it as UTF-8."
