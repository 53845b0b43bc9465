"""Letters and digits on a tablet PC by 11 writers (UCI 160)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from strokesim.datasets.dataset import RAW_GITHUB, DataFile, Dataset
from strokesim.formats import read_inks
from strokesim.ink import Ink

_COMMIT = "16f5add2ccfb27c380541ac6fbf2cc5858084695"
_FOLDER = f"{RAW_GITHUB}/yangxikevinou/DigitSignature/{_COMMIT}/DataSource"
_WRITERS = [
    ("w01", 68638, "fdbaac66233c05fbf685a977807ec7555a8753d9c20702b40ac99f3e1fb635f6"),
    ("w02", 72443, "d576a82ec0ddd72456051437cd5818e357e00df6f224a78236a10348d1ee9cbd"),
    ("w03", 86041, "f4f8ce957dac7f67cda197f2bfa2ef8e8cb7ce8bdfd1f6a298d0f0f9f580e1cc"),
    ("w04", 73721, "ff40fe0cfa9b0a1bd5a23971978f71b0b5f212d2bce1662551c651f597996256"),
    ("w05", 62237, "6aacaad8bc19efec531ef8cb9cbf93deac4ddc6547a7177f5004bf7430b2e6c7"),
    ("w06", 70595, "3a96f361394cb208ac6182bb9c513edca42332473fe71fda8aeb4ebe4ab7e6be"),
    ("w07", 88649, "e1e42923f74924b70455803741596bd5e387e60c1e111ff289bc2606bd82f855"),
    ("w08", 117545, "b06b620c24df8e25179dac8e65b812086891d0909e767f37e0b0218a8a2f7528"),
    ("w09", 76973, "7d7c0d6a77f66f26820605a679adb27e4eeafc93a42f454d9ec1bb50bb381d21"),
    ("w10", 72628, "84fbc105f23a11dd5edb819af883be76b09a0ae1535ea04141c20c2b97b27e4e"),
    ("w11", 92310, "93d341a429b55936fc975ba9beff9049352563935d16696878e988513fe1a99d"),
]


def _read(paths: list[Path], split: str | None) -> Iterator[Ink]:
    return read_inks(*paths, format="uji")


DATASET = Dataset(
    name="ujipenchars",
    title="UJI Pen Characters",
    authors="D. Llorens, F. Prat, A. Marzal, J. M. Vilar",
    licence="CC BY 4.0",
    citation="D. Llorens, F. Prat, A. Marzal, J. M. Vilar, M. J. Castro et al.: The UJIpenchars "
    "Database: a Pen-Based Database of Isolated Handwritten Characters. LREC 2008",
    home="https://archive.ics.uci.edu/dataset/160",
    content="1,364 inks of 62 letters and digits by 11 writers, each twice; positions in "
    "hundredths of a millimetre",
    files=tuple(
        DataFile(f"UJIpenchars-{writer}.txt", size, sha256, f"{_FOLDER}/UJIpenchars-{writer}.txt")
        for writer, size, sha256 in _WRITERS
    ),
    read=_read,
    note="Pinned: a commit of a public copy. We have read and counted these bytes; the address "
    "could not be tried. There is no published split: leave one writer out. The class of the "
    "published experiments (case folded, 0 with O) is in Ink.notes['class'].",
)
