"""A case that is saved, and opened again."""

import hashlib
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from detector.errors import MediaError
from detector.facts import Fetched
from detector.report.case.case_file import case_name, write_case
from detector.report.case.notes import case_notes
from detector.report.case.opening import looks_like_case, open_case
from detector.report.evidence import build_evidence, evidence_to_dict
from detector.report.evidence_report import evidence_html
from web.views.media import faces_html, viewer_html
from web.views.verdict import verdict_html

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOTES = case_notes("https://a.example/1", "Ana", "one\ntwo")
FETCHED = Fetched("https://a.example/1", "https://b.example/2", "2026-01-02T03:04:05Z", "clip.mp4")


def without_pictures(html: str) -> str:
    return re.sub(r"data:image/[a-z]+;base64,[\w+/=]+", "a picture", str(html))


@pytest.fixture(scope="module")
def saved(tmp_path_factory, photo, photo_file, clip, clip_file, model):
    """The ZIP of the photo, and that of the clip with the clip itself."""
    folder = tmp_path_factory.mktemp("cases")
    write_case(photo, model, folder / "photo.zip", notes=NOTES, file=photo_file, time_utc=MOMENT)
    write_case(
        clip,
        model,
        folder / "clip.zip",
        notes=NOTES,
        source=FETCHED,
        language="es",
        file=clip_file,
        with_original=True,
        time_utc=MOMENT,
    )
    return folder


def test_case_holds_reports_keyframes_pictures_hashes_and_the_file_on_request(saved, clip_file):
    with zipfile.ZipFile(saved / "clip.zip") as archive:
        names = archive.namelist()
        hashes = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
        assert hashes == {name: hashlib.sha256(archive.read(name)).hexdigest() for name in names[:-1]}
        assert archive.read("original/Unser-clip.mp4") == clip_file.read_bytes()
        assert "Veredicto" not in archive.read("case.json").decode() and archive.testzip() is None
        assert '<html lang="es">' in archive.read("report.html").decode()
        assert archive.read("report.pdf").startswith(b"%PDF")
        assert json.loads(archive.read("report.json"))["case"]["checked_by"] == "Ana"
        assert {info.date_time for info in archive.infolist()} == {(2026, 1, 2, 3, 4, 4)}  # in steps of two seconds
    assert names[:4] == ["case.json", "report.html", "report.pdf", "report.json"] and names[-1] == "SHA256SUMS"
    assert sum(name.startswith("keyframes/Unser-clip-") for name in names) == 5
    assert sum(name.startswith("frames/") for name in names) == 10
    with zipfile.ZipFile(saved / "photo.zip") as archive:
        assert not [name for name in archive.namelist() if name.startswith(("original", "keyframes"))]


def test_same_case_is_the_same_bytes(saved, clip, clip_file, model, tmp_path):
    options = {"notes": NOTES, "source": FETCHED, "language": "es", "file": clip_file, "with_original": True}
    write_case(clip, model, tmp_path / "again.zip", **options, time_utc=MOMENT)
    assert (tmp_path / "again.zip").read_bytes() == (saved / "clip.zip").read_bytes()


@pytest.mark.parametrize("name", ["photo", "clip"])
def test_opened_case_shows_what_the_page_showed(saved, name, model, request):
    original, opened = request.getfixturevalue(name), open_case(saved / f"{name}.zip")
    again = opened.analysis
    assert (again.result, again.provenance) == (original.result, original.provenance) and opened.has_pictures
    for language in ("en", "es"):
        assert verdict_html(again.result, language, opened.background.scales) == verdict_html(
            original.result, language, model.scales
        )
        for show in (viewer_html, faces_html):
            assert without_pictures(show(again, language)) == without_pictures(show(original, language))
    for before, after in zip(original.frames, again.frames, strict=True):
        assert np.abs(before.image.astype(int) - after.image).mean() < 3
        for one, other in zip(before.faces, after.faces, strict=True):
            assert one.face == other.face and np.array_equal(one.evidence, other.evidence)


def test_opened_case_tells_what_was_noted_and_that_it_was_not_analysed(saved, clip):
    opened = open_case(saved / "clip.zip")
    assert (opened.notes, opened.source) == (NOTES, FETCHED)
    said = " ".join(map(str, opened.remarks))
    assert "It was not analysed again here" in said and clip.result.file.sha256 in said
    assert "The pictures are not in this file" not in said


def test_report_of_an_opened_case_is_that_of_its_own_model(saved, clip, model):
    opened = open_case(saved / "clip.zip")
    evidence = build_evidence(opened.analysis, opened.background, MOMENT, opened.notes, opened.source)
    document = evidence_to_dict(evidence)
    assert document["result"]["model"]["id"] == "redness" and document["evidence_scale"]["name"] == "span"
    assert document["saved_case"] == {"saved_utc": "2026-01-02T03:04:05Z", "software_version": "0.1.0"}
    html = evidence_html(evidence)
    assert "Shown from a saved case." in html and "Among the reference files" in html
    assert "Shown from a saved case." not in evidence_html(build_evidence(clip, model, MOMENT))


def test_case_of_a_case_keeps_the_time_of_the_first(saved, tmp_path):
    opened = open_case(saved / "photo.zip")
    write_case(opened.analysis, opened.background, tmp_path / "again.zip", notes=opened.notes)
    again = open_case(tmp_path / "again.zip")
    assert again.background == opened.background and again.analysis.result == opened.analysis.result


def test_json_alone_is_shown_without_pictures(saved, tmp_path, clip):
    with zipfile.ZipFile(saved / "clip.zip") as archive:
        (tmp_path / "case.json").write_bytes(archive.read("case.json"))
    opened = open_case(tmp_path / "case.json")
    assert opened.analysis.result == clip.result and not opened.has_pictures
    assert "The pictures are not in this file" in " ".join(map(str, opened.remarks))
    frame = opened.analysis.frames[-1]
    assert frame.image.shape == (200, 200, 3) and np.unique(frame.image).tolist() == [128] and frame.faces
    assert without_pictures(viewer_html(opened.analysis, "en")) == without_pictures(viewer_html(clip, "en"))


def test_case_is_known_by_its_content(saved, tmp_path, photo_file, clip_file):
    with zipfile.ZipFile(saved / "photo.zip") as archive:
        archive.extractall(tmp_path / "my case")
        (tmp_path / "renamed.mp4").write_bytes(archive.read("case.json"))
    with zipfile.ZipFile(tmp_path / "packed again.zip", "w") as archive:
        for path in sorted((tmp_path / "my case").rglob("*"), reverse=True):
            archive.write(path, path.relative_to(tmp_path))
    for path in (saved / "photo.zip", tmp_path / "renamed.mp4", tmp_path / "packed again.zip"):
        assert looks_like_case(path) and open_case(path).analysis.result.file.media_type == "image/jpeg"
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("report.html", "x")
    (tmp_path / "other.json").write_text('{"format": "another"}')
    (tmp_path / "empty").touch()
    others = [tmp_path / "other.zip", tmp_path / "other.json", tmp_path / "empty", photo_file, clip_file]
    assert not any(map(looks_like_case, others))


def test_name_of_half_characters_is_saved(photo, model, tmp_path):
    file = replace(photo.result.file, name="a\udcff.jpg")
    write_case(replace(photo, result=replace(photo.result, file=file)), model, tmp_path / "a.zip")
    assert open_case(tmp_path / "a.zip").analysis.result.file.name == "a\ufffd.jpg"


def test_another_file_never_goes_into_the_case(photo, clip, model, clip_file, photo_file, tmp_path):
    for analysis, file in ((photo, clip_file), (clip, photo_file)):
        with pytest.raises(MediaError, match="that of another file"):
            write_case(analysis, model, tmp_path / "a.zip", file=file, with_original=True)
    assert list(tmp_path.iterdir()) == []


def test_case_has_a_plain_name(photo, clip):
    assert (case_name(photo), case_name(clip)) == ("b-1-case.zip", "Unser-clip-case.zip")
