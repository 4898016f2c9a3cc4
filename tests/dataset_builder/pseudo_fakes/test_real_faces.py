import numpy as np

from dataset_builder.pseudo_fakes.real_faces import joined, real_faces
from tests.training.astronaut_rows import rows_of_astronaut


def test_landmarks_are_located_once(tmp_path, monkeypatch):
    rows = rows_of_astronaut()
    first = real_faces(rows, "a", tmp_path)
    monkeypatch.setattr("dataset_builder.pseudo_fakes.real_faces.FaceLandmarker", None)
    again = real_faces(rows, "b", tmp_path)
    assert len(first.rows) == 3
    assert np.array_equal(first.landmarks, again.landmarks)
    assert len(joined([first, again]).rows) == 6
