"""Downloading a pinned file: resumed where it broke off, kept only if its checksum is right."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import logging
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pooch

from strokesim import __version__
from strokesim.datasets.dataset import DataFile
from strokesim.errors import DatasetError

TIMEOUT = 30.0
"""Seconds that a server may take to answer, and to go on sending."""

LARGEST = 1 << 30
"""Most bytes of a file whose size we do not know."""

_CHUNK = 1 << 16


def download(file: DataFile, folder: Path, progress: Callable[[int], object]) -> None:
    """Bring a file into a folder.

    What has arrived is kept in ``NAME.part`` and completed by the next call. The file gets
    its name when its sha256 is right; bytes that are wrong are thrown away.

    Parameters
    ----------
    file : DataFile
        What to fetch. Its address must be https, or http on this very machine.
    folder : Path
        Exists.
    progress : callable
        Called with the number of bytes that came since the last call.

    Raises
    ------
    DatasetError
        If the server cannot be reached, does not have the file, or sends another one.
    OSError
        If the folder cannot be written.
    """
    if file.url is None:
        raise DatasetError(f"{file.name} has no address that it could be fetched from")
    # Where a download succeeds there is nothing to say, and where not, our error says it.
    pooch.get_logger().setLevel(logging.WARNING)
    try:
        pooch.retrieve(
            file.url,
            known_hash=f"sha256:{file.sha256}",
            fname=file.name,
            path=folder,
            downloader=_Resuming(file, folder / f"{file.name}.part", progress),
        )
    except ValueError as error:
        raise DatasetError(
            f"{file.url} is not the file that was checked: its sha256 is not {file.sha256}; "
            "nothing was kept (has it been replaced, or did something on the way change it?)"
        ) from error


class _Broken(Exception):
    """The connection failed; what came before counts."""


class _Refused(Exception):
    """The server was reached and will not send the file."""


class _Useless(_Refused):
    """Nor is there anything to be made of what it sent before."""


class _Resuming:
    """What `pooch.retrieve` calls to fill its temporary file."""

    def __init__(self, file: DataFile, part: Path, progress: Callable[[int], object]) -> None:
        self.part, self.progress = part, progress
        self.size, self.limit = file.size, file.size or LARGEST
        self.reported = 0

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        check_address(url)
        have = self._have()
        if have > self.limit:
            self.part.unlink()
            have = 0
        self._report(have)
        while self.size is None or have < self.size:
            try:
                self._receive(url, have)
            except _Broken as error:
                # A connection that brought something is worth another one.
                if self._have() <= have:
                    kept = f"{have:,} bytes are kept for another try" if have else "nothing came"
                    raise DatasetError(
                        f"{url} could not be fetched: {error}; {kept} "
                        "(or take the file from a folder with --from)"
                    ) from error
            except _Refused as error:
                if isinstance(error, _Useless):
                    self.part.unlink(missing_ok=True)
                raise DatasetError(
                    f"{url} could not be fetched: {error} (take the file from a folder with --from)"
                ) from error
            have = self._have()
        self.part.replace(output_file)

    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _report(self, have: int) -> None:
        # A server that cannot resume sends the beginning again, which is not progress.
        if have > self.reported:
            self.progress(have - self.reported)
            self.reported = have

    def _receive(self, url: str, have: int) -> None:
        """Append what the server sends, or begin anew where it does not resume."""
        with _open(url, have) as response:
            resumed = response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            with self.part.open("ab" if have and resumed else "wb") as part:
                if self.size is None and response.length is not None:
                    self.size = part.tell() + response.length
                while chunk := _read(response):
                    if part.tell() + len(chunk) > self.limit:
                        raise _Useless(f"it is longer than the {self.limit:,} bytes expected")
                    part.write(chunk)
                    self._report(part.tell())
                if self.size is None:
                    self.size = part.tell()
                elif part.tell() < self.size:
                    raise _Broken("the connection ended early")


def check_address(url: str) -> None:
    """Refuse an address whose bytes could be read or changed on the way.

    Raises
    ------
    DatasetError
        Unless it is https, or http on this very machine.
    """
    with contextlib.suppress(ValueError):
        parts = urllib.parse.urlsplit(url)
        local = parts.scheme == "http" and _is_loopback(parts.hostname or "")
        if parts.scheme == "https" or local:
            return
    raise DatasetError(f"{url} is not fetched: only https is, and http on this very machine")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but only to addresses that `check_address` admits."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _open(url: str, have: int) -> http.client.HTTPResponse:
    headers = {"User-Agent": f"strokesim/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    request = urllib.request.Request(url, headers=headers)
    try:
        response = urllib.request.build_opener(_Redirects).open(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        with error:
            # Of a range that is not there: there is no going on from what is here.
            kind = _Useless if error.code == 416 else _Refused
            raise kind(f"the server answers {error.code} {error.reason}") from error
    except ValueError as error:
        raise _Refused(f"it is redirected to what is no address: {error}") from error
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(getattr(error, "reason", None) or error) from error
    assert isinstance(response, http.client.HTTPResponse), "check_address admits http alone"
    return response


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        # Not read(), which loses what came when the rest does not come in time.
        return response.read1(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _Broken(error) from error
