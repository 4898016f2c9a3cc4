"""Files that are not what they seem: wrong names, two formats at once, scripts that name other files."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Iterator

import numpy as np

from tests.hostile.entry import HostileFile
from tests.hostile.originals import photo, sound_files, sound_photos, sound_videos

SECRET = "/etc/passwd"
# Each would make a careless program open another file, or ask the network.
PLAYLISTS = {
    "list.m3u8": f"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nfile://{SECRET}\n#EXT-X-ENDLIST\n",
    "concat-protocol.m3u8": f"#EXTM3U\n#EXTINF:10.0,\nconcat:http://127.0.0.1:9/x|file://{SECRET}\n#EXT-X-ENDLIST\n",
    "key.m3u8": f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file://{SECRET}"\n#EXTINF:1,\nfile://{SECRET}\n',
    "script.ffconcat": f"ffconcat version 1.0\nfile '{SECRET}'\nduration 5\n",
    "manifest.mpd": f'<?xml version="1.0"?><MPD><Period><BaseURL>file://{SECRET}</BaseURL></Period></MPD>',
    "stream.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "list.asx": f'<asx version="3.0"><entry><ref href="file://{SECRET}"/></entry></asx>',
    "list.pls": f"[playlist]\nFile1=file://{SECRET}\nNumberOfEntries=1\n",
    "graph.txt": f"movie={SECRET}[out0]",
    "picture.svg": f'<svg xmlns="http://www.w3.org/2000/svg"><image href="file://{SECRET}"/><script>alert(1)</script></svg>',
    "entity.svg": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{SECRET}">]><svg>&x;</svg>',
    "magick.mvg": f"push graphic-context\nimage over 0,0 0,0 'label:@{SECRET}'\npop graphic-context\n",
    "page.html": "<html><script>alert(1)</script><img src=http://127.0.0.1:9/x></html>",
    "program.eps": f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n({SECRET}) (r) file\n",
    "paper.pdf": "%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF\n",
    "shell.sh": "#!/bin/sh\ntouch /tmp/was-run\n",
    "table.csv": "=cmd|'/c calc'!A1,2\n",
    "subtitles.srt": "1\n00:00:00,000 --> 00:00:01,000\n<script>alert(1)</script>\n",
    "pixels.xpm": '/* XPM */\nstatic char *x[] = {"64 64 1 1", "a c #000000"};\n',
    "pixels.ppm": "P3 64 64 255\n" + "0 0 0 " * 4096,
}


def files() -> Iterator[HostileFile]:
    """All of them."""
    yield from _wrong_names()
    yield from _nothing()
    for name, text in PLAYLISTS.items():
        yield HostileFile("script", name, text.encode(), "error")
        yield HostileFile("script", f"{name}.mp4", text.encode(), "error")
    yield from _two_at_once()
    yield from _archives()


def _wrong_names() -> Iterator[HostileFile]:
    files = sound_files()
    for source, name, media_type in (
        ("photo.jpg", "photo.png", "image/jpeg"),
        ("photo.png", "clip.mp4", "image/png"),
        ("photo.webp", "page.html", "image/webp"),
        ("photo.gif", "clip.m3u8", "image/gif"),
        ("photo.heic", "photo.jpg", "image/heic"),
        ("photo.avif", "clip.mov", "image/avif"),
        ("photo.tif", "program", "image/tiff"),
        ("moov_last.mp4", "photo.jpg", "video/mp4"),
        ("clip.mkv", "photo.png", "video/x-matroska"),
        ("clip.webm", "song.mp3", "video/webm"),
        ("clip.ts", "list.m3u8", "video/mp2t"),
        ("clip.avi", "script.ffconcat", "video/x-msvideo"),
        ("clip.flv", "picture.svg", "video/x-flv"),
    ):
        yield HostileFile("wrong name", name, files[source], "result", media_type=media_type, faces=1)


def _nothing() -> Iterator[HostileFile]:
    for name in ("empty.jpg", "empty.mp4", "empty"):
        yield HostileFile("nothing", name, b"", "error", says="empty (zero bytes)")
    noise = np.random.default_rng(0).bytes(20_000)
    for name, data in {
        "one-byte.jpg": b"\xff",
        "newline.txt": b"\n",
        "zeros.mp4": bytes(20_000),
        "ones.jpg": b"\xff" * 20_000,
        "noise.jpg": noise,
        "jpeg-start-and-noise.jpg": b"\xff\xd8\xff\xe0" + noise,
        "png-start.png": b"\x89PNG\r\n\x1a\n",
        "png-start-and-noise.png": b"\x89PNG\r\n\x1a\n" + noise,
        "gif-start.gif": b"GIF89a",
        "webp-start.webp": b"RIFF\xff\xff\xff\xffWEBP",
        "tiff-start.tif": b"II*\0",
        "mp4-start.mp4": b"\0\0\0\x20ftypisom",
        "mp4-start-and-noise.mp4": b"\0\0\0\x10ftypisom\0\0\0\0" + noise,
        "matroska-start.mkv": b"\x1a\x45\xdf\xa3",
        "heic-start.heic": b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        "avi-start.avi": b"RIFF\xff\xff\xff\xffAVI LIST",
        "transport-stream-of-nothing.ts": (b"G\x1f\xff\x10" + b"\xff" * 184) * 100,
    }.items():
        yield HostileFile("nothing", name, data, "error")


def _two_at_once() -> Iterator[HostileFile]:
    jpeg, gif, mp4 = sound_photos()["photo.jpg"], sound_photos()["photo.gif"], sound_videos()["moov_last.mp4"]
    archive = zipped({"evil.js": b"alert(1)"})
    script = b"<script>alert(1)</script><?php system('id'); ?>"

    def both(name: str, data: bytes, must: str = "result", **known) -> HostileFile:
        return HostileFile("two at once", name, data, must, **known)

    for suffix, name in (
        (archive, "jpeg-zip.jpg"),
        (script, "jpeg-php.jpg"),
        (mp4, "jpeg-mp4.jpg"),
        (jpeg, "jpeg-jpeg.jpg"),
        (sound_photos()["photo.png"], "jpeg-png.jpg"),
    ):
        yield both(name, jpeg + suffix, media_type="image/jpeg", faces=1)
    yield both("png-zip.png", sound_photos()["photo.png"] + archive, media_type="image/png", faces=1)
    yield both("gif-zip.gif", gif + archive, media_type="image/gif", faces=1)
    yield both("webp-html.webp", sound_photos()["photo.webp"] + script, media_type="image/webp", faces=1)
    yield both("mp4-zip.mp4", mp4 + archive, media_type="video/mp4", faces=1)
    yield both("mkv-html.mkv", sound_videos()["clip.mkv"] + script, media_type="video/x-matroska", faces=1)
    # its width and height are the start of a comment of JavaScript
    yield both("gif-javascript.gif", b"GIF89a/*" + gif[8:] + b"*/=1;alert(1);", "error")
    yield both("mp4-with-page-inside.mp4", mp4 + b"\0\0\0\x40free" + script.ljust(56), media_type="video/mp4", faces=1)
    for prefix, name in (
        (b"%PDF-1.4\n", "pdf-jpeg.jpg"),
        (b"<html><!--", "html-jpeg.jpg"),
        (archive, "zip-jpeg.jpg"),
        (b"\xef\xbb\xbf", "mark-jpeg.jpg"),
        (b"\r\n", "line-jpeg.jpg"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "playlist-jpeg.jpg"),
    ):
        yield both(name, prefix + jpeg, "either")
    for prefix, name in (
        (b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", "playlist-mp4.mp4"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n#", "concat-mp4.mp4"),
        (b"\xff\xd8\xff\xe0", "jpeg-start-mp4.mp4"),
        (b"GIF89a", "gif-start-mp4.mp4"),
    ):
        yield both(name, prefix + mp4, "either")
    pages = photo("MPO", save_all=True, append_images=[])
    yield both("several-views.jpg", pages, faces=1)


def _archives() -> Iterator[HostileFile]:
    jpeg = sound_photos()["photo.jpg"]
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        entry = tarfile.TarInfo("../../photo.jpg")
        entry.size = len(jpeg)
        archive.addfile(entry, io.BytesIO(jpeg))
    for name, data in {
        "photo.zip": zipped({"photo.jpg": jpeg}),
        "climbing.zip": zipped({"../../etc/cron.d/evil": b"*"}),
        "photo.tar": packed.getvalue(),
        "photo.jpg.gz": gzip.compress(jpeg, mtime=0),
        "bomb.svgz": gzip.compress(bytes(10**7), mtime=0),
        "letter.docx": zipped({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}),
        "program.exe": b"MZ" + bytes(500) + b"PE\0\0" + bytes(2000),
        "program.elf": b"\x7fELF" + bytes(2000),
        "base.sqlite": b"SQLite format 3\0" + bytes(2000),
        "weights.pickle": b"\x80\x04cos\nsystem\n\x94.",
    }.items():
        yield HostileFile("archive", name, data, "error")


def zipped(members: dict[str, bytes]) -> bytes:
    """A ZIP with these files, always the same."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return packed.getvalue()
