"""The one door to photos and videos: what the other modules and packages import of them."""

from detector.files import MAX_FILE_BYTES, MediaError, MediaFile, file_sha256
from detector.images import image_problems, jpeg_quality, read_image
from detector.videos import Video, VideoFrame

__all__ = [
    "MAX_FILE_BYTES",
    "MediaError",
    "MediaFile",
    "Video",
    "VideoFrame",
    "file_sha256",
    "image_problems",
    "jpeg_quality",
    "read_image",
]
