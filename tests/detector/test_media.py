import hashlib
import struct
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFile

from detector.media import MediaError, Video, image_problems, read_image
from tests.hostile.bombs import black_png, movie_with
from tests.hostile.originals import clip_frames
from tests.hostile.originals import video as video_bytes
from tests.hostile.photos import end_of_page, first_page, with_pages
from tests.hostile.videos import patched
from tests.media_factory import astronaut, numbered_frames, write_video

FIXTURES = Path(__file__).parent.parent / "fixtures"


def levels(path, count):
    """The frame numbers that `numbered_frames` wrote as grey levels."""
    with Video(path) as video:
        return [round(frame.image.mean() / 5) for frame in video.sample_frames(count)]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "AVIF"])
def test_formats_are_told_by_content_and_decoded(tmp_path, kind):
    path = tmp_path / "photo.bin"
    Image.fromarray(astronaut()).save(path, format=kind)
    facts, image = read_image(path)
    assert facts.media_type == f"image/{kind.lower()}"
    assert (facts.width_px, facts.height_px, facts.duration_s) == (512, 512, None)
    assert facts.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert facts.bytes == path.stat().st_size
    assert np.abs(image.astype(int) - astronaut()).mean() < 12  # GIF has 256 colours


def test_heic_of_a_phone_is_decoded():
    facts, image = read_image(FIXTURES / "astronaut.heic")  # the portrait, rows 0..255, columns 100..355
    assert (facts.media_type, facts.width_px, facts.height_px) == ("image/heic", 256, 256)
    assert np.abs(image.astype(int) - astronaut()[:256, 100:356]).mean() < 6


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[274] = 6  # camera held on its side
    stored = np.ascontiguousarray(np.rot90(astronaut()[:, :300]))
    Image.fromarray(stored).save(tmp_path / "turned.png", exif=exif)
    facts, image = read_image(tmp_path / "turned.png")
    assert (facts.width_px, facts.height_px) == (300, 512)
    assert np.array_equal(image, astronaut()[:, :300])


def test_animated_picture_gives_its_first_frame(tmp_path):
    first, second = Image.new("RGB", (40, 40), "red"), Image.new("RGB", (40, 40), "blue")
    first.save(tmp_path / "two.gif", save_all=True, append_images=[second])
    assert read_image(tmp_path / "two.gif")[1][20, 20].tolist() == [255, 0, 0]


def test_transparency_is_laid_on_white(tmp_path):
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_image(tmp_path / "clear.png")[1][0, 0].tolist() == [255, 255, 255]


def test_16_bit_grey_is_scaled_not_clipped(tmp_path):
    Image.fromarray(np.full((40, 40), 128 * 257, np.uint16)).save(tmp_path / "deep.png")
    assert read_image(tmp_path / "deep.png")[1][0, 0].tolist() == [128, 128, 128]


@pytest.mark.parametrize("kind", [np.int32, np.float32])
def test_32_bit_grey_is_not_black(tmp_path, kind):
    values = np.full((40, 40), 1, kind)
    values[:20] = 2
    Image.fromarray(values).save(tmp_path / "deep.tiff")
    image = read_image(tmp_path / "deep.tiff")[1]
    assert image[0, 0].tolist() == [255, 255, 255] and image[30, 0].tolist() == [127, 127, 127]


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (40, 40), (0, 255, 255, 0)).save(tmp_path / "print.jpg")
    red, green, blue = read_image(tmp_path / "print.jpg")[1][20, 20]
    assert red > 220 and max(green, blue) < 40


def make_bad_image(kind, path):
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no photo")
    elif kind == "truncated":
        Image.fromarray(astronaut()).save(path, format="JPEG")
        path.write_bytes(path.read_bytes()[:9000])
    elif kind == "one pixel":
        Image.new("RGB", (1, 1)).save(path)
    elif kind == "400 megapixels":
        Image.new("1", (20000, 20000)).save(path, format="PNG")
    elif kind == "140 megapixels":
        Image.new("1", (14000, 10000)).save(path, format="PNG")


@pytest.mark.parametrize("kind", ["empty", "text", "truncated", "one pixel", "400 megapixels", "140 megapixels"])
def test_bad_photo_is_one_plain_sentence(tmp_path, kind):
    path = tmp_path / "bad.jpg"
    make_bad_image(kind, path)
    with pytest.raises(MediaError) as caught:
        read_image(path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value) and "bad.jpg" not in str(caught.value)


def make_bad_video(kind, path):
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("no film\n" * 50)
    elif kind == "photo":
        Image.fromarray(astronaut()).save(path, format="JPEG")
    elif kind == "index cut off":
        write_video(path, numbered_frames(20))
        path.write_bytes(path.read_bytes()[:-400])
    elif kind == "sound":
        with wave.open(str(path), "wb") as sound:
            sound.setparams((1, 2, 8000, 8000, "NONE", ""))
            sound.writeframes(b"\0\0" * 8000)


@pytest.mark.parametrize("kind", ["empty", "text", "photo", "index cut off", "sound"])
def test_bad_video_is_one_plain_sentence(tmp_path, kind):
    path = tmp_path / "bad.mp4"
    make_bad_video(kind, path)
    with pytest.raises(MediaError) as caught:
        Video(path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize("script", ["#EXTM3U\n#EXTINF:1,\n{}\n", "ffconcat version 1.0\nfile '{}'\n"])
def test_playlist_cannot_make_the_server_open_other_files(tmp_path, script):
    film = write_video(tmp_path / "film.mp4", numbered_frames(10))
    (tmp_path / "list.m3u8").write_text(script.format(film))
    with pytest.raises(MediaError):
        Video(tmp_path / "list.m3u8")


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("a.mp4", "video/mp4"), ("a.mkv", "video/x-matroska"), ("a.mov", "video/quicktime"), ("a.avi", "video/x-msvideo")],
)
def test_samples_are_spread_over_the_whole_clip(tmp_path, name, media_type):
    # keyframes every 8 frames: sampling has to seek as well as read on
    # AVI cannot say when B-frames are shown
    path = write_video(tmp_path / name, numbered_frames(40), fps=10, g="8", bf="0" if name == "a.avi" else "2")
    with Video(path) as video:
        assert video.facts.media_type == media_type
        assert video.facts.duration_s == pytest.approx(4.0, abs=0.11)
        assert video.sample_times(4) == pytest.approx([0.5, 1.5, 2.5, 3.5], abs=0.101)
        frames = list(video.sample_frames(4))
        assert [frame.time_s for frame in frames] == pytest.approx(video.sample_times(4))
    # what is decoded is what was on screen at that time
    assert [round(frame.image.mean() / 5) for frame in frames] == [round(frame.time_s * 10) for frame in frames]


def test_every_frame_comes_once_when_fewer_than_asked(tmp_path):
    path = write_video(tmp_path / "short.mp4", numbered_frames(5))
    assert levels(path, 32) == [0, 1, 2, 3, 4]


def test_variable_frame_rate_is_sampled_by_time(tmp_path):
    # 20 frames in the first second, then 4 in the next four: half of the time has few frames
    times = [index / 20 for index in range(20)] + [1, 2, 3, 4]
    path = write_video(tmp_path / "variable.mp4", numbered_frames(24), times_s=times)
    with Video(path) as video:
        chosen = [frame.time_s for frame in video.sample_frames(4)]
    assert sum(time < 1 for time in chosen) <= 1
    assert chosen[-1] >= 3


def test_rotation_metadata_is_applied(tmp_path):
    path = write_video(
        tmp_path / "turned.mp4", [np.vstack([np.full((24, 64, 3), 250), np.zeros((24, 64, 3))]).astype(np.uint8)] * 3
    )
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40  # version 0: the display matrix follows 40 bytes of times, sizes and layers
    turn_90 = [0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000]
    data[matrix : matrix + 36] = b"".join(value.to_bytes(4, "big", signed=True) for value in turn_90)
    path.write_bytes(data)
    with Video(path) as video:
        assert (video.facts.width_px, video.facts.height_px) == (48, 64)
        image = next(video.sample_frames(1)).image
    assert image.shape == (64, 48, 3)
    # the display matrix turns clockwise: the bright upper half comes to lie on the right
    assert image[:, 36:].mean() > 200 and image[:, :12].mean() < 50


def test_truncated_film_gives_the_frames_that_are_left(tmp_path):
    noise = np.random.default_rng(0)
    frames = [noise.integers(0, 255, (48, 64, 3)).astype(np.uint8) for _ in range(40)]
    path = write_video(tmp_path / "cut.mp4", frames, fps=10, faststart=True, g="5")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * 0.6)])
    with Video(path) as video:
        times = [frame.time_s for frame in video.sample_frames(8)]
    assert times == sorted(times)
    assert 3 <= len(times) <= 8 and times[-1] < 3.2


def test_oversized_photo_is_refused_before_its_pixels_are_decoded(tmp_path, monkeypatch):
    Image.new("1", (14000, 10000)).save(tmp_path / "big.png")

    def decode(self):
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", decode)
    with pytest.raises(MediaError, match="140|14000"):
        read_image(tmp_path / "big.png")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "AVIF"])
def test_photo_cut_in_half_is_one_plain_sentence(tmp_path, kind):
    path = tmp_path / "half.bin"
    Image.fromarray(astronaut()).save(path, format=kind)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(MediaError) as caught:
        read_image(path)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_half_transparent_colour_is_mixed_with_white(tmp_path):
    Image.new("RGBA", (40, 40), (255, 0, 0, 128)).save(tmp_path / "half.png")
    assert read_image(tmp_path / "half.png")[1][0, 0].tolist() == pytest.approx([255, 127, 127], abs=1)


def test_transparent_palette_entry_is_laid_on_white(tmp_path):
    image = Image.new("P", (40, 40), 1)
    image.putpalette([0, 0, 0, 255, 0, 0])
    image.paste(0, (0, 0, 20, 40))
    image.save(tmp_path / "palette.png", transparency=1)
    pixels = read_image(tmp_path / "palette.png")[1]
    assert (pixels[5, 5].tolist(), pixels[5, 30].tolist()) == ([0, 0, 0], [255, 255, 255])


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts", "a.flv"])
@pytest.mark.parametrize("keyframe_every", ["8", "250"])
@pytest.mark.parametrize("count", [13, 42])
def test_every_sample_is_found_in_every_container(tmp_path, name, keyframe_every, count):
    # With B-frames a keyframe is decoded before it is shown. A seek to the time it is shown lands behind it where
    # the container has no index (TS, FLV).
    path = write_video(tmp_path / name, numbered_frames(42), fps=10, g=keyframe_every, bf="3")
    with Video(path) as video:
        times = video.sample_times(count)
        frames = list(video.sample_frames(count))
    assert len(times) == count
    assert [frame.time_s for frame in frames] == pytest.approx(times)
    assert [round(frame.image.mean() / 5) for frame in frames] == [round(time * 10) for time in times]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.mov", "a.ts", "a.flv"])
def test_decoding_starts_at_the_keyframe_itself_not_at_the_one_before(tmp_path, name):
    path = write_video(tmp_path / name, numbered_frames(42), fps=10, g="8", bf="3")
    with Video(path) as video:
        assert [next(video._decode_from(stamp)).pts for stamp in video._keyframes] == video._keyframes


def test_every_frame_of_a_variable_frame_rate_comes_once_when_fewer_than_asked(tmp_path):
    times = [index / 20 for index in range(20)] + [1, 2, 3, 4]
    path = write_video(tmp_path / "variable.mp4", numbered_frames(24), times_s=times)
    assert levels(path, 32) == list(range(24))


@pytest.mark.parametrize(
    ("matrix", "bright"),
    [((-1, 0, 0, -1), (slice(28, 44), slice(4, 60))), ((0, -1, 1, 0), (slice(4, 60), slice(4, 20)))],
    ids=["180", "270"],
)
def test_rotation_by_180_and_270_degrees(tmp_path, matrix, bright):
    upper_half = np.vstack([np.full((24, 64, 3), 250), np.zeros((24, 64, 3))]).astype(np.uint8)
    path = write_video(tmp_path / "turned.mp4", [upper_half] * 3)
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 4 + 40
    a, b, c, d = (value * 0x10000 for value in matrix)
    data[start : start + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in (a, b, 0, c, d, 0, 0, 0, 0x40000000)
    )
    path.write_bytes(data)
    with Video(path) as video:
        image = next(video.sample_frames(1)).image
    assert image[bright].mean() > 200
    assert image.mean() == pytest.approx(125, abs=8)  # the other half is black


def test_limit_on_uploads_does_not_bind_a_data_set(tmp_path, monkeypatch):
    # half of the raw videos of FaceForensics++ are larger
    path = write_video(tmp_path / "clip.mp4", [astronaut()] * 2, fps=2)
    size = path.stat().st_size
    with pytest.raises(MediaError, match="larger than"):
        Video(path, max_bytes=size - 1)
    with Video(path, max_bytes=None) as video:
        assert video.frame_count == 2


@pytest.mark.parametrize("box", [b"pitm", b"mdat"], ids=["no main item", "bad pixels"])
def test_damaged_avif_is_one_plain_sentence_whatever_its_decoder_raises(tmp_path, box):
    Image.fromarray(astronaut()).save(tmp_path / "sound.avif", speed=10)
    data = bytearray((tmp_path / "sound.avif").read_bytes())
    data[data.index(box) + (9 if box == b"pitm" else 5)] ^= 0xFF
    (tmp_path / "bad.avif").write_bytes(data)
    with pytest.raises(MediaError, match="damaged or cut off"):
        read_image(tmp_path / "bad.avif")


@pytest.mark.parametrize(
    ("pages", "said"),
    [
        (0, []),
        (2, ["The file holds 3 pictures; only the first was looked at."]),
        (99, ["The file holds 100 pictures; only the first was looked at."]),
        (5000, ["The file holds more than 100 pictures; only the first was looked at."]),
    ],
)
def test_pages_of_a_tiff_are_counted_up_to_a_limit(tmp_path, pages, said):
    Image.fromarray(astronaut()[:64, :64]).save(tmp_path / "one.tif")
    one = (tmp_path / "one.tif").read_bytes()
    page, chain = one[first_page(one) : end_of_page(one)], b""
    for number in range(1, pages + 1):
        following = len(one) + len(chain) + len(page) + 4 if number < pages else 0
        chain += page + struct.pack("<I", following)
    (tmp_path / "pages.tif").write_bytes(with_pages(one, len(one) if pages else 0, chain))
    assert image_problems(tmp_path / "pages.tif") == said


def test_first_picture_is_looked_at_where_those_after_it_are_damaged(tmp_path):
    frames = [Image.fromarray(astronaut()[:64, :64]), Image.new("RGB", (64, 64), "red")]
    frames[0].save(tmp_path / "two.tif", save_all=True, append_images=frames[1:])
    two = (tmp_path / "two.tif").read_bytes()
    (tmp_path / "bad.tif").write_bytes(with_pages(two, len(two), bytes(6)))  # a page without a size
    assert np.array_equal(read_image(tmp_path / "bad.tif")[1], astronaut()[:64, :64])
    assert image_problems(tmp_path / "bad.tif") == []
    frames[0].save(tmp_path / "two.gif", save_all=True, append_images=frames[1:])
    two = (tmp_path / "two.gif").read_bytes()
    start = b"\x2c\0\0\0\0"
    (tmp_path / "bad.gif").write_bytes(two[: two.index(start, two.index(start) + 5) + 9])
    assert read_image(tmp_path / "bad.gif")[1].shape == (64, 64, 3)
    assert image_problems(tmp_path / "bad.gif") == [
        "The picture is animated; only the first of its frames was looked at."
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_pictures_larger_than_the_header_says_are_never_decoded(tmp_path, number):
    (tmp_path / "bomb.mov").write_bytes(movie_with(black_png(9000, 9000), number))
    with pytest.raises(MediaError, match="its frames are larger than 8K"):
        Video(tmp_path / "bomb.mov")


def test_video_of_too_many_packets_is_refused(tmp_path, monkeypatch):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(20))
    monkeypatch.setattr("detector.videos.MAX_PACKETS", 19)
    with pytest.raises(MediaError, match="million frames and pieces of sound"):
        Video(path)
    monkeypatch.setattr("detector.videos.MAX_PACKETS", 21)  # the last one is empty and ends the stream
    with Video(path) as video:
        assert video.frame_count == 20


def test_decoder_that_makes_nothing_of_many_packets_is_given_up(tmp_path, monkeypatch):
    data = bytearray(video_bytes("mov", "png", clip_frames(20, 32, 32), pixel_format="rgb24"))
    place = data.index(b"IEND")
    while (place := data.find(b"IHDR", place)) > 0:  # all pictures but the first lose their header
        data[place : place + 4] = b"xxxx"
    (tmp_path / "bad.mov").write_bytes(data)
    monkeypatch.setattr("detector.videos.MAX_LOST_PACKETS", 3)
    with Video(tmp_path / "bad.mov") as video:
        assert [frame.time_s for frame in video.sample_frames(20)] == [0.0]
        assert video.problems() == ["The file is damaged: only 1 of 20 frames could be decoded."]
        # each keyframe is tried and given up after three packets, not after all that follow it
        assert video.damaged_frames <= 3 * 20


def test_index_that_names_more_frames_than_there_are_bytes_is_refused(tmp_path):
    path = write_video(tmp_path / "clip.mp4", numbered_frames(20))
    data = path.read_bytes()
    for box, place, value in ((b"stsz", 4, 1), (b"stsz", 8, 2_000_000), (b"stts", 8, 2_000_000)):
        data = patched(data, box, place, value)  # two million frames of one byte
    path.write_bytes(data)
    with pytest.raises(MediaError, match="more frames than the file has bytes"):
        Video(path)


@pytest.mark.parametrize(
    ("format", "codec", "length_s"), [("mov", "png", 0.1), ("asf", "wmv2", 0.0)], ids=["stated", "not stated"]
)
def test_single_frame_is_sampled_whether_or_not_its_length_is_stated(tmp_path, format, codec, length_s):
    pixel_format = "rgb24" if codec == "png" else "yuv420p"
    (tmp_path / "one").write_bytes(video_bytes(format, codec, clip_frames(1), pixel_format=pixel_format))
    with Video(tmp_path / "one") as video:
        assert video.facts.duration_s == pytest.approx(length_s, abs=1e-3)
        assert [frame.time_s for frame in video.sample_frames(4)] == [0.0]
