"""The evidence report as an editor, a browser and a script meet it."""

import base64
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from io import BytesIO

import pytest
from PIL import ExifTags, Image

import detector
from detector.analyzer import Analyzer
from detector.facts import MediaItem
from detector.report.evidence import build_evidence, evidence_to_dict
from detector.report.evidence_report import evidence_html, write_evidence
from detector.results import result_to_dict
from tests.detector.made_results import compared_result
from tests.media_factory import texture, write_video
from tests.redness_model import evidence_scales, portrait, redness_model
from tests.signing import AI, authority, sign

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>\u202egpj.jpg"


class Page(HTMLParser):
    """What a browser would make of a page: its elements with their attributes, and its text."""

    def __init__(self, html: str):
        super().__init__()
        self.elements, self.text = [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def analyzer():
    return Analyzer(redness_model())


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    """A photo that scores near 1, with a hostile name, EXIF and comment."""
    path = tmp_path_factory.mktemp("in") / HOSTILE
    exif = Image.Exif()
    exif[ExifTags.Base.Artist] = "</td><script>alert(2)</script>"
    comment = b"<svg onload=alert(3)>"
    Image.fromarray(portrait(tint=0.6)).save(path, "JPEG", exif=exif, comment=comment)
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A clip of 8 frames of which the last five score near 1."""
    return write_video(tmp_path_factory.mktemp("in") / "clip.mp4", [portrait()] * 3 + [portrait(tint=0.6)] * 5, fps=8)


def evidence_of(path, analyzer, **options):
    return build_evidence(analyzer.analyze(path, frames=8), analyzer.model, MOMENT, **options)


def test_headline_has_the_ratio_that_belongs_to_its_band(photo, analyzer):
    analysis = analyzer.analyze(photo)
    result = replace(compared_result(1.3, -0.7), file=analysis.result.file, faces=analysis.result.faces)
    said = Page(evidence_html(build_evidence(replace(analysis, result=result), analyzer.model, MOMENT), "en")).text
    assert "Weak support for no manipulation (likelihood ratio about 1/5)" in said
    assert "comparison with 6 known-real files, which gives a likelihood ratio of about 1/5" in said
    assert "Without these files: a score like this is about 20 times" in said


def test_same_file_and_model_give_the_same_report_but_for_the_time(photo, clip, analyzer, tmp_path):
    for path in (photo, clip):
        once, again = (write_evidence(evidence_of(path, analyzer), tmp_path, name) for name in "ab")
        assert [file.read_bytes() for file in once] == [file.read_bytes() for file in again]
    now = build_evidence(analyzer.analyze(clip, frames=8), analyzer.model)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", now.time_utc)
    assert replace(now, time_utc="2026-01-02T03:04:05Z") == evidence_of(clip, analyzer)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.json", "b.html", "b.json"]


def test_json_says_what_the_report_says(photo, analyzer, tmp_path):
    analysis = analyzer.analyze(photo)
    _, path = write_evidence(build_evidence(analysis, analyzer.model, MOMENT), tmp_path, "a")
    text = path.read_text(encoding="ascii")
    document = json.loads(text)
    assert json.dumps(document, indent=2) + "\n" == text
    assert document["result"] == json.loads(json.dumps(result_to_dict(analysis.result)))
    assert document["result"]["file"]["name"] == HOSTILE and document["result"]["verdict"] == "manipulated"
    assert document["time_utc"] == "2026-01-02T03:04:05Z"
    assert document["software_version"] == detector.__version__ and document["weights_sha256"] is None
    assert document["provenance"]["exif"] == [["Artist", "</td><script>alert(2)</script>"]]
    assert document["provenance"]["content_credentials"] is None
    assert document["sampled_s"] == document["shown_s"] == [0.0] and document["limits"]


def test_nothing_in_the_file_becomes_markup(photo, analyzer):
    page = Page(evidence_html(evidence_of(photo, analyzer)))
    assert not [name for name, _ in page.elements if name in ("script", "iframe", "object", "link", "a", "form")]
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    for words in ("<img src=x onerror=alert(1)>", "</td><script>alert(2)</script>", "<svg onload=alert(3)>"):
        assert words in page.text
    assert "\u202e" not in page.text and "<img src=x onerror=alert(1)>\ufffdgpj.jpg" in page.text


def test_page_loads_nothing(photo, clip, analyzer):
    for path in (photo, clip):
        html = evidence_html(evidence_of(path, analyzer))
        page = Page(html)
        policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
        assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
        sources = [
            value
            for _, attributes in page.elements
            for name, value in attributes.items()
            if name in ("src", "href", "srcset", "poster", "data", "xlink:href", "background")
        ]
        assert sources and all(source.startswith("data:image/jpeg;base64,") for source in sources)
        assert "url(" not in html and "@import" not in html


def test_page_can_be_read_without_eyes(clip, analyzer):
    page = Page(evidence_html(evidence_of(clip, analyzer)))
    assert page.all("html") == [{"lang": "en"}]
    assert all(image["alt"] for image in page.all("img"))
    assert all(header.get("scope") in ("row", "col") for header in page.all("th"))
    assert len(page.all("h1")) == 1


def test_report_lists_the_photos_and_films_of_the_file(photo, analyzer):
    items = (MediaItem(1, "photo", 200, 200, None, True), MediaItem(2, "film", 64, 48, 2.5, False))
    analysis = analyzer.analyze(photo)
    analysis = replace(analysis, result=replace(analysis.result, items=items))
    evidence = build_evidence(analysis, analyzer.model, MOMENT)
    assert "1: photo of 200 x 200 pixels (assessed)<br>2: film of 2.5 s, 64 x 48 pixels" in evidence_html(evidence)
    assert [item["assessed"] for item in evidence_to_dict(evidence)["result"]["items"]] == [True, False]
    assert "Photos and films in it" not in evidence_html(evidence_of(photo, analyzer))


def test_report_of_a_clip_has_its_frames_times_spans_and_curve(clip, analyzer):
    evidence = evidence_of(clip, analyzer)
    page = Page(evidence_html(evidence))
    assert evidence.sampled_s == (0.0, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875)
    assert len(evidence.pictures) == 4 and all(picture.time_s >= 0.375 for picture in evidence.pictures)
    assert len(page.all("img")) == 8 and len(page.all("svg")) == 1
    assert "Verdict: Signs of manipulation" in page.text
    assert "Face 1 shows signs of manipulation from 0.4 to 0.9 s." in page.text
    assert "8 evenly spaced frames of the video were looked at" in page.text


def test_photo_is_shown_with_boxes_and_with_overlay(photo, analyzer):
    (picture,) = evidence_of(photo, analyzer).pictures
    boxes, overlay = (Image.open(BytesIO(data)) for data in (picture.boxes_jpeg, picture.overlay_jpeg))
    assert boxes.size == overlay.size == (200, 200) and picture.boxes_jpeg != picture.overlay_jpeg
    page = Page(evidence_html(evidence_of(photo, analyzer)))
    assert [base64.b64decode(image["src"].split(",")[1]) for image in page.all("img")] == [
        picture.boxes_jpeg,
        picture.overlay_jpeg,
    ]
    assert (
        not page.all("svg")
        and str(picture.caption).startswith("face 1 scores 0.9")
        and "Face 1 scores 0.9" in page.text
    )


def test_photo_without_a_face_is_shown_and_nothing_is_claimed(tmp_path, analyzer):
    Image.fromarray(texture(320, 240)).save(tmp_path / "wall.png")
    evidence = evidence_of(tmp_path / "wall.png", analyzer)
    assert evidence.pictures[0].overlay_jpeg is None and str(evidence.pictures[0].caption) == "no face assessed"
    text = Page(evidence_html(evidence)).text
    assert "Verdict: No face found" in text and "No face assessed" in text and "No face was assessed." in text


def test_face_that_was_not_assessed_is_listed_with_its_reason(tmp_path, analyzer):
    small = Image.new("RGB", (400, 300), "grey")
    small.paste(Image.fromarray(portrait()).resize((70, 70)), (160, 110))
    small.save(tmp_path / "small.png")
    evidence = evidence_of(tmp_path / "small.png", analyzer)
    assert [face.reason for face in evidence.result.not_assessed] == ["too_small"]
    text = Page(evidence_html(evidence)).text
    assert "Faces that were found and not assessed" in text and "smaller than 48 pixels" in text
    assert ", ".join(map(str, evidence.result.not_assessed[0].box_px)) in text


def test_model_is_named_to_the_byte_and_its_card_quoted(photo):
    card = "## What it cannot see\n\n- <b>Voices</b>.\n"
    model = redness_model()
    model = replace(model, info=replace(model.info, weights_sha256="0a" * 32), card=card)
    evidence = evidence_of(photo, Analyzer(model))
    page = Page(evidence_html(evidence))
    assert evidence_to_dict(evidence)["weights_sha256"] == "0a" * 32 and "0a" * 32 in page.text
    assert evidence_to_dict(evidence)["model_card"] == [
        {"title": "What it cannot see", "paragraphs": ("<b>Voices</b>.",)}
    ]
    assert "<b>Voices</b>." in page.text and "redness, revision 1" in page.text
    assert not any("came without a card" in str(sentence) for sentence in evidence.limits)


def test_limits_warn_of_prevalence_of_absence_and_of_a_missing_card(photo, analyzer):
    limits = " ".join(map(str, evidence_of(photo, analyzer).limits))
    assert "Absence of detection proves nothing" in limits and "many alarms are false" in limits
    assert "came without a card" in limits


def test_credentials_are_told_with_what_they_do_not_prove(tmp_path, analyzer):
    Image.fromarray(portrait()).save(tmp_path / "a.jpg")
    signed = sign(tmp_path / "a.jpg", tmp_path / "signed.jpg", authority("<i>Newsroom</i>"))
    text = Page(evidence_html(evidence_of(signed, analyzer))).text
    assert "By its content credentials (valid signature, signer not in the trust list)" in " ".join(text.split())
    assert "made by generative AI" in text and AI in text and "<i>Newsroom</i>" in text
    data = bytearray(signed.read_bytes())
    data[-100] ^= 1
    (tmp_path / "tampered.jpg").write_bytes(data)
    text = Page(evidence_html(evidence_of(tmp_path / "tampered.jpg", analyzer))).text
    assert "Invalid, check failed." in text and "The file was changed after it was signed." in text


def test_report_is_of_the_file_as_it_was_analysed(tmp_path, analyzer):
    path = tmp_path / "a.png"
    Image.fromarray(portrait()).save(path)
    analysis = analyzer.analyze(path)
    path.write_bytes(b"something else")
    evidence = build_evidence(analysis, analyzer.model, MOMENT)
    assert dict(evidence.provenance.container)["Format"].startswith("Portable network graphics")


def test_analysis_without_provenance_makes_no_report(tmp_path, analyzer):
    Image.fromarray(portrait()).save(tmp_path / "a.png")
    analysis = analyzer.analyze(tmp_path / "a.png", with_provenance=False)
    with pytest.raises(ValueError, match="provenance"):
        build_evidence(analysis, analyzer.model)


def test_report_that_cannot_be_written_leaves_the_old_one_whole(photo, analyzer, tmp_path, monkeypatch):
    evidence = evidence_of(photo, analyzer)
    html, data = write_evidence(evidence, tmp_path, "a")
    before = html.read_bytes(), data.read_bytes()

    def full_disk(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("detector.report.evidence_report.os.replace", full_disk)
    with pytest.raises(OSError, match="No space left"):
        write_evidence(replace(evidence, time_utc="later"), tmp_path, "a")
    assert (html.read_bytes(), data.read_bytes()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.json"]


def test_page_is_in_the_language_of_its_reader(clip, analyzer):
    english, spanish = (Page(evidence_html(evidence_of(clip, analyzer), language)) for language in ("en", "es-MX"))
    assert spanish.all("html") == [{"lang": "es"}]
    for words in ("Veredicto: Indicios de manipulación", "Se examinaron 8 fotogramas del vídeo", "la cara 1 obtiene"):
        assert words in spanish.text
    assert len(spanish.elements) == len(english.elements)
    assert not [words for words in ("Signs of manipulation", "not assessed", "looked") if words in spanish.text]


def test_report_of_a_weighed_file_explains_the_scale_and_draws_it(photo, clip):
    weighed = Analyzer(redness_model(scales=evidence_scales()))
    for path, kind in ((photo, "photos"), (clip, "clips")):
        evidence = evidence_of(path, weighed)
        page = Page(evidence_html(evidence))
        assert "support for manipulation (likelihood ratio about" in page.text
        assert f"Real reference {kind}" in page.text and "Among the reference files" in page.text
        assert "portraits: 100 (real); made here: 80 (FaceSwap; never seen)." in page.text
        assert "Strong support for manipulation from 100" in page.text and "Thresholds" not in page.text
        assert "84 of 100" not in page.text and "The ratio does not include" in page.text
        assert any("Where this file lies" in svg.get("aria-label", "") for svg in page.all("svg"))
    assert "Razón de verosimilitud" in Page(evidence_html(evidence, "es")).text


def test_json_of_a_weighed_file_names_the_scale_and_its_sources(photo, analyzer):
    weighed = Analyzer(redness_model(scales=evidence_scales()))
    document = json.loads(json.dumps(evidence_to_dict(evidence_of(photo, weighed))))
    scale = document["evidence_scale"]
    assert (scale["name"], scale["bounds"], scale["real_files"], scale["fake_files"]) == ("photo", [-1.3, 2.0], 100, 80)
    assert scale["sources"][0] == {"name": "portraits", "manipulation": "real", "files": 100, "note": ""}
    assert document["result"]["evidence"]["band"] == "moderate_support_for_manipulation"
    assert evidence_to_dict(evidence_of(photo, analyzer))["evidence_scale"] is None
