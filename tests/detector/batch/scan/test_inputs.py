import os
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from detector.batch.scan.inputs import Entry, find_entries
from detector.errors import CommandError


@pytest.fixture
def archive(tmp_path):
    folder = tmp_path / "archive"
    for name in ("b/2.mp4", "a.jpg", "b/1.mp4", "b/.hidden.mp4", "table/part.parquet"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def names(entries, folder):
    return [entry.path.removeprefix(f"{folder}/") for entry in entries]


def test_folders_are_walked_in_order_without_hidden_files_and_the_own_table(archive):
    assert names(find_entries([str(archive)], [str(archive / "table")]), archive) == ["a.jpg", "b/1.mp4", "b/2.mp4"]


def test_patterns_name_files_and_each_file_is_taken_once(archive):
    found = find_entries([f"{archive}/b/2.mp4", f"{archive}/**/*.mp4"])
    assert names(found, archive) == ["b/2.mp4", "b/1.mp4"]
    assert all(entry.fingerprint.startswith("7:") and not entry.is_listed for entry in found)


def test_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path):
    (tmp_path / "a[1].mp4").write_bytes(b"x")
    assert names(find_entries([str(tmp_path / "a[1].mp4")]), tmp_path) == ["a[1].mp4"]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_manifest_gives_the_addresses_of_its_column(tmp_path, ending):
    manifest = tmp_path / f"list.{ending}"
    table = pa.table({"title": ["x", "y", "z"], "URL": ["s3://news/a.mp4", "", "/data/b.mp4"]})
    if ending == "csv":
        pa.csv.write_csv(table, manifest)
    else:
        pq.write_table(table, manifest)
    assert find_entries([str(manifest)]) == [
        Entry("s3://news/a.mp4", is_listed=True),
        Entry("/data/b.mp4", is_listed=True),
    ]
    assert [entry.address for entry in find_entries([str(manifest)], column="title")] == [
        os.path.abspath(name) for name in "xyz"
    ]


def test_table_of_numbers_is_no_list_of_addresses_by_chance(tmp_path):
    (tmp_path / "list.csv").write_text("id,link\n1,a\n")
    with pytest.raises(CommandError, match="has the columns id, link; please say with --column which of them"):
        find_entries([str(tmp_path / "list.csv")])


def test_table_inside_a_folder_is_a_file_like_any_other(archive):
    (archive / "tips.csv").write_text("url\nhttp://127.0.0.1/secret\n")
    assert "tips.csv" in names(find_entries([str(archive)]), archive)


@pytest.mark.parametrize("given", ["nowhere/*.mp4", "nowhere.csv", "ftp://a/b"])
def test_input_without_a_file_is_one_sentence(tmp_path, given):
    with pytest.raises(CommandError) as raised:
        find_entries([given if "://" in given else str(tmp_path / given)])
    assert str(raised.value).endswith(".") and "\n" not in str(raised.value)


def test_relative_paths_are_those_of_the_command_for_every_worker(archive, monkeypatch):
    monkeypatch.chdir(archive / "b")
    (archive / "b" / "list.csv").write_text("path\n1.mp4\n")
    for given in ("1.mp4", "list.csv", "*1.mp4"):
        assert [entry.address for entry in find_entries([given])] == [str(archive / "b" / "1.mp4")]


def test_address_of_a_web_server_is_one_file_whatever_is_in_its_query():
    assert find_entries(["https://cdn.example.org/get?id=1"]) == [Entry("https://cdn.example.org/get?id=1")]


def test_a_million_addresses_fit_into_little_memory():
    entry = Entry("s3://news/2026/11/28/clip-0000001.mp4", "1234567:0123456789abcdef0123456789abcdef")
    assert sys.getsizeof(entry) + sys.getsizeof(entry.address) + sys.getsizeof(entry.fingerprint) < 300


def test_pattern_leaves_out_what_the_scan_itself_writes(archive):
    found = find_entries([f"{archive}/**"], [str(archive / "table")])
    assert names(found, archive) == ["a.jpg", "b/1.mp4", "b/2.mp4"]


def test_links_in_a_circle_are_files_that_cannot_be_opened(archive):
    (archive / "loop").symlink_to("loop")
    assert "loop" in names(find_entries([str(archive)], [str(archive / "table")]), archive)


def test_names_in_a_list_are_taken_as_they_are_written(tmp_path):
    (tmp_path / "list.csv").write_text("path,n\n00123,1\n2026-01-01,2\n", encoding="utf-8-sig")
    found = [os.path.basename(entry.address) for entry in find_entries([str(tmp_path / "list.csv")])]
    assert found == ["00123", "2026-01-01"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"/d/a.jpg\n/d/b.jpg\n", "begins without a name of its column"),
        (b"path;title\n/d/a.jpg;x\n", "separated by semicolons"),
        (b"path,path\n/d/a.jpg,/d/b.jpg\n", "several columns path"),
        ("path\n/d/café.jpg\n".encode("cp1252"), "must be saved as UTF-8"),
        (b"path\nSmith, John.jpg\n", "quotes around what holds a comma"),
    ],
)
def test_list_that_would_be_misread_is_refused(tmp_path, content, sentence):
    (tmp_path / "list.csv").write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        find_entries([str(tmp_path / "list.csv")])


def test_address_of_a_file_is_read_as_a_browser_writes_it(tmp_path):
    (tmp_path / "a b.jpg").write_bytes(b"x")
    for start in ("file://", "file://localhost"):
        assert names(find_entries([f"{start}{tmp_path}/a%20b.jpg"]), tmp_path) == ["a b.jpg"]
