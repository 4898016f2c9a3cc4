"""Sound files that were cut off, flipped or overwritten on their way."""

from collections.abc import Iterator

import numpy as np

from tests.hostile.entry import HostileFile
from tests.hostile.originals import sound_files

SEEDS = range(5)
TENTHS = (1, 3, 5, 7, 9)  # that arrived before the file was cut off
FLIPPED_SHARE = 1 / 2000  # of all bytes, at least 3 of them


def files() -> Iterator[HostileFile]:
    """Each of them for each sound file."""
    for original, data in sound_files().items():
        for tenth in TENTHS:
            yield HostileFile("truncated", f"{tenth}0%-of-{original}", data[: len(data) * tenth // 10])
        for seed in SEEDS:
            yield HostileFile("flipped", f"flipped-{seed}-{original}", flipped(data, seed))
        yield HostileFile("overwritten", f"zeroed-{original}", zeroed(data))
        # a transport stream can be entered at any packet
        must = "either" if original == "clip.ts" else "error"
        yield HostileFile("overwritten", f"headless-{original}", bytes(64) + data[64:], must)
        yield HostileFile("overwritten", f"padded-{original}", data + bytes(5000), "result", faces=1)
    yield from _of_avif(sound_files()["photo.avif"])


def _of_avif(data: bytes) -> Iterator[HostileFile]:
    """Two that Pillow answers with an error that it documents for no other format."""
    for name, box, place in (("no-main-item", b"pitm", 9), ("bad-pixels", b"mdat", 5)):
        changed = bytearray(data)
        changed[changed.index(box) + place] ^= 0xFF
        yield HostileFile("overwritten", f"{name}.avif", bytes(changed), "error", says="damaged or cut off")


def flipped(data: bytes, seed: int) -> bytes:
    """Some bits turned over; the first eight bytes, which tell the format, are left."""
    changed = np.frombuffer(data, np.uint8).copy()
    chance = np.random.default_rng(seed)
    places = chance.integers(8, len(data), max(round(len(data) * FLIPPED_SHARE), 3))
    changed[places] ^= (1 << chance.integers(0, 8, len(places))).astype(np.uint8)
    return changed.tobytes()


def zeroed(data: bytes) -> bytes:
    """A third in the middle is zero, as after a failed download."""
    third = len(data) // 3
    return data[:third] + bytes(third) + data[2 * third :]
