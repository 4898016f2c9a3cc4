"""Cases that someone made or changed to do harm: each is refused in one sentence, or shown as plain text."""

import base64
import hashlib
import io
import json
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from detector.errors import MediaError
from detector.report.case.case_file import write_shown
from detector.report.case.checks import checked_case
from detector.report.case.opening import open_case
from detector.report.evidence import build_evidence
from detector.report.evidence_report import evidence_html
from web.views.media import viewer_html
from web.views.verdict import verdict_html

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.fixture(scope="module")
def members(tmp_path_factory, clip, model):
    """What lies in an honest case, by name."""
    path = tmp_path_factory.mktemp("case") / "case.zip"
    write_shown(clip, model, path)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: dict[str, bytes], path, with_true_hashes: bool = True):
    """A ZIP of members, as if its maker had computed the hashes anew."""
    if with_true_hashes:
        lines = [
            f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in members.items() if "SUMS" not in name
        ]
        members = members | {"SHA256SUMS": "".join(lines).encode()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            packing = zipfile.ZIP_DEFLATED if len(data) > 1024**2 else zipfile.ZIP_STORED
            archive.writestr(name, data, packing, compresslevel=1)
    return path


def changed(members, tmp_path, change):
    """A case whose JSON was changed."""
    content = json.loads(members["case.json"])
    change(content)
    return packed(members | {"case.json": json.dumps(content).encode()}, tmp_path / "case.zip")


def bomb(depth: int = 40) -> dict:
    """A sentence of 2 to the power of the depth letters."""
    message = {"template": "x", "arguments": {}, "plural": "", "count": 1}
    for _ in range(depth):
        message = {"template": "{a}{a}", "arguments": {"a": message}, "plural": "", "count": 1}
    return message


def set_at(content, path, value):
    """Changes one value, named by its place such as ``result.faces.0.score``."""
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    for part in parents:
        content = content[part]
    content[last] = value


FORBIDDEN = {
    "format": "another",
    "version": 2,
    "saved_utc": "yesterday",
    "result.score": 1.5,
    "result.verdict": "real",
    "result.faces": [],
    "result.faces.0.frames": [],
    "result.faces.0.track_id": 7,
    "result.faces.0.frames.0.time_s": -1,
    "result.decided_by": 9,
    "result.file.duration_s": 1e300,
    "result.file.name": "../../etc/passwd",
    "result.file.sha256": '"; } body { display: none',
    "result.file.width_px": "200",
    "result.model.label_names": ["fake"],
    "result.model.thresholds.manipulated": -1,
    "result.evidence.log10_likelihood_ratio": 1e9,
    "result.evidence.band": "certain",
    "result.evidence.band.": "moderate_support_for_no_manipulation",
    "result.evidence.log10_likelihood_ratio.": -3.0,
    "result.evidence.bounds": [-0.79, 0.4],
    "result.evidence.bounds.": [1.2, -0.8],
    "result.evidence.real_as_high": {"count": 900, "of": 3},
    "result.evidence.fake_as_low": {"count": 4, "of": 3},
    "result.evidence.fake_as_low.count": -1,
    "result.verdict.": "no_manipulation_found",
    "result.faces.0.verdict": "no_manipulation_found",
    "result.faces.0.evidence.band": "neither",
    "result.faces.0.evidence.real_as_high.count": 1_000,
    "scales.photo.unseen_sources": dict.fromkeys(("real_as_manipulated", "fake_as_not_found"), {"count": 9, "of": 3}),
    "result.warnings": [bomb()],
    "result.cuts": [{"after_s": 0, "before_s": 0}] * 30_000,
    "provenance.exif": [["x", "y" * 50_000]],
    "frames": [],
    "frames.9.width_px": 5_000,
    "frames.9.width_px.": None,
    "frames.9.faces.0.score": 2,
    "frames.9.faces.0.map_size": [1000, 1000],
    "frames.9.faces.0.evidence": "AAAA",
    "frames.9.faces.0.evidence.": "not base64!",
    "frames.9.faces.0.face.box_px": [0, 0, 100_000, 100_000],
    "frames.9.faces.0.face.quarter_turns": 1_000_000,
    "scales.photo.knots": [1, 0],
    "scales.photo.real": [3, 2, 1],
    "scales.photo.statistic": "__import__",
    "card": [{"title": "x"}],
    "notes": {"source_link": "x" * 3000, "checked_by": "", "notes": ""},
}


@pytest.mark.parametrize("place", FORBIDDEN)
def test_what_is_never_written_is_refused(members, place):
    content = json.loads(members["case.json"])
    set_at(content, place.removesuffix("."), FORBIDDEN[place])
    with pytest.raises(MediaError) as refused:
        checked_case(json.dumps(content).encode())
    assert str(refused.value).count(".") == 1 and str(refused.value).endswith(".")


@pytest.mark.parametrize(
    ("place", "words"), [("format", "is none"), ("version", "another version"), ("result.score", "damaged")]
)
def test_refusal_reaches_who_opens_the_case(members, tmp_path, place, words):
    with pytest.raises(MediaError, match=words):
        open_case(changed(members, tmp_path, lambda content: set_at(content, place, FORBIDDEN[place])))


def test_more_frames_than_are_ever_shown_are_refused(members):
    content = json.loads(members["case.json"])
    content["frames"] *= 13
    with pytest.raises(MediaError, match="damaged"):
        checked_case(json.dumps(content).encode())


def test_infinite_evidence_is_refused(members):
    content = json.loads(members["case.json"])
    face = content["frames"][9]["faces"][0]
    face["evidence"] = base64.b64encode(np.full(face["map_size"], np.inf, "<f4").tobytes()).decode()
    with pytest.raises(MediaError, match="damaged"):
        checked_case(json.dumps(content).encode())


def test_sentence_of_a_stranger_stays_text(members, tmp_path):
    def change(content):
        text = "<script>alert(1)</script> {0.__class__} {a} \u202e"
        content["result"]["warnings"] = [{"template": text, "arguments": {"a": "{b}<i>"}, "plural": "", "count": 1}]

    opened = open_case(changed(members, tmp_path, change))
    pages = [verdict_html(opened.analysis.result, "en"), viewer_html(opened.analysis, "en")]
    pages.append(evidence_html(build_evidence(opened.analysis, opened.background, MOMENT)))
    assert not any("<script>alert" in page or "<i>" in page or "\u202e" in page for page in pages)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; {0.__class__} {b}&lt;i&gt;" in pages[0]


def test_link_that_runs_something_cannot_be_opened(members, tmp_path):
    def change(content):
        content["notes"] = {"source_link": "javascript:alert(1)", "checked_by": "", "notes": ""}
        content["source"] = dict.fromkeys(("url", "final_url", "fetched_utc", "name"), "data:text/html,x")

    opened = open_case(changed(members, tmp_path, change))
    html = evidence_html(build_evidence(opened.analysis, opened.background, MOMENT, opened.notes, opened.source))
    assert "javascript:alert(1)" in html and "<a " not in html


@pytest.mark.parametrize("name", ["case.json", "frames/003.jpg"])
def test_part_that_was_changed_is_noticed(members, tmp_path, name):
    other = members[name].replace(b"a", b"b", 1)
    with pytest.raises(MediaError, match="no longer have the hashes"):
        open_case(packed(members | {name: other}, tmp_path / "case.zip", with_true_hashes=False))


@pytest.mark.parametrize("name", ["case.json", "frames/003.jpg", "SHA256SUMS"])
def test_member_that_unpacks_to_gigabytes_is_refused(members, tmp_path, name):
    path = tmp_path / "case.zip"
    size = 17 * 1024**2
    packed(members | {name: b"{" + bytes(size)}, path)
    if name == "SHA256SUMS":
        packed(members | {name: bytes(size)}, path, with_true_hashes=False)
    assert path.stat().st_size < 1024**2
    with pytest.raises(MediaError, match="larger than any"):
        open_case(path)


def test_list_of_a_million_members_is_refused(members, tmp_path):
    path = packed(members, tmp_path / "case.zip")
    with zipfile.ZipFile(path, "a") as archive:
        for number in range(12_000):
            archive.writestr(f"{number:060d}", b"")
    with pytest.raises(MediaError, match="larger than any"):
        open_case(path)


def picture(size, form="JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", size).save(stream, form)
    return stream.getvalue()


@pytest.mark.parametrize(
    "data", [picture((4000, 4000)), picture((10, 10)), picture((200, 200), "PNG"), b"GIF89a", b"\xff\xd8\xff", b""]
)
def test_picture_of_another_size_or_kind_is_refused(members, tmp_path, data):
    with pytest.raises(MediaError, match="damaged"):
        open_case(packed(members | {"frames/003.jpg": data}, tmp_path / "case.zip"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"format":"face-check-case","version":1,"frames":' + b"[" * 100_000,
        b"\xff\xfe{",
        b"PK\x03\x04" + bytes(500),
        b"null",
        b'{"format": "face-check-case", "version": 1}',
    ],
)
def test_rubbish_is_refused(tmp_path, data):
    (tmp_path / "case").write_bytes(data)
    with pytest.raises(MediaError, match="damaged or is none"):
        open_case(tmp_path / "case")


def test_members_are_never_written_to_disk_whatever_their_names(members, tmp_path):
    def change(content):
        content["frames"][0]["picture"] = "../../evil.jpg"

    path = changed(members | {"../../evil.jpg": members["frames/000.jpg"]}, tmp_path, change)
    assert open_case(path).has_pictures
    assert [file.name for file in tmp_path.iterdir()] == ["case.zip"] and not (
        tmp_path.parents[1] / "evil.jpg"
    ).exists()


def test_case_that_is_gone_is_told_in_a_sentence(tmp_path):
    with pytest.raises(MediaError, match="cannot be opened"):
        open_case(tmp_path / "gone.zip")
