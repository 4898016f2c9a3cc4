"""Under which name a fetched file is kept."""

import pytest

from web.links.names import file_name


@pytest.mark.parametrize(
    ("path", "disposition", "media_type", "name"),
    [
        ("/a/photo.jpg", "", "image/jpeg", "photo.jpg"),
        ("/a%20b/%C3%BCber%20uns.jpg", "", "", "über uns.jpg"),
        ("/", "", "image/png", "fetched.png"),
        ("/", "", "application/octet-stream", "fetched"),
        ("/media/", "", "video/mp4", "media.mp4"),
        ("/get.php", 'attachment; filename="clip.mp4"', "video/mp4", "clip.mp4"),
        ("/x", "attachment; filename*=UTF-8''%e2%82%ac.jpg", "image/jpeg", "€.jpg"),
        ("/x.jpg", 'attachment; filename="../../etc/passwd"', "image/jpeg", "passwd.jpg"),
        ("/x.jpg", 'attachment; filename="C:\\\\windows\\\\a.jpg"', "image/jpeg", "a.jpg"),
        ("/x.jpg", 'attachment; filename=".."', "image/jpeg", "fetched.jpg"),
        ("/..%2f..%2f.bashrc", "", "", "bashrc"),
        ("/a%00b%0d%0ac%E2%80%AEgpj.jpg", "", "", "abcgpj.jpg"),
        ("/con.jpg", "", "image/jpeg", "_con.jpg"),
        ("/x.jpg", "attachment; filename*=nonsense''%ff", "image/jpeg", "ÿ.jpg"),
    ],
)
def test_name_is_harmless_and_has_an_ending(path, disposition, media_type, name):
    assert file_name(path, disposition, media_type) == name


def test_long_name_is_cut_and_keeps_its_ending():
    name = file_name("/" + "ü" * 300 + ".jpeg", "", "image/jpeg")
    assert name.endswith("ü.jpeg") and len(name.encode()) <= 120
