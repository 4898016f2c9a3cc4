"""Analyses that the tests of a case share: a photo and a clip that score as manipulated, and one without a face."""

import pytest

from detector.analyzer import Analyzer
from detector.report.evidence import background_of
from tests.media_factory import texture, write_video
from tests.redness_model import evidence_scales, portrait, redness_model


@pytest.fixture(scope="package")
def model():
    return redness_model(scales=evidence_scales())


@pytest.fixture(scope="package")
def background(model):
    return background_of(model)


@pytest.fixture(scope="package")
def photo_file(tmp_path_factory):
    from PIL import Image

    path = tmp_path_factory.mktemp("in") / "<b>#1 записка.jpg"
    Image.fromarray(portrait(tint=0.6)).save(path)
    return path


@pytest.fixture(scope="package")
def clip_file(tmp_path_factory):
    """Two shots: a grey wall, and a face that is redder in its last frames."""
    wall = [texture(200, 200)] * 4
    faces = [portrait(tint=0.2)] * 2 + [portrait(tint=0.6)] * 4
    return write_video(tmp_path_factory.mktemp("in") / "Ünser clip.mp4", wall + faces, fps=4)


@pytest.fixture(scope="package")
def photo(model, photo_file):
    return Analyzer(model).analyze(photo_file)


@pytest.fixture(scope="package")
def clip(model, clip_file):
    return Analyzer(model).analyze(clip_file, frames=10)
