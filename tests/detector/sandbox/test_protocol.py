import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detector.errors import MediaError, NotAVideoError
from detector.facts import Provenance
from detector.media.reading import read_media
from detector.media.videos.video import VideoFrame
from detector.messages import Message
from detector.report.pictures.annotated_video import Step
from detector.sandbox import client, protocol
from detector.sandbox.protocol import MessageError

PHOTO = Path(__file__).parents[3] / "examples" / "astronaut.jpg"


def sent(value: Any) -> io.BytesIO:
    stream = io.BytesIO()
    protocol.write_answer(stream, value)
    return io.BytesIO(stream.getvalue())


def raw(content: Any, shapes: Any = (), tail: bytes = b"") -> io.BytesIO:
    head = json.dumps([content, shapes]).encode()
    return io.BytesIO(len(head).to_bytes(8, "big") + head + tail)


def test_frame_comes_back_with_its_picture():
    image = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    kind, frame = protocol.read_answer(sent(VideoFrame(0.1, image[::-1])), (VideoFrame, list[str]))
    assert kind == "value" and frame.time_s == 0.1
    assert np.array_equal(frame.image, image[::-1]) and frame.image.flags.writeable


def test_nested_dataclasses_and_tuples_keep_their_types():
    provenance = Provenance((("Make", "Canon"),), (), None)
    assert protocol.read_answer(sent(provenance), (Provenance,)) == ("value", provenance)
    step = Step(
        0.5, Message("{name}: {doing}", {"name": "clip.mp4", "doing": Message("frame {number}", {"number": 3})})
    )
    assert protocol.read_answer(sent(step), (Step,)) == ("value", step)


def test_name_that_is_no_utf8_survives():
    name = Path(b"caf\xe9.jpg".decode("utf-8", "surrogateescape"))
    stream = io.BytesIO()
    protocol.write(stream, ["read_media", [name]])
    stream.seek(0)
    assert protocol.read(stream)[0] == ["read_media", [str(name)]]


@pytest.mark.parametrize(
    ("error", "back"),
    [
        (NotAVideoError("No video."), NotAVideoError("No video.")),
        (FileNotFoundError(2, "No such file", "/secret"), FileNotFoundError(2, "No such file")),
        (
            UnicodeDecodeError("utf-8", b"x", 0, 1, "odd"),
            ValueError("'utf-8' codec can't decode byte 0x78 in position 0: odd"),
        ),
        (MemoryError(), MemoryError("")),
    ],
)
def test_error_comes_back_as_the_nearest_known_type(error, back):
    stream = io.BytesIO()
    protocol.write_error(stream, error)
    kind, found = protocol.read_answer(io.BytesIO(stream.getvalue()), ())
    assert kind == "error" and type(found) is type(back) and found.args == back.args


def test_sentence_of_an_error_can_still_be_translated():
    error = MediaError("The file cannot be opened ({reason}).", reason=Message("no reason given"))
    stream = io.BytesIO()
    protocol.write_error(stream, error)
    _, found = protocol.read_answer(io.BytesIO(stream.getvalue()), ())
    assert found.message == error.message and str(found) == "The file cannot be opened (no reason given)."


@dataclass
class Unexpected:
    command: str


@pytest.mark.parametrize(
    "stream",
    [
        sent(Unexpected("rm")),
        sent(["a", 1]),
        raw(["value", "VideoFrame", {"time_s": "soon", "image": 0}], [[1, 1, 3]], b"abc"),
        raw(["value", "VideoFrame", {"time_s": 0.0, "image": 1}], [[1, 1, 3]], b"abc"),
        raw(["value", "VideoFrame", {"time_s": 0.0, "image": 0}], [[1, 1, 3]], b"ab"),
        raw(["error", "SystemExit", ["x"]]),
        raw(["error", "MediaError", [{}]]),
        raw(["else", "", None]),
        raw("value"),
        raw(["end", "", None], [[10**6, 10**6, 3]]),
        raw(["end", "", None], [[-1, -(10**6)]]),
        raw(["end", "", None], [[0, 5]]),
        io.BytesIO(b"\x7f" * 8),
        io.BytesIO(b"\0\0\0"),
        io.BytesIO((9).to_bytes(8, "big") + b"not json!"),
        io.BytesIO((200_000).to_bytes(8, "big") + b"[" * 200_000),
        io.BytesIO((99).to_bytes(8, "big") + b"[]"),
    ],
)
def test_what_a_worker_should_not_send_is_refused(stream):
    with pytest.raises(MessageError):
        protocol.read_answer(stream, (VideoFrame, list[str]))


def test_worker_that_is_gone_is_told_from_one_that_sends_nonsense():
    with pytest.raises(EOFError):
        protocol.read_answer(io.BytesIO(), (VideoFrame,))


def test_worker_that_sends_another_type_gives_one_sentence():
    pool = client.MediaWorkers()
    job = (read_media, PHOTO, "photo", 1, True, "", False)
    with pytest.raises(MediaError, match="broke down"):
        list(pool.stream(*job, answers=(VideoFrame,)))
    pool.close()
