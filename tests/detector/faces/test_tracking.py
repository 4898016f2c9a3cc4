from detector.faces.tracking import link_tracks
from detector.facts import DetectedFace


def face(x: float, y: float = 0, size: float = 100) -> DetectedFace:
    return DetectedFace((x, y, x + size, y + size), ((0.0, 0.0),) * 5, 0.9)


def lefts(track):
    return [seen.face.box_px[0] for seen in track]


def test_two_people_keep_their_tracks_whatever_the_order_of_detection():
    tracks = link_tracks([[face(0), face(400)], [face(390), face(10)], [face(20), face(380)]])
    assert sorted(map(lefts, tracks)) == [[0, 10, 20], [400, 390, 380]]


def test_track_survives_a_frame_without_its_face():
    (track,) = link_tracks([[face(0)], [], [face(5)]])
    assert [seen.frame for seen in track] == [0, 2]


def test_face_of_another_size_is_another_person():
    assert len(link_tracks([[face(0, size=100)], [face(0, size=300)]])) == 2


def test_face_far_away_is_another_person():
    assert len(link_tracks([[face(0)], [face(300)]])) == 2


def test_longest_track_comes_first():
    tracks = link_tracks([[face(0)], [face(0), face(500)], [face(500)], [face(500)]])
    assert [len(track) for track in tracks] == [3, 2]


def test_clip_without_faces_has_no_track():
    assert link_tracks([[], []]) == []


def test_people_who_cross_keep_their_tracks():
    # one walks right in front, the other left behind; in the middle they pass each other
    steps = [(0, 180), (60, 120), (120, 60), (180, 0)]
    tracks = link_tracks([[face(right, y=0), face(left, y=90)] for right, left in steps])
    assert sorted(map(lefts, tracks)) == [[0, 60, 120, 180], [180, 120, 60, 0]]


def test_equally_long_tracks_come_larger_faces_first():
    tracks = link_tracks([[face(0, size=60), face(400, size=100)]] * 2)
    assert [track[0].face.size_px for track in tracks] == [100, 60]


def test_no_track_goes_on_behind_a_cut_by_place_alone():
    tracks = link_tracks([[face(0)], [face(0)], [face(0)], [face(0)]], cuts=[2])
    assert [[seen.frame for seen in track] for track in tracks] == [[0, 1], [2, 3]]


def test_track_goes_on_behind_cuts_with_a_face_that_looks_alike():
    frames = [[face(0, size=100)], [face(5, size=110)], [face(1, size=100)], [face(6, size=110)]]

    def alike(a, b):
        return a.face.size_px == b.face.size_px

    tracks = link_tracks(frames, cuts=[1, 2, 3], is_alike=alike)
    assert sorted([seen.frame for seen in track] for track in tracks) == [[0, 2], [1, 3]]


def test_face_that_looks_alike_elsewhere_is_not_linked_behind_a_cut():
    assert len(link_tracks([[face(0)], [face(300)]], cuts=[1], is_alike=lambda a, b: True)) == 2
