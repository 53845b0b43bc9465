"""Fetching datasets, from a server of our own and from folders."""

import hashlib
import http.server
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from filelock import FileLock

from strokesim.datasets import catalog, download, finding
from strokesim.datasets.catalog import DATASETS, fetch, load_dataset
from strokesim.datasets.dataset import DataFile, Dataset
from strokesim.errors import DatasetError, OutputError
from strokesim.formats import read_inks

LINE = b'{"strokesim_ink":1,"label":"%d","channels":["x","y"],"strokes":[[[0,1],[0,1]]]}\n'
CONTENT = b"".join(LINE % number for number in range(4000))
"""More than one chunk of a download."""


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves the content of its server, in one of many bad ways."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        server = self.server
        begin = int((self.headers.get("Range") or "bytes=0-").removeprefix("bytes=").rstrip("-"))
        server.asked.append(begin)
        if server.redirect:
            self.send_response(302)
            self.send_header("Location", server.redirect)
            self.send_header("Content-Length", "0")
            server.redirect = None
            self.end_headers()
            return
        if server.status:
            self.send_error(server.status)
            return
        if begin and begin >= len(server.content):
            self.send_error(416)
            return
        if not server.resumes:
            begin = 0
        body = server.content[begin:]
        self.send_response(206 if begin else 200)
        if begin:
            last = len(server.content) - 1
            self.send_header("Content-Range", f"bytes {begin}-{last}/{last + 1}")
        if server.announces:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        sent = server.breaks.pop(0) if server.breaks else len(body)
        self.wfile.write(body[:sent])
        if sent < len(body) and server.stalls:
            self.wfile.flush()
            server.release.wait()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.content, self.asked, self.breaks = CONTENT, [], []
        self.resumes = self.announces = True
        self.stalls, self.release = False, threading.Event()
        self.status = self.redirect = None
        self.root = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, client_address):
        """Keep quiet about clients that hang up, which is what some tests do."""


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


def toy(url, content=CONTENT, **changes):
    """Return a dataset of one file that is to be found at an address."""
    sha256 = hashlib.sha256(content).hexdigest()
    file = replace(DataFile("toy.jsonl", len(content), sha256, url), **changes)
    return Dataset(
        name="toy", title="Toy", authors="nobody", licence="none", citation="none", note="none",
        home="https://example.org/toy", content="inks", files=(file,),
        read=lambda paths, split: read_inks(*paths, format="jsonl"),
    )  # fmt: skip


@pytest.fixture
def cache(monkeypatch, tmp_path, server):
    """The cache folder of the dataset toy, which our server has; no proxy stands between."""
    for variable in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
        monkeypatch.delenv(variable.upper(), raising=False)
    monkeypatch.delenv("STROKESIM_DATA", raising=False)
    folder = tmp_path / "cache"
    monkeypatch.setattr(finding.platformdirs, "user_cache_path", lambda name: folder / name)
    monkeypatch.setitem(DATASETS, "toy", toy(f"{server.root}/toy.jsonl"))
    return folder / "strokesim" / "datasets" / "toy"


def kept(folder):
    """Return what lies in a folder, the lock aside."""
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


# Downloads that succeed


def test_a_dataset_is_downloaded_once_and_loaded_ever_after(server, cache):
    assert len(load_dataset("toy")) == 4000
    assert len(load_dataset("toy")) == 4000
    assert fetch("toy") == cache
    assert server.asked == [0]
    assert kept(cache) == ["toy.jsonl"]
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


def test_progress_adds_up_to_the_bytes_of_the_dataset(server, cache):
    counts = []
    fetch("toy", progress=counts.append)
    assert len(counts) > 1
    assert min(counts) > 0
    assert sum(counts) == len(CONTENT) == DATASETS["toy"].size
    counts.clear()
    fetch("toy", progress=counts.append)
    assert sum(counts) == len(CONTENT)


def test_a_broken_connection_is_resumed_where_it_broke(server, cache):
    server.breaks = [100_000, 50_000]
    counts = []
    fetch("toy", progress=counts.append)
    assert server.asked == [0, 100_000, 150_000]
    assert (cache / "toy.jsonl").read_bytes() == CONTENT
    assert sum(counts) == len(CONTENT)


def test_what_came_before_an_interruption_is_not_fetched_again(server, cache):
    def interrupt(count):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("toy", progress=interrupt)
    (part,) = kept(cache)
    assert part == "toy.jsonl.part"
    have = (cache / part).stat().st_size
    assert 0 < have < len(CONTENT)
    counts = []
    fetch("toy", progress=counts.append)
    assert server.asked == [0, have]
    assert counts[0] == have
    assert sum(counts) == len(CONTENT)
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


def test_a_server_that_cannot_resume_sends_all_again(server, cache):
    server.resumes, server.breaks = False, [70_000, 90_000]
    counts = []
    fetch("toy", progress=counts.append)
    assert server.asked == [0, 70_000, 90_000]
    assert (cache / "toy.jsonl").read_bytes() == CONTENT
    assert sum(counts) == len(CONTENT)


def test_a_server_that_falls_silent_is_asked_again(monkeypatch, server, cache):
    monkeypatch.setattr(download, "TIMEOUT", 0.2)
    server.breaks, server.stalls = [100_000], True
    fetch("toy")
    assert server.asked == [0, 100_000]
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


@pytest.mark.parametrize("announces", [True, False])
def test_a_file_of_unknown_size_is_fetched_to_its_end(monkeypatch, server, cache, announces):
    monkeypatch.setitem(DATASETS, "toy", toy(f"{server.root}/toy.jsonl", size=None))
    server.announces = announces
    fetch("toy")
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


def test_a_download_that_lacks_only_its_name_needs_no_server(server, cache):
    cache.mkdir(parents=True)
    (cache / "toy.jsonl.part").write_bytes(CONTENT)
    fetch("toy")
    assert server.asked == []
    assert kept(cache) == ["toy.jsonl"]


def test_a_damaged_file_in_the_cache_is_fetched_again(server, cache):
    cache.mkdir(parents=True)
    (cache / "toy.jsonl").write_bytes(CONTENT[:-1] + b"!")
    fetch("toy")
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


def test_redirects_on_this_machine_are_followed(server, cache):
    server.redirect = f"{server.root}/elsewhere"
    fetch("toy")
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


def test_those_who_fetch_at_once_share_one_download(server, cache):
    with ThreadPoolExecutor(4) as pool:
        folders = list(pool.map(fetch, ["toy"] * 4))
    assert folders == [cache] * 4
    assert server.asked == [0]


def test_a_folder_of_ones_own_is_filled(server, cache, tmp_path):
    assert fetch("toy", folder=tmp_path) == tmp_path / "toy"
    assert kept(tmp_path / "toy") == ["toy.jsonl"]
    assert not cache.exists()
    assert len(load_dataset("toy", folder=tmp_path)) == 4000


# Downloads that fail


def test_bytes_that_are_not_the_checked_ones_are_thrown_away(server, cache):
    server.content = CONTENT[:-2] + b"!\n"
    with pytest.raises(DatasetError, match=r"toy\.jsonl is not the file that was checked"):
        fetch("toy")
    assert kept(cache) == []
    server.content = CONTENT
    fetch("toy")
    assert kept(cache) == ["toy.jsonl"]


def test_a_wrong_beginning_from_an_earlier_try_does_not_stay(server, cache):
    cache.mkdir(parents=True)
    (cache / "toy.jsonl.part").write_bytes(b"x" * 1000)
    with pytest.raises(DatasetError, match="its sha256 is not"):
        fetch("toy")
    assert fetch("toy") == cache
    assert server.asked == [1000, 0]


def test_a_beginning_longer_than_the_file_is_not_gone_on_from(server, cache):
    cache.mkdir(parents=True)
    (cache / "toy.jsonl.part").write_bytes(CONTENT + b"x")
    fetch("toy")
    assert server.asked == [0]
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


def test_more_than_the_file_has_is_not_written(server, cache):
    server.content = CONTENT + CONTENT
    with pytest.raises(DatasetError, match=f"it is longer than the {len(CONTENT):,} bytes"):
        fetch("toy")
    assert kept(cache) == []


def test_a_server_that_ends_early_and_for_ever_is_given_up(server, cache):
    server.content = CONTENT[:1000]
    with pytest.raises(DatasetError, match="the server answers 416"):
        fetch("toy")
    assert kept(cache) == []


@pytest.mark.parametrize(("status", "reason"), [(404, "404 Not Found"), (503, "503 Service Un")])
def test_a_server_that_refuses_is_quoted(server, cache, status, reason):
    server.status = status
    with pytest.raises(
        DatasetError, match=rf"toy\.jsonl could not be fetched: the server .* {reason}"
    ):
        load_dataset("toy")
    assert kept(cache) == []


def test_a_host_that_cannot_be_reached_is_named(monkeypatch, cache):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setitem(DATASETS, "toy", toy(f"http://127.0.0.1:{port}/toy.jsonl"))
    with pytest.raises(DatasetError, match=rf"127\.0\.0\.1:{port}/toy.*refused; nothing came"):
        load_dataset("toy")
    assert kept(cache) == []


def test_what_came_before_the_host_vanished_is_kept(server, cache):
    server.breaks = [100_000, 0]
    with pytest.raises(DatasetError, match=r"ended early; 100,000 bytes are kept for another try"):
        fetch("toy")
    assert kept(cache) == ["toy.jsonl.part"]
    fetch("toy")
    assert kept(cache) == ["toy.jsonl"]


def test_what_came_before_the_server_refused_is_kept(server, cache):
    cache.mkdir(parents=True)
    (cache / "toy.jsonl.part").write_bytes(CONTENT[:1000])
    server.status = 503
    with pytest.raises(DatasetError, match="the server answers 503"):
        fetch("toy")
    server.status = None
    fetch("toy")
    assert server.asked == [1000, 1000]
    assert (cache / "toy.jsonl").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://[::1/toy.jsonl", "redirected to what is no address"),
        ("http://example.org/toy.jsonl", "example.org.* is not fetched: only https is"),
        ("http://127.0.0.1.example.org/toy.jsonl", "is not fetched: only https is"),
        ("http://10.0.0.1/toy.jsonl", "is not fetched: only https is"),
        ("ftp://127.0.0.1/toy.jsonl", "is not fetched: only https is"),
        ("file:///etc/passwd", "the server answers 302"),
        ("/etc/passwd", ""),
    ],
)
def test_addresses_that_are_not_safe_are_refused(monkeypatch, server, cache, url, reason):
    monkeypatch.setitem(DATASETS, "toy", toy(url))
    with pytest.raises(DatasetError, match="only https is, and http on this very machine"):
        fetch("toy")
    monkeypatch.setitem(DATASETS, "toy", toy(f"{server.root}/toy.jsonl"))
    server.redirect = url
    if "//" in url:
        with pytest.raises(DatasetError, match=reason):
            fetch("toy")
    assert kept(cache) == []


def test_safe_addresses_are_https_or_of_this_machine():
    for url in ("https://example.org/x", "http://localhost:80/x", "http://[::1]/x"):
        download.check_address(url)


# Folders


def test_files_are_copied_from_a_folder_and_the_server_left_alone(server, cache, tmp_path):
    (tmp_path / "usb" / "toy").mkdir(parents=True)
    (tmp_path / "usb" / "toy" / "toy.jsonl").write_bytes(CONTENT)
    counts = []
    assert fetch("toy", source=tmp_path / "usb", progress=counts.append) == cache
    assert (cache / "toy.jsonl").read_bytes() == CONTENT
    assert sum(counts) == len(CONTENT)
    assert fetch("toy", source=tmp_path / "usb" / "toy") == cache
    assert server.asked == []


def test_a_folder_with_other_bytes_is_refused(server, cache, tmp_path):
    (tmp_path / "toy.jsonl").write_bytes(CONTENT + b"\n")
    with pytest.raises(DatasetError, match=r"toy\.jsonl is not the file that was checked"):
        fetch("toy", source=tmp_path)
    assert not cache.exists()


def test_a_folder_without_the_files_is_refused(server, cache, tmp_path):
    with pytest.raises(DatasetError, match=rf"toy.jsonl not found in .*{tmp_path.name}"):
        fetch("toy", source=tmp_path)
    assert server.asked == []


def test_a_dataset_without_an_address_says_how_to_get_it(cache):
    with pytest.raises(DatasetError, match=r"get it from https://github.com/googlecreativelab"):
        fetch("quickdraw")


def test_what_the_variable_names_is_not_fetched(monkeypatch, server, cache, tmp_path):
    (tmp_path / "toy").mkdir()
    (tmp_path / "toy" / "toy.jsonl").write_bytes(CONTENT)
    monkeypatch.setenv("STROKESIM_DATA", str(tmp_path))
    assert fetch("toy") == tmp_path / "toy"
    assert server.asked == []


def test_another_process_that_never_ends_is_reported(monkeypatch, server, cache):
    monkeypatch.setattr(catalog, "LOCK_TIMEOUT", 0.05)
    cache.mkdir(parents=True)
    with FileLock(cache / ".lock"), pytest.raises(DatasetError, match="another process has been"):
        fetch("toy")
    assert kept(cache) == []


def test_a_cache_that_cannot_be_made_is_named(server, cache):
    cache.parent.mkdir(parents=True)
    cache.write_text("a file where the folder should be")
    with pytest.raises(OutputError, match=r"cannot write .*toy: File exists"):
        fetch("toy")
    assert cache.read_text() == "a file where the folder should be"


@pytest.mark.skipif(sys.platform != "linux", reason="needs a folder that not even root can fill")
def test_a_folder_without_permission_is_named(server, cache):
    with pytest.raises(OutputError, match=r"cannot write /sys/kernel/toy: "):
        fetch("toy", folder="/sys/kernel")
    assert server.asked == []
