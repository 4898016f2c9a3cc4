"""The one door to photos and videos: what the other modules and packages import of them."""

from detector.files import MediaError, MediaFile, file_sha256
from detector.images import image_problems, jpeg_quality, read_image
from detector.videos import Video, VideoFrame

__all__ = [
    "MediaError",
    "MediaFile",
    "Video",
    "VideoFrame",
    "file_sha256",
    "image_problems",
    "jpeg_quality",
    "read_image",
]
