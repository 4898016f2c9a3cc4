"""Hostile files as strangers send them: to the running server, through the real client."""

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import app
from benchmarks.server_process import files_below
from detector.analyzer import Analyzer
from detector.media.files import file_sha256
from tests.hostile import KINDS, HostileFile, hostile_files
from tests.redness_model import redness_model
from tests.web.server import quick_heartbeat

GOOD_PHOTO = Path(app.__file__).parent / "examples" / "astronaut.jpg"
MAX_SECONDS = 15  # of one request
FORGOTTEN_WITHIN_S = 30  # after the client went


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Address, and where uploads and answers lie."""
    folder = tmp_path_factory.mktemp("gradio")
    with pytest.MonkeyPatch.context() as patch, quick_heartbeat():
        patch.setenv("GRADIO_TEMP_DIR", str(folder))
        page = app.build_app(Analyzer(redness_model()))
        _, url, _ = page.launch(**app.launch_options(), prevent_thread_lock=True, quiet=True)
        yield url, folder
        page.close()


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> list[tuple[HostileFile, Path]]:
    """Two files of each kind, whose names the client can send."""
    chosen = []
    for kind in KINDS:
        files = [file for file in hostile_files()[kind] if file.name.isprintable()]
        for file in (files[len(files) // 4], files[3 * len(files) // 4]):
            path = tmp_path_factory.mktemp("sample") / file.name
            path.write_bytes(file.data)
            chosen.append((file, path))
    return chosen


def is_plain(sentence: str) -> bool:
    """Whether it is one sentence of this program, and tells nothing of the server."""
    words = ("Traceback", "upstream", "Error", "/tmp", "gradio", "detector/")
    return sentence.endswith(".") and sentence.isprintable() and not any(word in sentence for word in words)


@pytest.mark.parametrize("endpoint", ["/analyze_image", "/analyze_video"])
def test_every_answer_is_a_result_or_one_sentence_and_the_server_lives(server, sample, endpoint, capfd):
    url, _ = server
    client = Client(url, verbose=False)
    problems, results, sentences = [], 0, 0
    for file, path in sample:
        start = time.perf_counter()
        arguments = [handle_file(path)] + ([4] if endpoint == "/analyze_video" else [])
        try:
            result, words, page, record = client.predict(*arguments, api_name=endpoint)
        except AppError as error:
            sentences += 1
            if not is_plain(str(error)):
                problems.append(f"{file.name!r}: {error!r}")
        else:
            results += 1
            json.dumps(result, allow_nan=False)
            if result["file"]["sha256"] != file_sha256(path) or result["model"]["revision"] not in words:
                problems.append(f"{file.name!r}: the answer is that of another file")
            if json.loads(Path(record).read_text(encoding="utf-8"))["result"] != result:
                problems.append(f"{file.name!r}: the report says something else")
            if file.hides and file.hides in Path(page).read_text(encoding="utf-8"):
                problems.append(f"{file.name!r}: the report has {file.hides!r} as it is")
        if time.perf_counter() - start > MAX_SECONDS:
            problems.append(f"{file.name!r}: took {time.perf_counter() - start:.1f} s")
    good = client.predict(handle_file(GOOD_PHOTO), api_name="/analyze_image")[0]
    client.close()
    assert not problems, "\n".join(problems)
    assert len(good["faces"]) == 1
    assert results >= 5 and sentences >= 10  # the sample has both
    assert "Traceback" not in "".join(capfd.readouterr())


def test_many_hostile_files_at_once_each_get_their_own_answer(server, sample):
    url, _ = server
    client = Client(url, verbose=False)
    document, _, lines = client.predict([handle_file(path) for _, path in sample], 4, api_name="/analyze_batch")
    client.close()
    assert json.loads(Path(lines).read_text(encoding="ascii")) == document
    answers = {"result": 0, "error": 0}
    for (file, path), item in zip(sample, document["items"], strict=True):
        got = "result" if item["result"] else "error"
        answers[got] += 1
        assert item["sha256"] in (file_sha256(path), None if not file.data else "")
        assert file.must in ("either", got), (file.name, item["error"])
        assert item["error"] is None or is_plain(item["error"])
    assert min(answers.values()) >= 10


def test_no_upload_is_left_when_its_sender_has_gone(server, sample):
    url, folder = server
    few = [path for file, path in sample if file.data][::4]
    sent = {file_sha256(path) for path in few}
    client = Client(url, verbose=False)
    client.predict([handle_file(path) for path in few], 1, api_name="/analyze_batch")

    def left() -> set[str]:
        found = set()
        for path in files_below(folder):
            with suppress(FileNotFoundError):
                found.add(file_sha256(path))
        return found & sent

    assert left() == sent
    client.close()
    end = time.monotonic() + FORGOTTEN_WITHIN_S
    while left() and time.monotonic() < end:
        time.sleep(0.5)
    assert left() == set()
