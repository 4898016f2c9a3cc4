import numpy as np
import torch

from detector.faces.detection import crop_face, crop_square
from detector.facts import DetectedFace
from detector.network.loading import load_folder
from detector.network.runtimes import Prediction
from detector.network.saliency import MAX_OPACITY, opacity, overlay
from tests.media_factory import astronaut
from training.networks.models import save_model_folder

FACE = DetectedFace((179, 63, 269, 175), ((0.0, 0.0),) * 5, 0.9)


def test_map_is_what_the_last_layer_makes_of_each_place(pooled, tmp_path):
    thresholds = {"thresholds": {"no_manipulation_found": 0.2, "manipulated": 0.8}}
    save_model_folder(pooled.to_timm(), tmp_path, pooled.data_config, ["real", "fake"], thresholds)
    model = load_folder(tmp_path, "random", runtime="torch")
    crops = [crop_face(astronaut(), FACE), astronaut()[:150, :150]]
    maps = model.predict(crops).evidence
    assert maps.shape == (2, 14, 14)
    with torch.inference_mode():  # the network before it became timm's, which has the formula itself
        expected = pooled.evidence(pooled.features[:-1](model.runtime.batch(crops)))[:, 0].numpy()
    # the weights are stored in float16
    assert np.abs(maps - expected).max() < 0.01 * np.abs(expected).max()


def test_no_face_gives_no_score():
    nothing = Prediction.of_nothing()
    assert len(nothing.scores) == len(nothing.evidence) == len(nothing.manipulation_shares) == 0


def test_face_with_a_low_score_hardly_shows_whatever_its_map():
    peak = np.array([[1000.0, -1000.0]])
    assert opacity(peak, score=0.02).max() < 0.02
    assert opacity(peak, score=1.0).max() == MAX_OPACITY


def test_weak_evidence_is_not_stretched_to_full_strength():
    assert opacity(np.array([[0.5, 0.1]]), score=1.0).max() < 0.05


def test_evidence_for_real_is_not_drawn():
    assert opacity(np.full((2, 2), -3.0), score=1.0).max() == 0


def test_overlay_changes_the_crop_only_and_not_its_input():
    image = astronaut()
    before = image.copy()
    drawn = overlay(image, [(FACE, np.full((7, 7), 50.0), 1.0)])
    left, top, side = crop_square(FACE.box_px)
    inside = np.zeros(image.shape[:2], bool)
    inside[top : top + side, left : left + side] = True
    assert np.array_equal(image, before)
    assert np.array_equal(drawn[~inside], image[~inside])
    assert (drawn[inside] != image[inside]).any(axis=1).mean() > 0.9


def test_overlay_of_a_face_beyond_the_border_is_cut_there():
    face = DetectedFace((-40, 450, 60, 560), ((0.0, 0.0),) * 5, 0.9)
    drawn = overlay(astronaut(), [(face, np.full((7, 7), 50.0), 1.0)])
    assert drawn.shape == astronaut().shape and (drawn != astronaut()).any()


def test_map_of_a_turned_face_is_turned_back_with_it():
    evidence = np.zeros((7, 7))
    evidence[0] = 50.0  # top of the upright crop
    turned = DetectedFace(FACE.box_px, FACE.landmarks_px, 0.9, quarter_turns=2)
    changed = (overlay(astronaut(), [(turned, evidence, 1.0)]) != astronaut()).any(axis=2)
    rows = np.flatnonzero(changed.any(axis=1))
    assert rows.min() > (63 + 175) / 2  # lies at the bottom of a photo that stands on its head
