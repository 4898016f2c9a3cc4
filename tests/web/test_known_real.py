"""Known-real files as a script sends them to the running server."""

import os
import time
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder
from gradio_client import Client, handle_file
from PIL import Image

from detector.analyzer import Analyzer
from detector.limits import MAX_KNOWN_REAL_FILES
from tests.media_factory import write_video
from tests.redness_model import evidence_scales, portrait, redness_model
from tests.web.server import call, file_data, serving, upload

FORGOTTEN_WITHIN_S = 30


@pytest.fixture(scope="module")
def address():
    with serving(analyzer=Analyzer(redness_model(scales=evidence_scales()))) as address:
        yield address


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Six files that are known to be real, one without a face, and a questioned one, the reddest of all."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(6):
        Image.fromarray(portrait(tint=0.2 + number / 50)).save(folder / f"real{number}.png")
    Image.new("RGB", (64, 64)).save(folder / "sky.png")
    Image.fromarray(portrait(tint=0.6)).save(folder / "questioned.png")
    return folder


def known_real_of(photos: Path) -> list[Path]:
    return [*sorted(photos.glob("real*.png")), photos / "sky.png"]


def left(names: set[str]) -> set[str]:
    """Those of the files that still lie on the server."""
    found = os.walk(get_upload_folder())  # unlike rglob, it passes over folders that go meanwhile
    return {name for _, _, files in found for name in files} & names


def test_photo_is_compared_and_all_uploads_go_with_the_script(address, photos):
    files = known_real_of(photos)
    client = Client(address, verbose=False)
    result, verdict, page, record = client.predict(
        handle_file(photos / "questioned.png"),
        known_real=[handle_file(path) for path in files],
        api_name="/analyze_image",
    )
    comparison = result["known_real"]
    assert comparison["higher_than"] == {"count": 6, "of": 6}
    assert [file["name"] for file in comparison["files"]] == [path.name for path in files]
    assert comparison["files"][-1]["error"] == "No face in it could be assessed."
    assert comparison["evidence"]["bounds"] == [-0.845, 0.845]  # six files support no more than 7
    assert "It scores higher than all 6 known-real files." in verdict
    html = Path(page).read_text(encoding="utf-8")
    assert "Compared with known-real files" in html and comparison["files"][0]["sha256"] in html
    names = {path.name for path in (*files, photos / "questioned.png")}
    assert left(names) == names
    client.close()
    end = time.monotonic() + FORGOTTEN_WITHIN_S
    while left(names) and time.monotonic() < end:
        time.sleep(0.2)
    assert left(names) == set()


def test_clip_is_compared_with_clips(address, photos, tmp_path):
    write_video(tmp_path / "clip.mp4", [portrait()] * 4, fps=4)
    write_video(tmp_path / "other.mp4", [portrait(tint=0.3)] * 4, fps=4)
    known = [handle_file(path) for path in (tmp_path / "other.mp4", photos / "real0.png")]
    client = Client(address, verbose=False)
    result, *_ = client.predict(handle_file(tmp_path / "clip.mp4"), 4, False, known, api_name="/analyze_video")
    assert result["known_real"]["higher_than"] == {"count": 0, "of": 1}
    assert [file["error"] for file in result["known_real"]["files"]] == [
        None,
        "This is a photo; a clip is compared with clips only.",
    ]


def test_calls_without_known_real_files_work_as_before(address, photos, tmp_path):
    # bytes that no client of the tests before sent last: a file that two send within a second goes with the first of them
    photo = photos / "real1.png"
    client = Client(address, verbose=False)
    assert client.predict(handle_file(photo), api_name="/analyze_image")[0]["known_real"] is None
    write_video(tmp_path / "clip.mp4", [portrait()] * 2, fps=2)
    clip = handle_file(tmp_path / "clip.mp4")
    assert client.predict(clip, 2, False, api_name="/analyze_video")[0]["known_real"] is None
    for endpoint, data in (
        ("analyze_image", [file_data(upload(address, photo))]),
        ("analyze_video", [file_data(upload(address, tmp_path / "clip.mp4")), 2, False]),
    ):
        assert '"known_real": null' in call(address, endpoint, *data).text


def test_too_many_known_real_files_are_one_sentence(address, photos):
    file = file_data(upload(address, photos / "real0.png"))
    answer = call(address, "analyze_image", file, [file] * (MAX_KNOWN_REAL_FILES + 1))
    assert "There are more than 20 known-real files; please choose at most 20." in answer.text


def test_known_real_file_that_was_not_uploaded_is_refused(address, photos):
    file = file_data(upload(address, photos / "real0.png"))
    answer = call(address, "analyze_image", file, [file_data("/etc/passwd")])
    assert (answer.status_code, "Files are taken as uploads only" in answer.text) == (422, True)
