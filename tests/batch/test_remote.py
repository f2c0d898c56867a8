import pickle
import subprocess
import sys
from pathlib import Path, PurePosixPath

import pytest

import s3
from colorear.batch.discovery import discover
from colorear.batch.remote import Remote, is_remote, place
from colorear.errors import BatchError, MissingExtraError, PhotographError

ODD = "with space #1 %20 ñandú 祖母?.jpg"


@pytest.fixture(scope="module")
def bucket(server):
    return server


@pytest.fixture(params=["s3", "file", "fsspec"])
def root(request, bucket, tmp_path) -> Remote:
    """A folder in each kind of store: whole by itself, made whole by us, known to fsspec alone."""
    bucket.empty()
    if request.param == "s3":
        return Remote(f"s3://{s3.BUCKET}/in")
    if request.param == "file":
        return Remote(f"file://{tmp_path}/in")
    return Remote(f"osfs://{tmp_path}/in")


@pytest.fixture(autouse=True, scope="module")
def osfs():
    """A scheme that only fsspec knows."""
    import fsspec
    from fsspec.implementations.local import LocalFileSystem

    class Osfs(LocalFileSystem):
        protocol = ("osfs",)

        @classmethod
        def _strip_protocol(cls, path):
            return super()._strip_protocol(str(path).removeprefix("osfs://"))

    fsspec.register_implementation("osfs", Osfs, clobber=True)


def test_what_is_remote():
    assert is_remote("s3://a/b.jpg")
    assert not any(map(is_remote, ("a/b.jpg", "/a//b.jpg", "c:/b.jpg", "://x", "a b://c")))
    assert place("a.jpg") == Path("a.jpg")
    assert place("s3://a/b.jpg") == Remote("s3://a/b.jpg")


def test_names():
    file = Remote("s3://bucket/a/") / PurePosixPath("b") / "c.JPG"
    assert str(file) == "s3://bucket/a/b/c.JPG"
    assert (file.name, file.suffix) == ("c.JPG", ".JPG")
    assert file.parent == Remote("s3://bucket/a/b")
    assert file / "." == file
    assert str(Remote("s3://bucket/")) == "s3://bucket"
    assert pickle.loads(pickle.dumps(file)) == file


def test_a_file_takes_only_a_free_place(root, tmp_path):
    here, other, file = tmp_path / "here.jpg", tmp_path / "other", root / "deep" / ODD
    here.write_bytes(bytes(range(256)) * 40_000)
    other.write_bytes(b"another's")
    assert file.upload(here, overwrite=False)
    assert not file.upload(other, overwrite=False)
    assert file.read() == here.read_bytes()
    assert file.upload(here, overwrite=False)  # as if the answer to the first had been lost
    assert file.upload(other)
    assert not file.upload(here, overwrite=False)
    assert file.read() == b"another's"


def test_what_is_put_into_a_free_place_has_its_type_too(bucket, tmp_path):
    bucket.empty()
    (tmp_path / "here").write_bytes(b"x")
    Remote(f"s3://{s3.BUCKET}/a.tif").upload(tmp_path / "here", overwrite=False)
    assert bucket.kind("a.tif") == "image/tiff"


def test_a_file_goes_there_and_back(root, tmp_path):
    (tmp_path / "here.jpg").write_bytes(bytes(range(256)) * 40_000)  # more than one part of S3's
    file = root / "deep" / ODD
    assert file.stamp() is None
    assert file.read() is None
    for _ in range(2):
        file.upload(tmp_path / "here.jpg")
    file.download(tmp_path / "back.jpg")
    assert (tmp_path / "back.jpg").read_bytes() == (tmp_path / "here.jpg").read_bytes()
    assert file.head() == bytes(range(256)) * 16
    (listed,) = root.list_files()
    assert listed == (f"deep/{ODD}", file.stamp())
    assert file.stamp().size == 10_240_000
    assert file.stamp().modified % 10**9 == 0
    assert (root.is_dir(), file.is_dir()) == (True, False)
    file.remove()
    file.remove()
    assert file.stamp() is None


def test_its_type_is_told(bucket, tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    Remote(f"s3://{s3.BUCKET}/x.tif").upload(tmp_path / "x")
    assert bucket.kind("x.tif") == "image/tiff"


def test_a_folder_is_made(root):
    assert not root.is_dir()
    (root / "a" / "b").mkdir(parents=True)
    assert (root / "a" / "b").is_dir()
    assert (root / "a" / "b").list_files() == []


def test_the_order_is_that_of_walking(root):
    for name in ("b.jpg", "a/z.jpg", "a/b/c.jpg", "a.jpg", "c/a.jpg"):
        (root / name).write(b"x")
    names = [file.path for file in root.list_files()]
    assert names == ["a.jpg", "b.jpg", "a/z.jpg", "a/b/c.jpg", "c/a.jpg"]


@pytest.mark.parametrize("scheme", ["file", "osfs"])
def test_nothing_partial_is_left(tmp_path, scheme):
    root = Remote(f"{scheme}://{tmp_path}/in")
    (root / "x.jpg").write(b"old")
    with pytest.raises(TypeError):
        (root / "x.jpg")._write(object())
    assert (root / "x.jpg").read() == b"old"
    assert [file.path for file in root.list_files()] == ["x.jpg"]


def test_what_is_not_there_gets_one_sentence(root, tmp_path):
    gone = root / "gone.jpg"
    for use in (gone.head, lambda: gone.download(tmp_path / "x")):
        with pytest.raises(PhotographError, match=r"gone.jpg' does not exist; check the name"):
            use()
    with pytest.raises(BatchError, match=r"gone.jpg' does not exist"):
        gone.list_files()


def test_two_slashes_in_a_row(bucket, tmp_path):
    """As scripts write them that join `albums/` and `/2.jpg`; pyarrow lists them alone."""
    bucket.empty()
    for key in ("in/albums/1.jpg", "in/albums//2.jpg"):
        bucket.write(key, b"\xff\xd8\xff")
    root = Remote(f"s3://{s3.BUCKET}/in")
    found = discover([root], tmp_path)
    assert [item.source for item in found.items] == [f"{root}/albums/1.jpg"]
    (failed,) = found.failed
    assert failed.source == f"{root}/albums//2.jpg"
    assert (
        failed.error
        == f"'{failed.source}' has two slashes in a row and cannot be reached; rename it"
    )
    with pytest.raises(BatchError, match=r"albums//2.jpg' has two slashes in a row"):
        discover([root / "albums//2.jpg"], tmp_path)


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize(
    ("uri", "says"),
    [
        ("nobody-knows://x/y", "cannot be reached: Protocol not known"),
        ("s3://no-such-bucket/y", "cannot be made: .*bucket"),
    ],
)
def test_stores_that_are_not_there(uri, says):
    with pytest.raises(BatchError, match=says):
        Remote(uri).mkdir(parents=True)


def test_a_store_that_fails_in_its_own_way():
    import fsspec

    class Broken(fsspec.AbstractFileSystem):
        protocol = ("broken",)

        def info(self, path, **_):
            raise RuntimeError(f"429 for {path}\ncome back later")

    fsspec.register_implementation("broken", Broken, clobber=True)
    with pytest.raises(BatchError, match=r"^'broken://x/y' cannot be reached: .*429 for .*later$"):
        Remote("broken://x/y").is_dir()


@pytest.mark.usefixtures("bucket")
def test_a_name_that_is_no_text(tmp_path):
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(PhotographError, match=r"cannot be written: .*surrogates not allowed"):
        (Remote(f"s3://{s3.BUCKET}") / "l\udce9gende.png").upload(tmp_path / "x")


def test_without_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'colorear\[cluster\]'"):
        Remote("s3://another-one/a.jpg").stamp()


def test_interpreters_end_quietly(bucket):
    code = (
        "from colorear.batch.remote import Remote\n"
        f"Remote('s3://{s3.BUCKET}/a').write(b'x')\n"
        f"kept = Remote('s3://{s3.BUCKET}')._opened()"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("", "")
    assert bucket.read("a") == b"x"
