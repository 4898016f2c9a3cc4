"""Small files that promise, or unpack to, far more than a machine can hold."""

import struct
import zlib
from collections.abc import Iterator

from PIL import Image

from tests.hostile.entry import HostileFile
from tests.hostile.originals import clip_frames, photo, sound_videos, video
from tests.hostile.videos import patched


def files() -> Iterator[HostileFile]:
    """All of them."""
    yield from _photos()
    yield from _videos()


def _photos() -> Iterator[HostileFile]:
    large = "megapixels"
    yield HostileFile("bomb", "30000x30000.png", black_png(30_000, 30_000), "error", says=large)
    for width, height in ((2**31 - 1, 2**31 - 1), (100_000, 100_000), (20_000, 10_000)):
        yield HostileFile("bomb", f"{width}x{height}.png", black_png(width, height, rows=1), "error", says=large)
    yield HostileFile("bomb", "0x0.png", black_png(0, 0), "error")
    yield HostileFile("bomb", "tall.png", black_png(64, 2**30, rows=1), "error", says=large)
    yield HostileFile("bomb", "promised-rows.png", black_png(3000, 3000, rows=1))
    # within the limits: it must be read, and read fast
    yield HostileFile("bomb", "black-25-megapixels.png", black_png(5000, 5000), "result", faces=0)
    small = photo("PNG")
    yield HostileFile(
        "bomb", "text.png", small[:33] + chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(10**8), 9)) + small[33:]
    )
    yield HostileFile(
        "bomb", "profile.png", small[:33] + chunk(b"iCCP", b"k\0\0" + zlib.compress(bytes(10**8), 9)) + small[33:]
    )
    screen = bytearray(photo("GIF"))
    struct.pack_into("<HH", screen, 6, 65535, 65535)
    yield HostileFile("bomb", "65535x65535-screen.gif", bytes(screen), "error", says=large)
    frame = bytearray(photo("GIF"))
    struct.pack_into("<HH", frame, frame.index(b"\x2c\0\0\0\0") + 5, 65535, 65535)
    yield HostileFile("bomb", "65535x65535-frame.gif", bytes(frame), "error", says=large)
    yield HostileFile("bomb", "many-frames.gif", many_frames(50_000), "result", says="only its first 5000 frames")
    jpeg = bytearray(photo("JPEG"))
    struct.pack_into(">HH", jpeg, jpeg.index(b"\xff\xc0") + 5, 65500, 65500)
    yield HostileFile("bomb", "65500x65500.jpg", bytes(jpeg), "error", says=large)
    bitmap = bytearray(photo("BMP"))
    struct.pack_into("<ii", bitmap, 18, 2**31 - 1, 2**31 - 1)
    yield HostileFile("bomb", "2147483647x2147483647.bmp", bytes(bitmap), "error")
    extended = bytearray(photo("WEBP", Image.new("RGBA", (64, 64), (0, 0, 0, 9))))
    place = extended.index(b"VP8X") + 12
    extended[place : place + 6] = b"\xff" * 6
    yield HostileFile("bomb", "16777216x16777216.webp", bytes(extended), "error")
    for format, name in (("AVIF", "large.avif"), ("TIFF", "large.tif")):
        data = bytearray(photo(format))
        if format == "AVIF":
            struct.pack_into(">II", data, data.index(b"ispe") + 8, 65535, 65535)
        else:
            first = struct.unpack_from("<I", data, 4)[0]
            for number in range(2):  # the first two entries are width and height
                struct.pack_into("<HHII", data, first + 2 + 12 * number, 256 + number, 4, 1, 2**31 - 1)
        yield HostileFile("bomb", name, bytes(data), "either" if format == "AVIF" else "error")


def _videos() -> Iterator[HostileFile]:
    raw = bytearray(video("avi", "rawvideo", clip_frames(2), pixel_format="bgr24"))
    header = raw.index(b"strf") + 8
    for width, height in ((30_000, 30_000), (2**31 - 1, 2**31 - 1), (65_535, 1)):
        struct.pack_into("<ii", raw, header + 4, width, height)
        yield HostileFile("bomb", f"{width}x{height}.avi", bytes(raw), "error")
    # the container says 160 x 160, the pictures in it are larger; FFmpeg itself takes up to 16384 x 16384
    for side in (9000, 16_000):
        for number in (0, 1):
            data = movie_with(black_png(side, side), number)
            yield HostileFile("bomb", f"{side}x{side}-inside-{number}.mov", data, "error", says="larger than 8K")
    for side in (30_000, 10**9):
        picture = black_png(side, side, rows=1)
        yield HostileFile("bomb", f"{side}x{side}-alone-inside.mov", movie_with(picture, 0), "error", says="No frame")
        says = "only 1 of 2 frames could be decoded"
        yield HostileFile("bomb", f"{side}x{side}-inside.mov", movie_with(picture, 1), "result", says=says)
    inside = bytearray(video("avi", "mjpeg", clip_frames(2), pixel_format="yuvj420p"))
    start = 0
    while (start := inside.find(b"\xff\xc0\0\x11", start)) >= 0:
        struct.pack_into(">HH", inside, start + 5, 65_500, 65_500)
        start += 4
    yield HostileFile("bomb", "65500x65500-inside.avi", bytes(inside), "error")
    whole = sound_videos()["moov_last.mp4"]
    for name, box, place, value in (
        ("billions-of-samples", b"stsz", 8, 2**32 - 1),
        ("billions-of-lengths", b"stts", 4, 2**32 - 1),
        ("billions-of-repeats", b"stts", 8, 2**31 - 1),
        ("billions-of-chunks", b"stco", 4, 2**32 - 1),
        ("billions-in-a-chunk", b"stsc", 12, 2**31 - 1),
        ("samples-of-gigabytes", b"stsz", 4, 2**31 - 1),
    ):
        yield HostileFile("bomb", f"{name}.mp4", patched(whole, box, place, value))
    one_byte = patched(patched(whole, b"stsz", 4, 1), b"stsz", 8, 2_000_000)
    many = patched(patched(one_byte, b"stts", 8, 2_000_000), b"stsc", 12, 2_000_000)
    yield HostileFile("bomb", "two-million-samples.mp4", many, "error", says="than the file has bytes")
    shared = shared_samples(1000, 100)
    yield HostileFile("bomb", "shared-samples.mp4", shared, "error", says="than the file has bytes")
    filled = shared + bytes(80_000)
    yield HostileFile("bomb", "fewer-shared-samples.mp4", filled, "error", says="no keyframe")
    yield HostileFile("bomb", "deep-boxes.mp4", deep_boxes(3000), "error")


def chunk(kind: bytes, body: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def black_png(width: int, height: int, rows: int | None = None) -> bytes:
    """A PNG of one bit a pixel.

    Args:
        width: As it states.
        height: As it states.
        rows: How many it holds; all by default.
    """
    row = bytes(1 + min((width + 7) // 8, 10**6))
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(row) for _ in range(height if rows is None else rows)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def many_frames(count: int) -> bytes:
    """A GIF with the portrait first and then so many frames of one pixel, each a second long."""
    first = photo("GIF")
    pixel = b"\x21\xf9\x04\0\x64\0\0\0\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0"
    return first[:-1] + pixel * count + b";"


def movie_with(picture: bytes, number: int) -> bytes:
    """A MOV that states 160 x 160 and holds two PNG, one of them replaced by a picture of any size."""
    movie = bytearray(video("mov", "png", clip_frames(2), pixel_format="rgb24"))
    start = movie.index(b"\x89PNG")
    for _ in range(number):
        start = movie.index(b"\x89PNG", start + 1)
    end = movie.index(b"IEND", start) + 8
    grown = len(picture) - (end - start)
    movie[start:end] = picture
    enlarge(movie, b"mdat", grown)
    if number == 0:
        place = movie.index(b"stco") + 12  # both lie in one chunk, so its start stays
        assert struct.unpack_from(">I", movie, place)[0] == start
    return patched(bytes(movie), b"stsz", 12 + 4 * number, len(picture))


def shared_samples(chunks: int, samples: int) -> bytes:
    """An MP4 of so many chunks, all of which lie in the same place and hold so many samples of one byte."""
    movie = bytearray(sound_videos()["moov_first.mp4"])
    place = movie.index(b"stco")
    count, first = struct.unpack_from(">II", movie, place + 8)
    movie[place + 8 : place + 12 + 4 * count] = struct.pack(">I", chunks) + struct.pack(">I", first) * chunks
    for box in (b"stco", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        enlarge(movie, box, 4 * (chunks - count))
    data, total = bytes(movie), chunks * samples
    for box, number, value in (
        (b"stsz", 4, 1),
        (b"stsz", 8, total),
        (b"stts", 8, total),
        (b"stts", 12, 1),
        (b"stsc", 12, samples),
        (b"mdhd", 12, 2**31 - 1),
        (b"mdhd", 16, total),
    ):
        data = patched(data, box, number, value)
    return data


def enlarge(movie: bytearray, box: bytes, count: int) -> None:
    """States that a box has so many bytes more."""
    place = movie.index(box) - 4
    struct.pack_into(">I", movie, place, struct.unpack_from(">I", movie, place)[0] + count)


def deep_boxes(depth: int) -> bytes:
    """An MP4 whose boxes are nested so deep."""
    body = b""
    for _ in range(depth):
        body = struct.pack(">I", len(body) + 8) + b"moov" + body
    return sound_videos()["moov_last.mp4"][:32] + body
