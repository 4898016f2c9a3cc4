import logging
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import s3fs

from detector.batch.scan import fetching
from detector.batch.scan.fetching import FetchError, fetched, look_at
from detector.batch.scan.inputs import Entry, find_entries
from detector.batch.scan.output import Output
from detector.errors import CommandError, MediaError
from tests.detector.batch.scan.test_output import MAKER, row
from tests.object_store import etag_of, object_store


@pytest.fixture(autouse=True)
def own_scratch(tmp_path, monkeypatch):
    """Every test looks for what it leaves behind in a folder of its own."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(fetching.tempfile, "tempdir", str(folder))
    fetching._remove_leftovers.cache_clear()
    yield folder
    fetching._remove_leftovers.cache_clear()
    assert [file for file in folder.rglob("*") if file.is_file()] == []


@pytest.fixture(scope="module")
def web_server():
    """Serves ``/a b.jpg``, redirects ``/moved``, and knows nothing else; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *arguments):
            pass

        def do_GET(self):
            status = {"/a%20b.jpg": 200, "/moved": 302}.get(self.path.partition("?")[0], 404)
            self.send_response(status)
            self.send_header("Location", "/a%20b.jpg")
            self.end_headers()
            if status == 200:
                self.wfile.write(b"x" * 3000)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_file_here_is_used_as_it_is(tmp_path):
    with fetched(Entry(str(tmp_path))) as path:
        assert path == tmp_path


def test_file_of_a_server_is_there_under_its_name_and_gone_afterwards(web_server):
    with fetched(Entry(f"{web_server}/a%20b.jpg?Signature=secret")) as path:
        assert path.name == "a b.jpg" and path.read_bytes() == b"x" * 3000
    assert not path.exists()


@pytest.mark.parametrize("path", ["/missing.jpg?Signature=secret", "/moved?Signature=secret"])
def test_file_that_is_not_there_and_a_redirect_are_one_sentence_without_secrets(web_server, path, caplog):
    caplog.set_level(logging.DEBUG, logger="detector")
    with pytest.raises(FetchError, match="The file cannot be fetched") as raised, fetched(Entry(f"{web_server}{path}")):
        pass
    assert "secret" not in str(raised.value) + caplog.text and raised.value.__suppress_context__


def test_server_that_is_not_there_is_one_sentence():
    with pytest.raises(FetchError), fetched(Entry("http://127.0.0.1:9/a.jpg")):
        pass


def test_broken_address_is_one_sentence():
    with pytest.raises(FetchError, match="The file cannot be fetched"), fetched(Entry("http://[bad")):
        pass


def test_file_beyond_the_limit_is_left_in_the_middle(web_server, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_FILE_BYTES", 2 * 1024)
    monkeypatch.setattr(fetching, "_CHUNK_BYTES", 1024)
    with pytest.raises(MediaError, match="larger than") as raised, fetched(Entry(f"{web_server}/a%20b.jpg")):
        pass
    assert not isinstance(raised.value, FetchError)


def test_server_that_drips_is_left(web_server, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_FETCH_S", -1)
    with pytest.raises(FetchError, match="took longer than"), fetched(Entry(f"{web_server}/a%20b.jpg")):
        pass


def test_copies_of_a_process_that_was_killed_go_when_the_next_one_starts(own_scratch, web_server):
    script = "from pathlib import Path; from detector.own_folder import own_folder; import sys, time\n"
    script += f"with own_folder(Path({str(own_scratch)!r})) as folder: print(folder, flush=True); time.sleep(600)"
    killed, running = (
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    left, kept = (Path(process.stdout.readline().strip()) for process in (killed, running))
    killed.kill()
    killed.wait()
    assert left.exists()
    with fetched(Entry(f"{web_server}/a%20b.jpg")):
        assert not left.exists() and kept.exists()
    running.kill()
    running.wait()
    for process in (killed, running):
        process.stdout.close()
    shutil.rmtree(kept)


def test_objects_are_listed_read_looked_at_and_written(monkeypatch):
    with object_store(monkeypatch) as objects:
        objects |= {"news/2026/a.jpg": b"first", "news/2026/b/c.mp4": b"second", "news/table/part.parquet": b"own"}
        entries = find_entries(["s3://news/"], ["s3://news/table"])
        assert [entry.address for entry in entries] == ["s3://news/2026/a.jpg", "s3://news/2026/b/c.mp4"]
        assert (
            entries[0].fingerprint == f"5:{etag_of(b'first').strip(chr(34))}" == look_at(Entry("s3://news/2026/a.jpg"))
        )
        assert [entry.address for entry in find_entries(["s3://news/2026/**/*.mp4"])] == ["s3://news/2026/b/c.mp4"]
        with fetched(entries[1]) as path:
            assert path.name == "c.mp4" and path.read_bytes() == b"second"
        with pytest.raises(FetchError), fetched(Entry("s3://news/none.jpg")):
            pass
        for name in ("/a", "/b"):
            with Output("s3://news/rows", 2) as output:
                output.add(row(name))
        with Output("s3://news/rows", 2) as output:
            assert output.index(MAKER).keys() == {"/a", "/b"}
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        monkeypatch.setattr(s3fs.S3FileSystem, "retries", 1)
        s3fs.S3FileSystem.clear_instance_cache()
        with pytest.raises(FetchError), fetched(Entry("s3://news/2026/a.jpg")):
            pass
        with pytest.raises(CommandError, match="cannot be listed"):
            find_entries(["s3://news/"])
        with pytest.raises(CommandError, match="Nothing can be written to s3://news/rows"):
            Output("s3://news/rows", 2)
        written = [name for name in objects if name.startswith("news/rows/")]
        assert sorted(Path(name).suffix for name in written) == [".json", ".parquet"]
