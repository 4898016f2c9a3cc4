import pytest

from benchmarks.media import decode_all
from benchmarks.scan import make_archive, rows_of
from detector.batch.scan.output import Output
from detector.media.files import file_sha256
from tests.detector.batch.scan.test_output import row


def test_archive_holds_clips_of_different_bytes_that_all_play(tmp_path):
    files = sorted(make_archive(tmp_path / "archive", 3, frames=2).iterdir())
    assert len({file_sha256(file) for file in files}) == 3
    assert [decode_all(file) for file in files] == [2, 2, 2]


def test_file_with_two_rows_fails_the_measurement(tmp_path):
    assert rows_of(tmp_path) == {}
    for minute in (0, 1):
        with Output(str(tmp_path), 1) as output:
            output.add(row("/a", minute, error=None))
        if not minute:
            assert rows_of(tmp_path).keys() == {"/a"}
    with pytest.raises(RuntimeError, match="2 rows for 1 files"):
        rows_of(tmp_path)
