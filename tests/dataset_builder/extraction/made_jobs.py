"""Small jobs, and a worker that dies at one of them."""

import os

from dataset_builder.extraction.cutting import CutTask, cut_job
from dataset_builder.extraction.face_crops import Unit
from dataset_builder.records import features
from dataset_builder.sources import SourceItem

COLUMNS = features(("Deepfakes",))


def unit(path) -> Unit:
    item = SourceItem(str(path), "real", "c23", f"youtube/{path.stem}", path.stem, "", (path.stem,))
    return Unit(item, (), 2, 2, 2)


def die_at_the_second(task: CutTask) -> None:
    """What a crash of a native decoder does to a worker process."""
    if task.job.items[0].video_id.endswith("001"):
        os._exit(1)
    cut_job(task)
