"""The pictures of a video are those that a player shows: orientation, fields, sizes and colours."""

import cv2
import numpy as np
import pytest

from detector.media.photos.images import read_image
from detector.media.videos.pictures import combed_share
from detector.media.videos.video import Video
from tests.hostile.originals import video as video_bytes
from tests.made_media.colour_standards import hdr
from tests.media_factory import astronaut, numbered_frames, write_video

FACE = np.ascontiguousarray(astronaut()[:240, 100:340])
ORIENTATIONS = {
    "as stored": ((1, 0, 0, 1), lambda a: a),
    "mirrored": ((-1, 0, 0, 1), lambda a: a[:, ::-1]),
    "upside down": ((-1, 0, 0, -1), lambda a: a[::-1, ::-1]),
    "mirrored upside down": ((1, 0, 0, -1), lambda a: a[::-1]),
    "mirrored, turned left": ((0, 1, 1, 0), lambda a: a.transpose(1, 0, 2)),
    "turned right": ((0, 1, -1, 0), lambda a: np.rot90(a, -1)),
    "mirrored, turned right": ((0, -1, -1, 0), lambda a: a.transpose(1, 0, 2)[::-1, ::-1]),
    "turned left": ((0, -1, 1, 0), lambda a: np.rot90(a)),
}


def first_picture(path):
    with Video(path) as video:
        return next(video.sample_frames(1)).image


def with_matrix(path, a, b, c, d):
    """Writes a display matrix into an MP4."""
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    values = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    data[start : start + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in values)
    path.write_bytes(data)


@pytest.mark.parametrize("name", ORIENTATIONS)
def test_display_matrix_mirrors_and_turns_as_players_do(tmp_path, name):
    matrix, shown = ORIENTATIONS[name]
    face = FACE[:, :200]
    path = write_video(tmp_path / "a.mp4", [face] * 3)
    plain = first_picture(path)
    with_matrix(path, *matrix)
    with Video(path) as video:
        assert video.size_px == shown(face).shape[1::-1]
        assert np.array_equal(next(video.sample_frames(1)).image, shown(plain))


@pytest.mark.parametrize("first", [0, 1])
def test_flagged_fields_are_deinterlaced(tmp_path, first):
    # two fields, 8 px apart
    moved = np.roll(FACE, 8, 1)
    woven = FACE.copy()
    woven[1 - first :: 2] = moved[1 - first :: 2]
    encoder = {"x264-params": "bff=1" if first else "tff=1", "crf": "8"}
    path = write_video(tmp_path / "fields.mp4", [woven] * 3, **encoder)
    with Video(path) as video:
        picture = next(video.sample_frames(1)).image
        assert video.problems() == []
    errors = [np.abs(picture[:, 20:].astype(int) - original[:, 20:]).mean() for original in (FACE, moved, woven)]
    # it is one of the two instants, and of the other has only fine detail
    assert min(errors[:2]) < 8 < 13 < errors[2]


def test_still_picture_in_fields_keeps_its_detail(tmp_path):
    still = write_video(tmp_path / "still.mp4", [FACE] * 3, crf="8")
    flagged = write_video(tmp_path / "flagged.mp4", [FACE] * 3, **{"x264-params": "tff=1", "crf": "8"})
    assert np.abs(first_picture(flagged).astype(int) - first_picture(still)).mean() < 3


@pytest.mark.parametrize("shift", [0, 3])
def test_combing_without_a_flag_is_a_warning(tmp_path, shift):
    woven = FACE.copy()
    woven[1::2] = np.roll(FACE, shift, 1)[1::2]
    with Video(write_video(tmp_path / "fields.mp4", [woven] * 4, crf="16")) as video:
        list(video.sample_frames(4))
        said = [str(problem) for problem in video.problems()]
    assert [sentence.startswith("Lines of two instants alternate") for sentence in said] == [True] * bool(shift)


def test_formats_without_8_bit_lines_are_not_looked_at_for_combing(tmp_path):
    (tmp_path / "a.mkv").write_bytes(video_bytes("matroska", "ffv1", [FACE] * 2, pixel_format="yuv420p10le"))
    with Video(tmp_path / "a.mkv") as video:
        frame = next(video._decoder.frames_from(0))[1]
        assert combed_share(frame) == 0.0


def test_pictures_of_another_size_are_fitted_into_the_first(tmp_path):
    large, small = numbered_frames(8, 128, 96), numbered_frames(16, 64, 64)[8:]
    joined = video_bytes("mpegts", "libx264", large, fps=25) + video_bytes("mpegts", "libx264", small, fps=25)
    (tmp_path / "sizes.ts").write_bytes(joined)
    with Video(tmp_path / "sizes.ts") as video:
        frames = list(video.sample_frames(16))
        assert video.size_px == (128, 96)
        assert [str(problem) for problem in video.problems()] == [
            "The size of the picture changes within the video; frames of another size were fitted into 128 x 96 pixels, "
            "to which all places refer."
        ]
    assert {frame.image.shape for frame in frames} == {(96, 128, 3)}
    late = frames[-1].image
    # 64 x 64 fills the height, with black at the sides
    assert late[:, 20:108].mean() == pytest.approx(75, abs=3) and late[:, :12].max() < 4 and late[:, 116:].max() < 4


def tagged(path, pixels, colours, pixel_format):
    """Writes a video of one picture, full-range `pixels` of 8 or 16 bits, in the matrix `colours` names (of ITU-T H.273)."""
    import av

    matrix, transfer, primaries = colours
    with av.open(str(path), "w") as container:
        codec = "libx265" if "10" in pixel_format else "libx264"
        stream = container.add_stream(codec, rate=25, options={"crf": "4", "x265-params": "log-level=none:pools=1"})
        stream.height, stream.width, stream.pix_fmt = *pixels.shape[:2], pixel_format
        context = stream.codec_context
        if matrix != 2:
            context.colorspace, context.color_trc, context.color_primaries = matrix, transfer, primaries
        source = "rgb48le" if pixels.dtype == np.uint16 else "rgb24"
        name = {9: "BT2020", 1: "ITU709"}.get(matrix, "ITU709" if pixels.shape[0] >= 720 else "ITU601")
        frame = av.VideoFrame.from_ndarray(pixels, format=source).reformat(
            format=pixel_format, dst_colorspace=name, dst_color_range="MPEG"
        )
        for number in range(2):
            frame.pts = number
            if matrix != 2:
                frame.colorspace, frame.color_trc, frame.color_primaries = matrix, transfer, primaries
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.mark.parametrize("transfer", [16, 18], ids=["PQ", "HLG"])
def test_hdr_looks_as_its_sdr_original(tmp_path, transfer):
    path = tagged(tmp_path / "hdr.mp4", hdr(FACE, transfer), (9, transfer, 9), "yuv420p10le")
    shown = first_picture(path).astype(int)
    # highlights are compressed, and the curve of televisions is darker than that of photos
    middle = (FACE > 40) & (FACE < 200)
    assert np.abs(shown - FACE)[middle].mean() < 8
    with Video(path) as video:
        raw = next(video._decoder.frames_from(video._index.times[0]))[1].to_ndarray(format="rgb24").astype(int)
    assert np.abs(raw - FACE)[middle].mean() > 15


@pytest.mark.parametrize("lines", [480, 720])
def test_matrix_of_untagged_video_goes_by_its_lines(tmp_path, lines):
    picture = cv2.resize(FACE, (lines, lines))
    path = tagged(tmp_path / "untagged.mp4", picture, (2, 2, 2), "yuv420p")
    assert np.abs(first_picture(path).astype(int) - picture).mean() < 2.5


def test_photo_door_reads_what_the_video_door_does_not_change(tmp_path):
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), cv2.cvtColor(FACE, cv2.COLOR_RGB2BGR))
    assert np.array_equal(read_image(path)[1], FACE)
