import pytest

from tests.media_factory import faceforensics_tree

PAIRS = [(f"{2 * number:03d}", f"{2 * number + 1:03d}") for number in range(6)]


@pytest.fixture(scope="session")
def faceforensics_root(tmp_path_factory):
    """Six pairs of sequences in FaceForensics++ layout, Deepfakes, c23; read only."""
    return faceforensics_tree(tmp_path_factory.mktemp("faceforensics"), PAIRS)
