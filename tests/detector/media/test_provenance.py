"""What is read of a file's own metadata and content credentials."""

import hashlib
import threading
import time
from datetime import date
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography.x509 import load_pem_x509_certificates
from PIL import ExifTags, Image, PngImagePlugin

from detector.facts import CredentialAction, Provenance
from detector.media import trust
from detector.media.credentials import read_credentials
from detector.media.provenance import MAX_ENTRIES, MAX_VALUE, read_provenance
from detector.report.wording.credentials import source_type_text
from tests.media_factory import numbered_frames, texture, write_video
from tests.signing import AI, CAPTURE, authority, sign


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(texture(96, 64)).save(path)
    return path


@pytest.fixture(scope="module")
def newsroom():
    return authority("Test Newsroom")


def with_exif(path, base=None, camera=None, gps=None):
    exif = Image.Exif()
    exif.update(base or {})
    exif.get_ifd(ExifTags.IFD.Exif).update(camera or {})
    exif.get_ifd(ExifTags.IFD.GPSInfo).update(gps or {})
    Image.fromarray(texture(96, 64)).save(path, exif=exif)
    return path


def test_camera_time_and_place_are_read_from_exif(tmp_path):
    path = with_exif(
        tmp_path / "a.jpg",
        {ExifTags.Base.Make: "Nikon", ExifTags.Base.Orientation: 6},
        {ExifTags.Base.DateTimeOriginal: "2026:01:02 03:04:05", ExifTags.Base.ExposureTime: 0.004},
        {
            **{ExifTags.GPS.GPSLatitudeRef: "N", ExifTags.GPS.GPSLatitude: (47.0, 36.0, 23.0)},
            **{ExifTags.GPS.GPSLongitudeRef: "W", ExifTags.GPS.GPSLongitude: (122.0, 19.0, 56.0)},
        },
    )
    exif = dict(read_provenance(path).exif)
    assert exif["Make"] == "Nikon" and exif["Orientation"] == "6"
    assert exif["DateTimeOriginal"] == "2026:01:02 03:04:05" and exif["ExposureTime"] == "0.004"
    assert exif["GPS position"] == "47.606389, -122.332222 (degrees north, east)"
    assert exif["GPSLatitude"] == "47, 36, 23" and "ExifOffset" not in exif and "GPSInfo" not in exif


def test_impossible_place_gives_no_position(tmp_path):
    gps = {ExifTags.GPS.GPSLatitude: (95.0, 0.0, 0.0), ExifTags.GPS.GPSLongitude: (0.0, 0.0, 0.0)}
    assert "GPS position" not in dict(read_provenance(with_exif(tmp_path / "a.jpg", gps=gps)).exif)


def test_exif_is_bounded_printable_and_without_binary_values(tmp_path):
    many = {0xC000 + number: "x" for number in range(2 * MAX_ENTRIES)}
    path = with_exif(
        tmp_path / "a.jpg",
        {ExifTags.Base.ImageDescription: "long " * 500, ExifTags.Base.Artist: "a\x1b[2J b\nc", **many},
        {ExifTags.Base.MakerNote: bytes(range(256)), ExifTags.Base.ExifVersion: b"0232"},
    )
    entries = read_provenance(path).exif
    exif = dict(entries)
    assert len(entries) == MAX_ENTRIES + 1 and entries[-1] == ("More entries", "left out")
    assert len(exif["ImageDescription"]) == MAX_VALUE and exif["ImageDescription"].endswith("…")
    assert exif["Artist"] == "a\ufffd[2J b c"
    few = dict(read_provenance(with_exif(tmp_path / "b.jpg", camera={ExifTags.Base.MakerNote: b"\0\1\2"})).exif)
    assert "MakerNote" not in few


@pytest.mark.parametrize("rubbish", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*" + b"\xff" * 40])
def test_broken_exif_of_a_readable_photo_is_left_out(tmp_path, rubbish):
    Image.fromarray(texture(96, 64)).save(tmp_path / "a.jpg", exif=rubbish)
    provenance = read_provenance(tmp_path / "a.jpg")
    assert provenance.exif == () and provenance.container[0] == ("Format", "JPEG (ISO 10918), mode RGB")


def test_prompt_and_source_type_of_an_ai_picture_are_read(tmp_path):
    text = PngImagePlugin.PngInfo()
    text.add_text("parameters", "portrait of a mayor, steps: 20")
    text.add_itxt("XML:com.adobe.xmp", f'<rdf:Description Iptc4xmpExt:DigitalSourceType="{AI}"/>')
    Image.fromarray(texture(96, 64)).save(tmp_path / "a.png", pnginfo=text)
    container = read_provenance(tmp_path / "a.png").container
    assert ("Text: parameters", "portrait of a mayor, steps: 20") in container
    assert ("XMP: DigitalSourceType", AI) in container
    xmp = b"<x><xmp:CreatorTool>Editor 3</xmp:CreatorTool></x>"
    Image.fromarray(texture(96, 64)).save(tmp_path / "a.jpg", xmp=xmp, comment=b"made at home")
    container = read_provenance(tmp_path / "a.jpg").container
    assert container[1:] == (("Text: comment", "made at home"), ("XMP: CreatorTool", "Editor 3"))


def test_tags_of_a_video_that_are_not_utf_8_are_told_as_far_as_they_can_be_read(tmp_path):
    clip = write_video(tmp_path / "v.mp4", numbered_frames(3))
    clip.write_bytes(clip.read_bytes().replace(b"Lavf", b"La\xe9f"))
    tags = dict(read_provenance(clip).container)
    assert tags["Container"] == "QuickTime / MOV" and tags["Tag: encoder"].startswith("La\N{REPLACEMENT CHARACTER}f")


def test_container_and_streams_of_a_video_are_read(tmp_path):
    with av.open(str(tmp_path / "v.mp4"), "w") as container:
        container.metadata["title"] = "City\u202e hall"
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for image in numbered_frames(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")))
        container.mux(stream.encode())
    provenance = read_provenance(tmp_path / "v.mp4")
    facts = dict(provenance.container)
    assert provenance.exif == () and provenance.content_credentials is None
    assert facts["Container"] == "QuickTime / MOV" and facts["Bit rate"].endswith(" kbit/s")
    assert facts["Tag: title"] == "City\ufffd hall" and facts["Tag: encoder"].startswith("Lavf")
    assert facts["Stream 0 (video)"].startswith("H.264") and "64 x 48 px" in facts["Stream 0 (video)"]
    assert "25 frames/s" in facts["Stream 0 (video)"]


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.bmp", "a.webp"])
def test_photo_without_credentials_has_none(tmp_path, name):
    Image.fromarray(texture(96, 64)).save(tmp_path / name)
    assert read_provenance(tmp_path / name).content_credentials is None


def test_video_formats_without_credentials_have_none(tmp_path):
    for name in ("a.mkv", "a.avi", "a.mov"):
        assert read_credentials(write_video(tmp_path / name, numbered_frames(3))) is None


def test_intact_signature_is_not_taken_for_a_confirmed_signer(photo, tmp_path, newsroom):
    signed = sign(photo, tmp_path / "signed.jpg", newsroom)
    credentials = read_provenance(signed).content_credentials
    assert credentials.validation_state == "Valid"
    assert (credentials.issuer, credentials.common_name) == ("Test Newsroom", "Test Camera")
    assert credentials.claim_generator == "Paint 1" and credentials.signed_time is None
    assert credentials.actions == (
        CredentialAction("c2pa.created", "2026-01-02T03:04:05Z", "Paint", AI, "Test Newsroom"),
    )
    assert credentials.digital_source_types == (AI,) and str(source_type_text(AI)) == "made by generative AI"
    assert tuple(map(str, credentials.problems)) == (
        "The signer is not on the C2PA trust list that this software has. (signingCredential.untrusted)",
    )


def test_signer_of_a_trusted_authority_is_trusted(photo, tmp_path, newsroom):
    signed = sign(photo, tmp_path / "signed.jpg", newsroom)
    credentials = read_credentials(signed, trust_anchors=newsroom.root)
    assert (credentials.validation_state, credentials.problems) == ("Trusted", ())
    assert read_credentials(signed, trust_anchors=authority().root).validation_state == "Valid"


@pytest.mark.parametrize("name", ["C2PA-TRUST-LIST.pem", "C2PA-TSA-TRUST-LIST.pem"])
def test_shipped_trust_list_is_the_one_that_its_source_names(name):
    folder = Path(trust.__file__).parent
    data = (folder / name).read_bytes()
    certificates = load_pem_x509_certificates(data)
    row = next(line for line in (folder / "SOURCE.md").read_text().splitlines() if line.startswith(f"| `{name}`"))
    assert row.split("|")[3:5] == [f" {len(certificates)} ", f" `{hashlib.sha256(data).hexdigest()}` "]
    assert all(
        certificate.not_valid_before_utc.date() < date.fromisoformat(trust.TRUST_LISTS_DATE)
        for certificate in certificates
    )
    assert data.decode() in {anchors["trust_anchors"] for anchors in trust.trust_settings()["trust"]["anchors"]}


def test_copy_that_was_changed_after_signing_is_invalid(photo, tmp_path, newsroom):
    data = bytearray(sign(photo, tmp_path / "signed.jpg", newsroom).read_bytes())
    data[-100] ^= 1
    (tmp_path / "tampered.jpg").write_bytes(data)
    credentials = read_credentials(tmp_path / "tampered.jpg", trust_anchors=newsroom.root)
    assert credentials.validation_state == "Invalid"
    assert tuple(map(str, credentials.problems)) == (
        "The file was changed after it was signed. (assertion.dataHash.mismatch)",
    )


def test_statement_that_was_changed_after_signing_is_invalid(photo, tmp_path, newsroom):
    data = sign(photo, tmp_path / "signed.jpg", newsroom).read_bytes()
    (tmp_path / "tampered.jpg").write_bytes(data.replace(b"2026-01-02T03", b"2025-01-02T03"))
    credentials = read_credentials(tmp_path / "tampered.jpg")
    assert credentials.validation_state == "Invalid"
    assert any("assertion.hashedURI.mismatch" in str(problem) for problem in credentials.problems)


def test_edited_copy_still_tells_that_its_origin_is_ai(photo, tmp_path, newsroom):
    origin = sign(photo, tmp_path / "origin.jpg", authority("Image Maker"), software="Generator")
    edited = sign(origin, tmp_path / "edited.jpg", newsroom, parent=origin, software="Editor")
    credentials = read_credentials(edited)
    assert [(action.action, action.signed_by) for action in credentials.actions] == [
        ("c2pa.opened", "Test Newsroom"),
        ("c2pa.created", "Image Maker"),
    ]
    assert credentials.issuer == "Test Newsroom" and credentials.digital_source_types == (AI,)


def test_credentials_of_a_video_and_a_wrong_name_are_read(tmp_path, newsroom):
    clip = write_video(tmp_path / "v.mp4", numbered_frames(5))
    signed = sign(clip, tmp_path / "signed.mp4", newsroom, source_type=CAPTURE)
    disguised = signed.rename(tmp_path / "signed.jpg")
    assert read_credentials(disguised).digital_source_types == (CAPTURE,)


def test_remote_credentials_are_never_fetched(photo, tmp_path, newsroom):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/manifest.c2pa"
        credentials = read_credentials(sign(photo, tmp_path / "remote.jpg", newsroom, remote_url=url))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert asked == []
    assert credentials.validation_state == "NotFetched" and url in str(credentials.problems[0])


def test_credentials_that_are_cut_off_do_not_stop_the_report(photo, tmp_path, newsroom):
    data = sign(photo, tmp_path / "signed.jpg", newsroom).read_bytes()
    (tmp_path / "cut.jpg").write_bytes(data[:3000])
    provenance = read_provenance(tmp_path / "cut.jpg")
    assert provenance.content_credentials.validation_state == "Unreadable"
    assert str(provenance.content_credentials.problems[0]).startswith("The reader says: ")


def test_what_is_no_media_says_nothing_and_what_is_not_there_is_an_error(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")
    assert read_provenance(tmp_path / "notes.txt") == Provenance((), (), None)
    with pytest.raises(FileNotFoundError):
        read_provenance(tmp_path / "gone.jpg")


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", [b"a", b"Credit>" + b" " * 9000, b"Credit ="])
def test_long_xmp_takes_no_longer_than_it_is_long(tmp_path, text):
    # a pattern that could match a letter in two ways took hours for two megabytes
    Image.new("RGB", (64, 64)).save(tmp_path / "long.webp", xmp=text * (1_500_000 // len(text)))
    start = time.perf_counter()
    assert not [name for name, _ in read_provenance(tmp_path / "long.webp").container if name.startswith("XMP")]
    assert time.perf_counter() - start < 10
