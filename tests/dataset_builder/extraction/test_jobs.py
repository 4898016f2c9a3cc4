from dataset_builder.extraction.jobs import PHOTOS_PER_JOB, Job, make_jobs
from tests.dataset_builder.extraction.made_jobs import unit
from tests.media_factory import clip


def test_changed_video_is_another_job(tmp_path):
    job = Job((unit(clip(tmp_path / "000.mp4", 0)),))
    before = job.key()
    clip(tmp_path / "000.mp4", 9)
    assert job.key() != before


def test_photos_are_kept_together_and_videos_are_not(tmp_path):
    photos = [unit(tmp_path / f"{number}.jpg") for number in range(100)]
    videos = [unit(tmp_path / f"{number}.mp4") for number in range(3)]
    sizes = [len(job.units) for job in make_jobs(photos + videos)]
    assert sizes == [1, 1, 1, PHOTOS_PER_JOB, 100 - PHOTOS_PER_JOB]
    assert isinstance(make_jobs(videos)[0], Job)
