import pytest

from dataset_builder.extraction.jobs import Job, make_jobs
from tests.dataset_builder.extraction.made_jobs import unit
from tests.media_factory import clip


@pytest.fixture
def three(tmp_path) -> list[Job]:
    """Three clips of one face, a job each."""
    return make_jobs([unit(clip(tmp_path / f"{number:03d}.mp4", number)) for number in range(3)])
