import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from detector.batch.scan import output as output_module
from detector.batch.scan import parts as parts_module
from detector.batch.scan.output import Output
from detector.batch.scan.rows import Maker, error_row
from detector.errors import CommandError
from detector.messages import Message
from tests.redness_model import redness_model

MAKER = Maker(redness_model().info, 32, False)
START = datetime(2026, 1, 1, tzinfo=UTC)


def row(path: str, minute: int = 0, **columns):
    made = error_row(path, "7:1", Message("bad"), MAKER)
    return made | {"analysed_at": START + timedelta(minutes=minute), "result": "{}", "sha256": "ab", **columns}


def stored(folder):
    return pyarrow.dataset.dataset(folder, partitioning="hive").to_table().to_pylist()


def parts(folder):
    return sorted(folder.glob("partition=*/*.parquet"))


def test_rows_are_there_within_seconds_and_in_one_part_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(output_module, "WRITE_EVERY_S", 0.05)
    with Output(str(tmp_path / "table"), 3) as output:
        for number in range(3):
            output.add(row(f"/data/{number}.mp4"))
            while len(parts(tmp_path / "table")) <= number:
                output._closed.wait(0.01)
        output.tidy()
    (part,) = parts(tmp_path / "table")
    assert pq.read_table(part)["path"].to_pylist() == ["/data/0.mp4", "/data/1.mp4", "/data/2.mp4"]


def test_later_row_of_a_file_replaces_the_earlier_one(tmp_path):
    for minute in (0, 1):
        with Output(str(tmp_path), 2) as output:
            output.add(row("/a", minute, sha256=str(minute)))
            output.add(row("/b", 0))
            output.tidy()
    assert [(found["path"], found["sha256"]) for found in stored(tmp_path)] == [("/a", "1"), ("/b", "ab")]


def test_scan_that_was_killed_while_it_merged_leaves_each_row_once_to_the_next(tmp_path, monkeypatch):
    for name in ("/a", "/b"):
        with Output(str(tmp_path), 2) as output:
            output.add(row(name))
    before = parts(tmp_path)
    assert len(before) == 2
    with Output(str(tmp_path), 2) as output, monkeypatch.context() as patch:
        patch.setattr(output._parts._files, "rm_file", lambda place: (_ for _ in ()).throw(OSError("killed")))
        with pytest.raises(CommandError):
            output.index(MAKER)
    assert len(parts(tmp_path)) == 3
    with Output(str(tmp_path), 2) as output:
        assert output.index(MAKER).keys() == {"/a", "/b"}
    assert sorted(found["path"] for found in stored(tmp_path)) == ["/a", "/b"]


def test_parts_are_merged_in_the_middle_of_a_scan(tmp_path, monkeypatch):
    monkeypatch.setattr(output_module, "_MAX_SMALL_PARTS", 4)
    with Output(str(tmp_path), 20) as output:
        for number in range(20):
            output.add(row(f"/{number}"))
            output._write()
            assert len(parts(tmp_path)) <= 5
    assert len(stored(tmp_path)) == 20


def test_large_parts_are_left_alone(tmp_path, monkeypatch):
    for module in (output_module, parts_module):
        monkeypatch.setattr(module, "BYTES_PER_PART", 1)
    with Output(str(tmp_path), 2) as output:
        output.add(row("/a"))
        output._write()
        output.add(row("/b"))
        output.tidy()
    assert len(parts(tmp_path)) == 2


def test_only_rows_of_the_same_model_software_and_frames_count(tmp_path):
    with Output(str(tmp_path), 1) as output:
        output.add(row("/a"))
    others = [
        Maker(replace(MAKER.model, revision="2"), 32, False),
        Maker(MAKER.model, 16, False),
        Maker(MAKER.model, 32, True),
        replace(MAKER, software="0.0"),
    ]
    with Output(str(tmp_path), 1) as output:
        assert output.index(MAKER)["/a"].sha256 == "ab"
        assert [output.index(other) for other in others] == [{}] * 4


def test_rows_are_spread_by_a_hash_of_their_path_and_stay_there(tmp_path):
    with Output(str(tmp_path), 150_000) as output:
        for number in range(400):
            output.add(row(f"/{number}"))
        output.tidy()
    counts = [pq.read_metadata(part).num_rows for part in parts(tmp_path)]
    assert len(counts) == 4 and min(counts) > 60
    with Output(str(tmp_path), 1) as output:  # however many files come later
        assert len(output.index(MAKER)) == 400


def test_folder_with_something_else_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(CommandError, match="holds something else; please give an empty folder"):
        Output(str(tmp_path), 1)
    (tmp_path / "_scan.json").write_text(json.dumps({"form": 99}))
    with pytest.raises(CommandError, match="another version"):
        Output(str(tmp_path), 1)


@pytest.mark.parametrize("address", ["https://example.org/table", "hf://datasets/a/b"])
def test_places_that_cannot_take_a_table_are_refused(address):
    with pytest.raises(CommandError, match=r"Nothing can be written to .*; please give a path, s3:// or gs://"):
        Output(address, 1)


def test_full_disk_is_told_at_the_next_row_and_nothing_half_is_left(tmp_path, monkeypatch):
    with Output(str(tmp_path), 2) as output:
        monkeypatch.setattr(parts_module.os, "fsync", lambda stream: (_ for _ in ()).throw(OSError(28, "full")))
        output.add(row("/a"))
        output._write()
        with pytest.raises(CommandError, match=r"cannot be written \(OSError\); what is there already stays"):
            output.add(row("/b"))
        output._failure = None
    assert parts(tmp_path) == []


@pytest.mark.parametrize("name", ["table [2026]", "table#1", "100 % *"])
def test_table_is_found_again_whatever_its_name_holds(tmp_path, name):
    place = str(tmp_path / name)
    for _ in range(2):
        with Output(place, 1) as output:
            known = output.index(MAKER)
            if not known:
                output.add(row("/a", error=None))
            output.tidy()
    assert list(known) == ["/a"] and len(stored(tmp_path / name)) == 1


def test_row_lacks_a_report_where_its_band_has_one_by_now(tmp_path):
    made = {
        "/strong": {"evidence_band": "strong_support_for_manipulation", "verdict": "manipulated"},
        "/weak": {"evidence_band": "weak_support_for_manipulation", "verdict": "inconclusive"},
        "/there": {"evidence_band": "strong_support_for_manipulation", "verdict": "manipulated", "report": "a.html"},
        "/unweighed": {"verdict": "manipulated"},
    }
    with Output(str(tmp_path), 4) as output:
        for path, columns in made.items():
            output.add(row(path, error=None, **columns))
        output.tidy()
    with Output(str(tmp_path), 4) as output:
        asked = output.index(MAKER, "moderate_support_for_manipulation")
        assert {path for path, known in asked.items() if known.lacks_report} == {"/strong", "/unweighed"}
        assert not any(known.lacks_report for known in output.index(MAKER).values())
