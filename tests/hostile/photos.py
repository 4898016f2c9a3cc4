"""Photos that are sound and odd: modes, depths, turns, animations, metadata, sizes."""

import struct
from collections.abc import Iterator

import numpy as np
from PIL import Image, ImageOps, PngImagePlugin

from tests.hostile.entry import HostileFile
from tests.hostile.originals import photo, portrait

ORIENTATION = 274
# What a viewer does to set the picture upright is undone when it is stored.
_STORED = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
SCRIPT = "<script>alert(1)</script>"


def files() -> Iterator[HostileFile]:
    """All of them."""
    yield from _modes()
    yield from _orientations()
    yield from _animations()
    yield from _metadata()
    yield from _sizes()


def _modes() -> Iterator[HostileFile]:
    image = Image.fromarray(portrait())
    size = image.size

    def odd(name: str, data: bytes, faces: int | None = 1) -> HostileFile:
        return HostileFile("mode", name, data, "result", size_px=size, faces=faces)

    yield odd("cmyk.jpg", photo("JPEG", image.convert("CMYK"), quality=90))
    yield odd("cmyk.tif", photo("TIFF", image.convert("CMYK")))
    yield odd("grey.jpg", photo("JPEG", image.convert("L")))
    unsafe = {
        "ycbcr.tif": photo("TIFF", image.convert("YCbCr")),
        "jpeg.tif": photo("TIFF", image, compression="jpeg"),
        "tiles.tif": in_tiles(photo("TIFF", image)),
    }
    for name, data in unsafe.items():
        yield HostileFile("mode", name, data, "error", says="please send it as a PNG")
    lab = image.convert("LAB")
    del lab.info["icc_profile"]  # which holds the time
    yield odd("lab.tif", photo("TIFF", lab), None)
    for bits in (2, 16, 64, 256):
        yield odd(f"palette-{bits}.png", photo("PNG", image.quantize(bits)), None if bits == 2 else 1)
    yield odd("two-levels.png", photo("PNG", image.convert("1")), None)
    yield odd("two-levels.tif", photo("TIFF", image.convert("1"), compression="group4"), None)
    grey = np.asarray(image.convert("L"))
    yield odd("grey-16.png", photo("PNG", Image.fromarray(grey.astype(np.uint16) * 257)))
    yield odd("grey-16.tif", photo("TIFF", Image.fromarray(grey.astype(np.uint16) * 257)))
    yield odd("grey-32.tif", photo("TIFF", Image.fromarray(grey.astype(np.int32) * 1000)))
    yield odd("float.tif", photo("TIFF", Image.fromarray(grey.astype(np.float32) / 255)))
    beyond = grey.astype(np.float32)
    beyond[:8], beyond[8:16], beyond[16:24] = np.nan, np.inf, -np.inf
    yield odd("float-without-numbers.tif", photo("TIFF", Image.fromarray(beyond)), None)
    black = np.zeros((160, 160), np.float32)
    yield odd("float-black.tif", photo("TIFF", Image.fromarray(black)), 0)
    yield odd("float-negative.tif", photo("TIFF", Image.fromarray(black - 5)), 0)
    for alpha in (0, 128, 255):
        clear = image.copy()
        clear.putalpha(alpha)
        for format in ("PNG", "WEBP", "TIFF"):
            yield odd(f"alpha-{alpha}.{format.lower()}", photo(format, clear), 0 if alpha == 0 else None)
    yield odd("grey-alpha.png", photo("PNG", image.convert("LA")))
    yield odd("transparent-palette.png", photo("PNG", image.quantize(64), transparency=bytes(range(64))), None)
    yield odd("lossless.webp", photo("WEBP", image, lossless=True))
    yield odd("interlaced.gif", photo("GIF", image, interlace=True))
    yield odd("restarts.jpg", photo("JPEG", image, restart_marker_blocks=1))
    yield odd("top-down.bmp", photo("BMP", image.convert("P")))


def _orientations() -> Iterator[HostileFile]:
    upright = Image.fromarray(portrait(192)).crop((0, 0, 160, 192))
    for orientation, turn in _STORED.items():
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        stored = upright.transpose(turn) if turn is not None else upright
        for format in ("JPEG", "PNG", "WEBP", "TIFF"):
            yield HostileFile(
                "orientation",
                f"orientation-{orientation}.{format.lower()}",
                photo(format, stored, exif=exif, **({"quality": 95} if format in ("JPEG", "WEBP") else {})),
                "result",
                size_px=upright.size,
                faces=1,
            )
    for orientation in (0, 9, 255, 65535):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        data = photo("JPEG", upright, exif=exif)
        yield HostileFile(
            "orientation", f"orientation-{orientation}.jpg", data, "result", size_px=upright.size, faces=1
        )


def _timeless(data: bytes) -> bytes:
    """Clears when an AVIF was made."""
    cleared = bytearray(data)
    for box in (b"mvhd", b"tkhd", b"mdhd"):
        place = cleared.find(box)
        if place >= 0 and cleared[place + 4] == 1:
            cleared[place + 8 : place + 24] = bytes(16)
    return bytes(cleared)


def _animations() -> Iterator[HostileFile]:
    image = Image.fromarray(portrait())
    others = [ImageOps.invert(image), ImageOps.mirror(image)]
    for format in ("GIF", "WEBP", "PNG", "AVIF"):
        data = _timeless(photo(format, image, save_all=True, append_images=others, duration=100, loop=0))
        yield HostileFile("animation", f"three.{format.lower()}", data, "result", faces=2, says="is too brief")
        yield HostileFile("animation", f"three-cut-off.{format.lower()}", data[: len(data) * 2 // 3])
        still = _timeless(photo(format, image, save_all=True, append_images=[image] * 3, duration=0))
        yield HostileFile("animation", f"no-time.{format.lower()}", still, "result", faces=1)
    pages = photo("TIFF", image, save_all=True, append_images=others)
    yield HostileFile("animation", "pages.tif", pages, "result", faces=1, says="The file holds 3 pictures")
    one_page = photo("TIFF", image)
    first = first_page(one_page)
    yield HostileFile("animation", "endless-pages.tif", with_pages(one_page, first), "result", faces=1)
    # a second page without a size, and one that lies beyond the end
    nothing = with_pages(one_page, len(one_page), bytes(6))
    yield HostileFile("animation", "empty-page.tif", nothing, "result", faces=1)
    yield HostileFile("animation", "far-page.tif", with_pages(one_page, 2**31), "result", faces=1)
    page, chain = one_page[first : end_of_page(one_page)], bytearray()
    for _ in range(30_000):
        chain += page + struct.pack("<I", len(one_page) + len(chain) + len(page) + 4)
    many = with_pages(one_page, len(one_page), chain)
    yield HostileFile("animation", "many-pages.tif", many, "result", faces=1, says="more than 100 pictures")
    broken = bytearray(photo("GIF", image, save_all=True, append_images=others))
    second = broken.index(b"\x2c\0\0\0\0", broken.index(b"\x2c\0\0\0\0") + 5)
    broken[second + 9 :] = b""  # its header ends early
    yield HostileFile(
        "animation", "second-cut-off.gif", bytes(broken), "result", faces=1, says="only the first frame of the"
    )
    lying = bytearray(photo("PNG", image, save_all=True, append_images=others))
    struct.pack_into(">I", lying, lying.index(b"acTL") + 4, 2**32 - 1)
    yield HostileFile("animation", "lying-count.png", bytes(lying))


def in_tiles(tiff: bytes) -> bytes:
    """A TIFF of one strip that says it is a tile, as wide as the strip has rows and one row high."""
    found = bytearray(tiff)
    start = first_page(tiff) + 2
    for entry in range(start, end_of_page(tiff), 12):
        (tag,) = struct.unpack_from("<H", found, entry)
        # place, rows and bytes of the strip, and that its colours lie together (1): place, width, bytes and height of the tile
        struct.pack_into("<H", found, entry, {273: 324, 278: 322, 279: 325, 284: 323}.get(tag, tag))
    return bytes(found)


def first_page(tiff: bytes) -> int:
    """Where the first directory of a little-endian TIFF lies."""
    return struct.unpack_from("<I", tiff, 4)[0]


def end_of_page(tiff: bytes) -> int:
    """Where the first directory names the next one."""
    return first_page(tiff) + 2 + 12 * struct.unpack_from("<H", tiff, first_page(tiff))[0]


def with_pages(tiff: bytes, place: int, pages: bytes = b"") -> bytes:
    """A TIFF whose second page lies at a place; more bytes are put behind it."""
    end = end_of_page(tiff)
    return tiff[:end] + struct.pack("<I", place) + tiff[end + 4 :] + pages


def _metadata() -> Iterator[HostileFile]:
    image = Image.fromarray(portrait())
    plain = photo("JPEG", image)

    def with_exif(body: bytes) -> bytes:
        body = b"Exif\0\0" + body
        return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain[2:]

    def entry(tag: int, kind: int, count: int, value: int) -> bytes:
        return struct.pack("<HHII", tag, kind, count, value)

    def directory(*entries: bytes, following: int = 0) -> bytes:
        return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)

    broken = {
        "empty": b"",
        "no-header": b"broken" * 9,
        "only-header": b"II*\0",
        "far-offset": b"II*\0\xff\xff\xff\x7f",
        "endless": directory(entry(271, 2, 4, 0), following=8),
        "own-child": directory(entry(34665, 4, 1, 8), entry(34853, 4, 1, 8)),
        "huge-count": directory(entry(271, 2, 0xFFFFFFF0, 8)),
        "unknown-type": directory(entry(271, 99, 4, 8)),
        "far-value": directory(entry(271, 2, 4000, 0xFFFFFF00)),
        "zero-division": directory(entry(282, 5, 1, 26)) + bytes(8),
        "many-entries": directory(*(entry(1000 + number, 3, 1, number) for number in range(4000))),
        "orientation-as-text": directory(entry(ORIENTATION, 2, 4, 0x41414141)),
        "two-orientations": directory(entry(ORIENTATION, 3, 2, 0x00060006)),
    }
    for name, body in broken.items():
        yield HostileFile("metadata", f"exif-{name}.jpg", with_exif(body), "result", faces=1)
    exif = Image.Exif()
    exif[270], exif[271], exif[315] = SCRIPT, "A\0B\r\nC\u202e", "\N{PILE OF POO}" * 50
    for format in ("JPEG", "PNG", "WEBP", "TIFF"):
        name = f"exif-script.{format.lower()}"
        yield HostileFile("metadata", name, photo(format, image, exif=exif), "result", faces=1, hides=SCRIPT)
    yield HostileFile(
        "metadata", "comment-script.jpg", photo("JPEG", image, comment=SCRIPT), "result", faces=1, hides=SCRIPT
    )
    yield HostileFile(
        "metadata", "comment-script.gif", photo("GIF", image, comment=SCRIPT.encode()), "result", hides=SCRIPT
    )
    texts = PngImagePlugin.PngInfo()
    texts.add_text(SCRIPT, SCRIPT)
    texts.add_itxt("parameters", "\x1b[31m" + "x" * 5000)
    yield HostileFile("metadata", "text-script.png", photo("PNG", image, pnginfo=texts), "result", hides=SCRIPT)
    for name, icc in (("broken", b"no profile"), ("empty", b"\0"), ("large", bytes(300_000))):
        yield HostileFile("metadata", f"icc-{name}.jpg", photo("JPEG", image, icc_profile=icc), "result", faces=1)
    for name, text in (("long-word", "a"), ("long-gap", "Credit>" + " " * 9000), ("open-end", 'Credit="')):
        data = photo("WEBP", image, xmp=text.encode() * (2_000_000 // len(text)))
        yield HostileFile("metadata", f"xmp-{name}.webp", data, "result", faces=1)
    for dpi in ((0, 0), (65535, 1)):
        yield HostileFile("metadata", f"dpi-{dpi[0]}.jpg", photo("JPEG", image, dpi=dpi), "result", faces=1)


def _sizes() -> Iterator[HostileFile]:
    for width, height in ((1, 1), (1, 500), (500, 1), (31, 200), (16, 16)):
        picture = Image.new("RGB", (width, height), "grey")
        for format in ("PNG", "GIF", "BMP"):
            yield HostileFile(
                "size", f"{width}x{height}.{format.lower()}", photo(format, picture), "error", says="only"
            )
    strip = Image.new("RGB", (32, 700))
    yield HostileFile("size", "strip.png", photo("PNG", strip), "error", says="strip of 32 x 700")
    for side in (32, 33, 47, 101):
        data = photo("PNG", Image.fromarray(portrait(side)))
        yield HostileFile("size", f"small-{side}.png", data, "result", size_px=(side, side))
    noise = np.random.default_rng(0).integers(0, 256, (160, 160, 3)).astype(np.uint8)
    yield HostileFile("size", "noise.png", photo("PNG", Image.fromarray(noise)), "result", size_px=(160, 160))
    for color in ("black", "white"):
        data = photo("PNG", Image.new("RGB", (64, 64), color))
        yield HostileFile("size", f"{color}.png", data, "result", faces=0)
    sheet = Image.new("RGB", (640, 640))
    for place in range(16):
        sheet.paste(Image.fromarray(portrait()), (160 * (place % 4), 160 * (place // 4)))
    yield HostileFile("size", "sixteen-faces.png", photo("PNG", sheet), "result", faces=10, says="10 largest")
