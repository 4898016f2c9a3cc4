"""Makes animated pictures, photos with a film behind them, and Live Photos."""

import io
import struct
from pathlib import Path

import av
import numpy as np
from PIL import Image

from tests.redness_model import portrait

ANIMATIONS = {
    "GIF": {},
    "PNG": {},
    "WEBP": {"lossless": True, "quality": 0, "method": 0},
    "AVIF": {"quality": 90, "speed": 10},
}
GOOGLE = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description GCamera:MotionPhoto="1" GCamera:MotionPhotoVersion="1"><Container:Directory><rdf:Seq>
<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="image/jpeg" Item:Semantic="Primary" Item:Length="0"/></rdf:li>
<rdf:li rdf:parseType="Resource"><Container:Item Item:Mime="video/mp4" Item:Semantic="MotionPhoto" Item:Length="{length}"/>
</rdf:li></rdf:Seq></Container:Directory></rdf:Description></rdf:RDF></x:xmpmeta>"""
MICRO_VIDEO = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description GCamera:MicroVideo="1" GCamera:MicroVideoOffset="{length}"/></rdf:RDF></x:xmpmeta>"""


def write_animation(path: Path, kind: str, frames: list[np.ndarray], durations_ms: list[int], **options) -> Path:
    """Writes frames as GIF, APNG, WebP or AVIF; each is shown so long."""
    first, *others = (Image.fromarray(frame) for frame in frames)
    options = ANIMATIONS[kind] | options
    first.save(path, format=kind, save_all=True, append_images=others, duration=durations_ms, **options)
    return path


def motion_photo(kind: str, film: bytes, photo: np.ndarray | None = None) -> bytes:
    """Puts a film behind a photo as ``google``, ``micro``, ``samsung`` or ``heic`` (a ``mpvd`` box) do."""
    picture = Image.fromarray(portrait() if photo is None else photo)
    stream = io.BytesIO()
    if kind == "heic":
        picture.save(stream, "HEIF", quality=90)
        return stream.getvalue() + struct.pack(">I4s", 8 + len(film), b"mpvd") + film
    if kind == "samsung":
        picture.save(stream, "JPEG", quality=95)
        trailer = b"SEFH" + struct.pack("<IIHHII", 106, 1, 0, 0x0A30, len(film) + 24, len(film) + 24)
        marker = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data"
        return stream.getvalue() + marker + film + trailer + struct.pack("<I", len(trailer)) + b"SEFT"
    xmp = {"google": GOOGLE, "micro": MICRO_VIDEO}[kind].format(length=len(film))
    picture.save(stream, "JPEG", quality=95, xmp=xmp.encode())
    return stream.getvalue() + film


def live_still(path: Path, identifier: str, kind: str = "JPEG") -> Path:
    """Writes a photo with Apple's MakerNote, whose tag 0x0011 is the identifier."""
    text = identifier.encode() + b"\0"
    # two entries: one that says nothing, and the identifier behind them
    place = 14 + 2 + 2 * 12 + 4
    note = b"Apple iOS\0\0\x01MM" + struct.pack(">HHHIIHHIII", 2, 0x0001, 9, 1, 14, 0x0011, 2, len(text), place, 0)
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x927C] = note + text
    Image.fromarray(portrait()).save(path, kind, quality=90, exif=exif.tobytes())
    return path


def live_film(path: Path, film: Path, identifier: str) -> Path:
    """Copies a film into a MOV with Apple's identifier."""
    with av.open(str(film)) as source, av.open(str(path), "w", options={"movflags": "use_metadata_tags"}) as target:
        target.metadata["com.apple.quicktime.content.identifier"] = identifier
        stream = target.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    return path
