"""What is refused or left out, and why: every limit on what people send, in one place.

Limits on files are checked before anything is decoded. How small, blurred or hidden a face may be is no matter of safety
but of the model, and stands in `detector.faces.quality`.
"""

from __future__ import annotations

from detector.messages import Message

# An hour of 1 Mbit/s video, or several minutes from a phone; a Space has 50 GB of disk for all that is uploaded within two hours.
MAX_FILE_BYTES = 500 * 1024**2
# Panoramas of phones end near 1:15. Beyond, the picture that the face detector sees is a few pixels narrow.
MAX_ASPECT_RATIO = 20

# A photo is decoded whole: 360 MB as RGB. Above the largest medium-format cameras; a "decompression bomb" of a few kilobytes
# can claim a thousand times as many.
MAX_IMAGE_PIXELS = 120_000_000
# Smaller than any face that could be assessed.
MIN_IMAGE_SIDE_PX = 32

# What a photo says of its colours stands before its pixels, after a preview and a profile at most.
MAX_METADATA_BYTES = 16 * 1024**2

# Counting further costs hours in files made for it: Pillow reads every page of a TIFF, and each looks through all before.
MAX_COUNTED_PAGES = 100

# 8K, the largest that cameras and H.265 know: 106 MB a frame as RGB, of which a decoder holds several.
MAX_VIDEO_PIXELS = 8192 * 4320
# All packets are read before the first frame is decoded: some seconds for two hours. Samples of a longer clip would lie so far
# apart that they say little of it.
MAX_VIDEO_DURATION_S = 2 * 3600
# Runs of frames in a row that may yield nothing before the rest of a damaged clip is given up: each costs a seek and a
# decoder that fails slowly.
MAX_LOST_RUNS = 32
# Packets in a row of which a decoder makes nothing before the rest of their run is given up: 40 seconds at 25 a second.
MAX_LOST_PACKETS = 1000
# Two hours at 240 frames a second with three sound tracks. An index of a few bytes can promise billions.
MAX_PACKETS = 3_000_000
# Frames that are looked at, unless asked otherwise, and at most. More would hold the one place at the model for minutes.
FRAMES_PER_VIDEO = 32
MAX_FRAMES = 128
# Faces of one picture, the largest first. A crowd of hundreds would take minutes, and its smallest faces tell nothing.
MAX_FACES_PER_FRAME = 10

# Of an animated picture, whose frames can only be had one after the other: those that are sent have some hundreds.
MAX_ANIMATION_FRAMES = 5000
# Of all of its frames together, such as 385 of 1920 x 1080. The slowest kind gives 20 million a second, and is read up to three times.
MAX_ANIMATION_PIXELS = 800_000_000
# Places in a photo that look like the start of a film, of which each is looked at: a file can be made of nothing else.
MAX_FILM_STARTS = 1000

# The preview in the EXIF of a photo has some 160 x 120 pixels, and at most 64 kB.
MAX_PREVIEW_PIXELS = 4_000_000
# Frames that are decoded to tell how a clip is encoded: two groups of what platforms write. Of pixels, so many are decoded in two
# seconds.
MAX_FRAMES_OF_PATTERN = 120
MAX_PIXELS_OF_PATTERN = 250_000_000

# Every frame is decoded, drawn and encoded: on two busy cores that takes about as long as a clip of 1080p lasts.
MAX_ANNOTATED_S = 10 * 60
# As many as keep one person from holding the model for an hour; `python -m detector` takes any number.
MAX_BATCH_FILES = 50
# Of a photo or film in a file that holds several; only to refuse what cannot be meant.
MAX_ITEM_NUMBER = 1000
# Known-real files beside a questioned one. Their spread is known well enough by then, and each of them is analysed first.
MAX_KNOWN_REAL_FILES = 20
# Fewer do not tell what a channel shares from the chance of a single file: a questioned file is only ranked among them.
MIN_KNOWN_REAL_FILES = 5
# Requests that wait for the one place at the model. More would wait longer than anyone stays.
MAX_WAITING_REQUESTS = 20
# Pages and scripts of which Gradio remembers what they were shown last, about a megabyte each, the latest ones; its default of
# 10,000 would fill the memory. A page beyond them only has to check its video again before it can be annotated.
MAX_SESSIONS = 100
# Of one file, from the start of its work, not of its wait. A clip of ten minutes takes about a minute; what takes five is stuck
# or an attack.
MAX_REQUEST_S = 300
# Of many files together. What is done by then is handed over; the files that are left are named, to be sent again.
MAX_BATCH_S = 30 * 60
# Of an annotated video: `MAX_ANNOTATED_S` of 1080p on a machine half as fast as two busy cores.
MAX_ANNOTATING_S = 20 * 60

# A worker that reads media (`detector.sandbox.worker`). Memory counts addresses, of which libraries reserve a gigabyte that they never
# use; a photo of 120 megapixels or 8K video with many threads fits.
MAX_WORKER_MEMORY_BYTES = 6 * 1024**3
# What it says beside pictures: the longest is a result with all of its frames, about a megabyte.
MAX_MESSAGE_HEAD_BYTES = 32 * 1024**2
# It writes nothing but annotated videos: ten minutes at 1280 pixels have some 200 MB.
MAX_WORKER_FILE_BYTES = 2 * 1024**3
# Between two answers, such as two frames: a keyframe of 8K takes a second, 10 seconds of 4K between two samples take twenty.
MAX_ANSWER_S = 120
# Of a whole job. The server stops a job earlier; this is for a worker whose server has died.
MAX_JOB_CPU_S = 2 * MAX_ANNOTATING_S
# What a script sent, or a page that was not closed, is deleted then: long enough to fetch the reports, too short to collect.
MAX_UPLOAD_AGE_S = 2 * 3600

# What a link leads to (`web.links`), where the server allows links. A file may be as large as an upload.
# From the first look-up to the last byte: `MAX_FILE_BYTES` at 25 Mbit/s. A server that drips holds a place for so long.
MAX_FETCH_S = 180
# For one connection, and for its encryption: a round trip around the world takes a third of a second.
MAX_CONNECT_S = 10
# Without a byte. Servers that make a file on demand begin within it.
MAX_SILENCE_S = 20
# Short links of platforms need two or three; browsers stop at 20.
MAX_REDIRECTS = 5
# Signed addresses of platforms have up to 2,000 characters.
MAX_LINK_LENGTH = 4000

# What a person writes beside a check: the longest addresses that browsers take, a name, and two printed pages.
MAX_CASE_LINK_LETTERS = 2000
MAX_CASE_NAME_LETTERS = 200
MAX_CASE_NOTES_LETTERS = 8000
# Keyframes of a clip, one a shot: more than anyone searches for by hand. Those of 8K have 10 MB each.
MAX_KEYFRAMES = 40
MAX_KEYFRAMES_BYTES = 200 * 1024**2
# A saved case that is opened again: 128 frames with ten faces have 4 MB of text beside 20 MB of pictures.
MAX_CASE_JSON_BYTES = 16 * 1024**2
MAX_CASE_PICTURE_BYTES = 8 * 1024**2
# Those of ours have 1600 pixels.
MAX_CASE_PICTURE_SIDE_PX = 2048
# What lists the members of a case; that of the longest has some 20 KB.
MAX_CASE_DIRECTORY_BYTES = 1024**2
# Sides of an evidence map: those of the networks that are known have 7 to 32.
MAX_EVIDENCE_MAP_SIDE = 64
# A sentence in a saved case. Messages stand in each other: few bytes could promise a text of gigabytes.
MAX_CASE_SENTENCE_LETTERS = 20_000

LIMITS_TEXT = Message(
    "Up to {megabytes} MB a file; photos up to {photo_megapixels} megapixels, videos up to {hours} hours and "
    "{video_megapixels} megapixels a frame (8K); {faces} faces a picture, {files} files at a time, {minutes} minutes of work "
    "a file.",
    {
        "megabytes": MAX_FILE_BYTES // 1024**2,
        "photo_megapixels": MAX_IMAGE_PIXELS // 10**6,
        "hours": MAX_VIDEO_DURATION_S // 3600,
        "video_megapixels": MAX_VIDEO_PIXELS // 10**6,
        "faces": MAX_FACES_PER_FRAME,
        "files": MAX_BATCH_FILES,
        "minutes": MAX_REQUEST_S // 60,
    },
)
