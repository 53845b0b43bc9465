"""What the wheel and the source archive carry, tried from a folder that is not the checkout."""

import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import numpy
import pytest

from conftest import ROOT


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The folder with the wheel and the source archive, built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "checkout"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    for name in filter(None, listed):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            (copy / name).write_bytes((ROOT / name).read_bytes())
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, copy],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


def modules_of_the_checkout():
    names = set()
    for folder, prefix in [("strokesim", "strokesim"), ("cli", "strokesim/cli"),
                           ("datasets", "strokesim/datasets")]:  # fmt: skip
        for path in (ROOT / folder).rglob("*.py"):
            names.add(f"{prefix}/{path.relative_to(ROOT / folder).as_posix()}")
    return names


@pytest.mark.slow
def test_wheel_carries_every_module_and_the_demo_corpus(built):
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        names = set(wheel.namelist())
    assert modules_of_the_checkout() <= names
    assert {"strokesim/py.typed", "strokesim/datasets/demo.jsonl.gz"} <= names
    models = {"default.onnx", "default.md", "default/encoder.json"}
    assert {f"strokesim/models/{name}" for name in models} <= names
    assert len([name for name in names if name.endswith(".safetensors")]) == 1
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "cli/"))]


@pytest.mark.slow
def test_source_archive_carries_every_module(built):
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    for path in [*(ROOT / "cli").glob("*.py"), *(ROOT / "datasets").glob("*.py")]:
        assert path.relative_to(ROOT).as_posix() in names
    assert "datasets/demo.jsonl.gz" in names


@pytest.mark.slow
def test_installed_command_runs_from_another_folder(built, tmp_path):
    # The environment sees the dependencies of the running one through a .pth file; the .pth
    # files over there, the one of an editable strokesim among them, are not read again.
    venv.create(tmp_path / "env", with_pip=False)
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    (site / "dependencies.pth").write_text(str(Path(numpy.__file__).parent.parent))
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps",
         "--no-index", next(built.glob("*.whl"))],
        check=True,
    )  # fmt: skip
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    where = subprocess.run(
        [python, "-c", "import strokesim.cli.main as m; print(m.__file__)"],
        cwd=elsewhere, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert where.stdout.startswith(str(site))
    done = subprocess.run(
        [tmp_path / "env" / "bin" / "strokesim", "demo"],
        cwd=elsewhere, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "right" in done.stdout
