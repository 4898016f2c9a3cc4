"""Clips that are sound and odd: codecs, depths, sizes, turns, times, streams, tags."""

import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction

import numpy as np

from tests.hostile.entry import HostileFile
from tests.hostile.originals import FIXTURES, SIDE_PX, clip_frames, photo, portrait, sound_alone, sound_videos, video

SCRIPT = "<script>alert(1)</script>"
FIXED_POINT = 1 << 16
_TURNS = {90: (0, 1, -1, 0), 180: (-1, 0, 0, -1), 270: (0, -1, 1, 0)}


def files() -> Iterator[HostileFile]:
    """All of them."""
    yield from _codecs()
    yield from _sizes()
    yield from _turns()
    yield from _times()
    yield from _streams()
    yield from _joined()


def _codecs() -> Iterator[HostileFile]:
    for name, format, codec, pixel_format, encoder in (
        ("h264-10-bit.mp4", "mp4", "libx264", "yuv420p10le", {}),
        ("h264-444.mp4", "mp4", "libx264", "yuv444p", {}),
        ("h264-full-range.mp4", "mp4", "libx264", "yuvj420p", {}),
        ("h264-interlaced.mp4", "mp4", "libx264", "yuv420p", {"x264-params": "interlaced=1"}),
        (
            "h264-b-frames.mp4",
            "mp4",
            "libx264",
            "yuv420p",
            {"bf": "3", "g": "250", "x264-params": "lookahead-threads=1"},
        ),
        ("h264-keyframes-only.mkv", "matroska", "libx264", "yuv420p", {"g": "1"}),
        ("hevc.mp4", "mp4", "libx265", "yuv420p", {}),
        ("hevc-10-bit.mp4", "mp4", "libx265", "yuv420p10le", {}),
        ("hevc-10-bit.mkv", "matroska", "libx265", "yuv420p10le", {}),
        ("vp8.webm", "webm", "libvpx", "yuv420p", {}),
        ("vp8-alpha.webm", "webm", "libvpx", "yuva420p", {"auto-alt-ref": "0"}),
        ("vp9-444.webm", "webm", "libvpx-vp9", "yuv444p", {}),
        ("mpeg2-interlaced.mpg", "mpeg", "mpeg2video", "yuv420p", {"flags": "+ildct+ilme"}),
        ("mpeg2.ts", "mpegts", "mpeg2video", "yuv420p", {}),
        ("mjpeg.avi", "avi", "mjpeg", "yuvj420p", {}),
        ("mjpeg.mov", "mov", "mjpeg", "yuvj444p", {}),
        ("prores.mov", "mov", "prores_ks", "yuv422p10le", {}),
        ("prores-alpha.mov", "mov", "prores_ks", "yuva444p10le", {"profile": "4444"}),
        ("ffv1.mkv", "matroska", "ffv1", "bgr0", {}),
        ("huffyuv.avi", "avi", "huffyuv", "rgb24", {}),
        ("raw.avi", "avi", "rawvideo", "bgr24", {}),
        ("raw-grey.mkv", "matroska", "ffv1", "gray16le", {}),
        ("png.mov", "mov", "png", "rgba", {}),
        ("animation.mov", "mov", "qtrle", "rgb24", {}),
        ("windows-media.wmv", "asf", "wmv2", "yuv420p", {}),
        ("flash.flv", "flv", "flv", "yuv420p", {}),
    ):
        data = video(format, codec, pixel_format=pixel_format, encoder=encoder)
        yield HostileFile("codec", name, data, "result", size_px=(SIDE_PX, SIDE_PX), faces=1)
    for name in ("av1.mp4", "av1-10-bit.webm", "av1.ivf"):  # made by `tests.hostile.make_av1`
        data = (FIXTURES / name).read_bytes()
        yield HostileFile("codec", name, data, "result", size_px=(SIDE_PX, SIDE_PX), faces=1)
    # a decoder with a known hole, which FFmpeg would try on the first frame
    cineform = video("mov", "cfhd", pixel_format="yuv422p10le")
    yield HostileFile("codec", "cineform.mov", cineform, "error", says="coded as cfhd")
    studio = video("mxf", "mpeg2video", fps=25)
    yield HostileFile("codec", "mpeg2.mxf", studio, "result", size_px=(SIDE_PX, SIDE_PX), faces=1)


def _sizes() -> Iterator[HostileFile]:
    for width, height, pixel_format in (
        (162, 158, "yuv420p"),
        (161, 159, "yuv444p"),
        (33, 35, "yuv444p"),
        (640, 32, "yuv420p"),
        (32, 640, "yuv420p"),
    ):
        data = video("mp4", "libx264", clip_frames(4, width, height), pixel_format=pixel_format)
        yield HostileFile("video size", f"{width}x{height}.mp4", data, "result", size_px=(width, height))
    for width, height in ((700, 32), (32, 700)):
        data = video("mp4", "libx264", clip_frames(4, width, height))
        yield HostileFile("video size", f"{width}x{height}.mp4", data, "error", says=f"strip of {width} x {height}")
    for width, height in ((2, 2), (16, 16), (1, 1), (1, 7)):
        data = video("mov", "png", clip_frames(4, width, height), pixel_format="rgb24")
        yield HostileFile("video size", f"{width}x{height}.mov", data, "either")
    empty = [np.zeros((64, 64, 3), np.uint8)] * 4
    yield HostileFile("video size", "black.mp4", video("mp4", "libx264", empty), "result", faces=0)
    noise = np.random.default_rng(0).integers(0, 256, (4, 96, 96, 3)).astype(np.uint8)
    yield HostileFile("video size", "noise.mp4", video("mp4", "libx264", noise), "result", faces=0)


def _turns() -> Iterator[HostileFile]:
    for turn, matrix in _TURNS.items():
        frames = [np.rot90(frame, turn // 90) for frame in clip_frames(6, 160, 192)]
        data = with_matrix(video("mp4", "libx264", frames), *(FIXED_POINT * value for value in matrix))
        yield HostileFile("turn", f"turned-{turn}.mp4", data, "result", size_px=(160, 192), faces=1)
    for name, matrix in {
        "slanted": (46341, 46341, -46341, 46341),
        "mirrored": (-FIXED_POINT, 0, 0, FIXED_POINT),
        "zero": (0, 0, 0, 0),
        "huge": (2**31 - 1, -(2**31), 2**31 - 1, 2**31 - 1),
    }.items():
        yield HostileFile("turn", f"matrix-{name}.mp4", with_matrix(sound_videos()["moov_last.mp4"], *matrix), "result")
    for turn in (1, 2, 3):
        data = video("mp4", "libx264", [np.rot90(frame, turn) for frame in clip_frames(6)])
        yield HostileFile("turn", f"lies-on-its-side-{turn}.mp4", data, "result", faces=1)


def _times() -> Iterator[HostileFile]:
    still = [portrait()] * 4

    def timed(
        name: str, times_s: Sequence[float], must: str = "result", format: str = "matroska", **known
    ) -> HostileFile:
        frames = clip_frames(len(times_s))
        return HostileFile("time", name, video(format, "libx264", frames, times_s=times_s), must, **known)

    yield HostileFile("time", "one-frame.mp4", video("mp4", "libx264", still[:1]), "result", faces=1)
    yield HostileFile("time", "one-frame.webm", video("webm", "libvpx-vp9", still[:1]), "result", faces=1)
    yield HostileFile("time", "one-frame.avi", video("avi", "mpeg4", still[:1]), "result", faces=1)
    # these two state no length of a frame
    yield HostileFile("time", "one-frame.wmv", video("asf", "wmv2", still[:1]), "result", faces=1)
    yield HostileFile("time", "one-frame.flv", video("flv", "flv", still[:1]), "result", faces=1)
    yield HostileFile("time", "two-frames.mp4", video("mp4", "libx264", still[:2]), "result", faces=1)
    yield timed("one-instant.mkv", [0.0, 0.001, 0.002], faces=1)
    yield timed("late-start.mkv", [3600.0 + number / 10 for number in range(8)], faces=1)
    yield timed("late-start.mp4", [3600.0 + number / 10 for number in range(8)], format="mp4", faces=1)
    yield timed("before-zero.mkv", [number / 10 - 0.4 for number in range(8)], faces=1)
    yield timed("before-zero.mp4", [number / 10 - 0.4 for number in range(8)], format="mp4", faces=1)
    yield timed("before-zero.ts", [number / 10 - 0.4 for number in range(8)], format="mpegts", faces=1)
    yield timed("variable-rate.mp4", [0, 0.01, 0.02, 0.03, 0.04, 0.5, 2, 5], format="mp4", faces=1)
    yield timed("gap-of-an-hour.mkv", [0, 0.1, 0.2, 3600.0], faces=1)
    yield timed("gap-of-three-hours.mkv", [0, 0.1, 0.2, 3 * 3600.0], "error", says="longer than 2 hours")
    yield timed("gap-of-three-hours.mp4", [0, 0.1, 3 * 3600.0], "error", format="mp4", says="longer than 2 hours")
    for fps in (Fraction(1, 100), 1000, 50_000, Fraction(30_000, 1001)):
        data = video("mp4", "libx264", clip_frames(6), fps=fps)
        yield HostileFile("time", f"{float(fps):.6g}-frames-a-second.mp4", data, "result", faces=1)
    whole = sound_videos()["moov_last.mp4"]
    for name, box, place, value in (
        ("no-movie-clock", b"mvhd", 12, 0),
        ("no-track-clock", b"mdhd", 12, 0),
        ("fast-clock", b"mdhd", 12, 2**32 - 1),
        ("fastest-clock", b"mdhd", 12, 2**31 - 1),
        ("slow-clock", b"mdhd", 12, 1),
        ("endless-movie", b"mvhd", 16, 2**32 - 2),
        ("endless-track", b"mdhd", 16, 2**32 - 2),
        ("no-duration", b"mdhd", 16, 0),
        ("frames-of-no-length", b"stts", 12, 0),
        ("frames-of-negative-length", b"stts", 12, 2**32 - 5),
        ("endless-frames", b"stts", 12, 2**31 - 1),
    ):
        yield HostileFile("time", f"{name}.mp4", patched(whole, box, place, value))


def _streams() -> Iterator[HostileFile]:
    for format, codec in (("mp4", "aac"), ("wav", "pcm_s16le"), ("flac", "flac"), ("ogg", "flac"), ("matroska", "aac")):
        data = sound_alone(format, codec)
        yield HostileFile("stream", f"sound.{format}", data, "error", says="no moving picture")
    cover = photo("JPEG")
    frame = b"\0image/jpeg\0\x03\0" + cover
    body = b"APIC" + struct.pack(">IH", len(frame), 0) + frame
    size = bytes((len(body) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    song = b"ID3\x03\0\0" + size + body + sound_alone("flac", "flac")
    yield HostileFile("stream", "cover.flac", song, "error", says="no moving picture")
    data = video("mp4", "libx264", sound=True)
    yield HostileFile("stream", "with-sound.mp4", data, "result", faces=1)
    # the track is there, and the codec is one that nobody has
    yield HostileFile("stream", "unknown-codec.mp4", sound_videos()["moov_last.mp4"].replace(b"avc1", b"zzzz"), "error")
    yield HostileFile("stream", "no-track.mp4", sound_videos()["moov_last.mp4"].replace(b"trak", b"free"), "error")
    yield HostileFile("stream", "no-samples.mp4", sound_videos()["moov_last.mp4"].replace(b"stbl", b"free"), "error")
    yield HostileFile("stream", "elsewhere.mp4", patched(sound_videos()["moov_last.mp4"], b"url ", 0, 0), "either")
    for format in ("mp4", "matroska", "avi"):
        codec = "mpeg4" if format == "avi" else "libx264"
        data = video(format, codec, metadata={"title": SCRIPT, "artist": "\x1b[2J\u202egpj", "comment": "x" * 9000})
        yield HostileFile("stream", f"script-title.{format}", data, "result", faces=1, hides=SCRIPT)


def _joined() -> Iterator[HostileFile]:
    for name in ("moov_last.mp4", "clip.mkv", "clip.avi", "clip.ts", "clip.flv", "clip.mpg", "clip.webm"):
        data = sound_videos()[name]
        yield HostileFile("joined", f"twice-{name}", data + data, "result", faces=1)
    small = video("mpegts", "libx264", clip_frames(6, 96, 128))
    yield HostileFile("joined", "two-sizes.ts", sound_videos()["clip.ts"] + small, "result")
    other = video("mpegts", "mpeg2video", clip_frames(6))
    yield HostileFile("joined", "two-codecs.ts", sound_videos()["clip.ts"] + other, "result")
    yield HostileFile(
        "joined", "two-formats.mp4", sound_videos()["moov_last.mp4"] + sound_videos()["clip.mkv"], "result"
    )


def patched(data: bytes, box: bytes, place: int, value: int) -> bytes:
    """An MP4 with 32 bits of a box changed; `place` counts from the box's version on."""
    changed = bytearray(data)
    struct.pack_into(">I", changed, changed.index(box) + 4 + place, value % 2**32)
    return bytes(changed)


def with_matrix(data: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """An MP4 with another display matrix, in 65536ths."""
    for place, value in zip((0, 4, 12, 16), (a, b, c, d), strict=True):
        data = patched(data, b"tkhd", 40 + place, value)
    return data
