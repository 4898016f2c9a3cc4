"""What holds of crops, samples, tracks and scores whatever they are given."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.conclusion.weighing import spans_above
from detector.faces.detection import crop_face, crop_square
from detector.faces.tracking import link_tracks
from detector.facts import DetectedFace, Thresholds
from detector.media.videos.video import Video
from detector.report.wording.verdicts import score_text
from detector.results import FrameScore, verdict_for
from detector.text import one_line, printable

LANDMARKS = ((0.0, 0.0),) * 5
scores = st.floats(0, 1)


@st.composite
def boxes(draw, reach=400.0):
    """A box of some size, which may lie anywhere, also outside the picture."""
    x, y = draw(st.floats(-reach, reach)), draw(st.floats(-reach, reach))
    return x, y, x + draw(st.floats(0.01, reach)), y + draw(st.floats(0.01, reach))


@given(boxes(), st.floats(1, 3))
def test_square_holds_its_box_and_has_its_middle(box, scale):
    left, top, side = crop_square(box, scale)
    x0, y0, x1, y1 = box
    assert side >= 1 and abs(side - scale * max(x1 - x0, y1 - y0)) <= 1
    assert abs(left + side / 2 - (x0 + x1) / 2) <= 0.51 and abs(top + side / 2 - (y0 + y1) / 2) <= 0.51
    if side >= max(x1 - x0, y1 - y0):  # rounding can take half a pixel of a tiny one
        assert left - 1 <= x0 and top - 1 <= y0 and left + side + 1 >= x1 and top + side + 1 >= y1


@given(boxes(), st.integers(1, 60), st.integers(1, 60), st.integers(0, 3))
def test_crop_is_square_and_made_of_the_picture_alone_wherever_the_box_lies(box, width, height, turns):
    image = np.arange(width * height * 3, dtype=np.uint32).reshape(height, width, 3)
    crop = crop_face(image, DetectedFace(box, LANDMARKS, 0.9, turns))
    left, top, side = crop_square(box)
    assert crop.shape == (side, side, 3)
    upright = np.rot90(crop, -turns)
    for row, column in ((0, 0), (side // 2, side // 2), (side - 1, 0), (0, side - 1)):
        y, x = mirrored(top + row, height), mirrored(left + column, width)
        assert upright[row, column].tolist() == image[y, x].tolist()


def mirrored(place: int, length: int) -> int:
    """Which of so many pixels is seen at a place beyond them, with mirrors at both borders."""
    period = max(2 * length - 2, 1)
    return min(place % period, period - place % period) if length > 1 else 0


rates = st.sampled_from([Fraction(1, 2), 1, 5, 24, Fraction(30000, 1001), 60, 200])


@settings(max_examples=40)
@given(st.sampled_from([1, 2, 3, 7, 31]), rates, st.integers(1, 40))
def test_samples_are_even_and_inside_the_clip(even_clips, count, fps, wanted):
    with Video(even_clips(count, fps)) as video:
        times, duration_s, frame_s = video.sample_times(wanted), video.facts.duration_s, float(1 / Fraction(fps))
        assert times == sorted(set(times)) and set(times) <= set(video.frame_times)
    assert 1 <= len(times) <= min(wanted, count) and times[0] >= 0 and times[-1] <= duration_s
    if wanted >= count:
        assert len(times) == count
    # no two neighbours are further apart than an equal part and the frames at its ends
    part_s = duration_s / len(times)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(gap <= part_s + frame_s + 0.002 for gap in gaps)
    assert times[0] <= part_s + frame_s and times[-1] >= duration_s - part_s - frame_s - 0.002


@given(scores, scores, scores)
def test_verdict_rises_with_the_score(score, low, high):
    thresholds = Thresholds(min(low, high), max(low, high))
    order = ["no_manipulation_found", "inconclusive", "manipulated"]
    verdict = verdict_for(score, thresholds)
    assert (verdict == "manipulated") == (score >= thresholds.manipulated)
    assert order.index(verdict_for(min(score + 0.1, 1), thresholds)) >= order.index(verdict)


@given(
    st.lists(scores.map(lambda score: round(score, 6)), min_size=1, max_size=40), scores, st.integers(1, 5), st.data()
)
def test_spans_are_runs_of_the_track_that_score_as_manipulated(values, threshold, min_frames, data):
    numbers = sorted(data.draw(st.sets(st.integers(0, 80), min_size=len(values), max_size=len(values))))
    frames = [FrameScore(number / 4, value, (0, 0, 9, 9)) for number, value in zip(numbers, values, strict=True)]
    spans = spans_above(frames, numbers, threshold, min_frames)
    covered = set()
    for span in spans:
        inside = [frame for frame in frames if span.start_s <= frame.time_s <= span.end_s]
        assert span.end_s - span.start_s == (len(inside) - 1) / 4  # no sample between them is missing
        assert len(inside) >= min_frames and all(frame.score >= threshold for frame in inside)
        assert min(frame.score for frame in inside) - 1e-6 <= span.score <= max(frame.score for frame in inside) + 1e-6
        covered |= {frame.time_s for frame in inside}
    assert all(earlier.end_s < later.start_s for earlier, later in pairwise(spans))
    if min_frames == 1:
        assert covered == {frame.time_s for frame in frames if frame.score >= threshold}


@given(st.lists(st.lists(boxes(), max_size=4), max_size=8), st.sets(st.integers(0, 8)))
def test_every_face_is_in_one_track_and_no_track_has_two_of_a_frame(frames, cuts):
    faces = [[DetectedFace(box, LANDMARKS, 0.9) for box in found] for found in frames]
    tracks = link_tracks(faces, cuts)
    linked = [(seen.frame, seen.position) for track in tracks for seen in track]
    assert sorted(linked) == [(index, position) for index, found in enumerate(faces) for position in range(len(found))]
    assert all(seen.face is faces[seen.frame][seen.position] for track in tracks for seen in track)
    for track in tracks:
        indices = [seen.frame for seen in track]
        assert indices == sorted(set(indices))
        # without a look at the face, a cut ends every track
        assert not any(first < cut <= second for first, second in pairwise(indices) for cut in cuts)
    assert [len(track) for track in tracks] == sorted(map(len, tracks), reverse=True)


@given(st.text(max_size=200), st.integers(1, 60))
def test_text_of_strangers_becomes_one_printable_line(text, length):
    shown = one_line(text, length)
    assert len(shown) <= length and shown == printable(shown) and len(shown.splitlines()) <= 1
    assert len(printable(text)) == len(text)


@given(scores, scores, scores)
def test_score_in_words_is_on_the_side_of_each_threshold_that_it_is_on(score, low, high):
    rounded = [round(value, 6) for value in (score, min(low, high), max(low, high))]
    thresholds = Thresholds(rounded[1], rounded[2])
    shown = float(score_text(rounded[0], thresholds))
    assert verdict_for(shown, thresholds) == verdict_for(rounded[0], thresholds)
    assert abs(shown - rounded[0]) <= 0.005
