"""Who may import whom, read from the imports themselves."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import ROOT

# Everything may use these; they stand on nothing but each other.
GROUND = {"amounts", "chance", "errors", "ragged", "replacing", "threads"}
ARROWS = {
    "__main__": {"cli"},
    "__init__": {
        "corpus",
        "datasets",
        "distances",
        "features",
        "formats",
        "ink",
        "learned",
        "search",
    },
    "amounts": set(),
    "approximate": {"corpus", "ink", "queries", "search"},
    "appending": {"batches", "manifest", "shards"},
    "augmentation": {"ink", "synthesis"},
    "batches": {"features", "ink"},
    "chance": set(),
    "cleaning": {"ink"},
    "cli": {"*"},
    "comparison": {"search", "evaluation", "corpus", "features", "ink", "distances"},
    "corpus": {
        "prototypes",
        "verifying",
        "appending",
        "batches",
        "entries",
        "features",
        "ink",
        "manifest",
        "parquet",
        "shards",
    },
    "datasets": {"formats", "ink"},
    "distances": set(),
    "drawing": {"ink", "polylines", "svg"},
    "entries": {"batches", "shards"},
    "errors": set(),
    "evaluation": set(),
    "features": {"ink"},
    "formats": {"ink"},
    "ink": set(),
    "kept_prototypes": {"corpus", "prototypes"},
    "learned": {"corpus", "features", "ink"},
    "manifest": {"features", "shards"},
    "parquet": {"batches", "manifest", "shards"},
    "polylines": {"ink"},
    "prototype_search": {"corpus", "ink", "kept_prototypes", "prototypes", "queries", "search"},
    "prototypes": {"corpus", "distances"},
    "queries": {"ink"},
    "ragged": set(),
    "replacing": set(),
    "search": {"corpus", "distances", "features", "ink", "queries"},
    "shards": {"batches"},
    "siamese": {"corpus", "distances", "evaluation", "features", "ink", "learned"},
    "svg": set(),
    "synthesis": {"ink"},
    "terminal": {"ink", "polylines"},
    "threads": set(),
    "verifying": {"manifest", "shards"},
}
GROUND_ARROWS = {"amounts": {"errors"}, "chance": {"errors"}, "errors": set(), "ragged": {"errors"},
                 "replacing": {"errors"}, "threads": {"errors"}}  # fmt: skip


def modules():
    """Yield (unit, dotted name, path) of every module of the package."""
    for folder, package in [("strokesim", "strokesim"), ("cli", "strokesim.cli"),
                            ("datasets", "strokesim.datasets")]:  # fmt: skip
        for path in sorted((ROOT / folder).rglob("*.py")):
            inner = path.relative_to(ROOT / folder).with_suffix("").parts
            name = ".".join([package, *inner]).removesuffix(".__init__")
            unit = name.split(".")[1] if "." in name else "__init__"
            yield unit, name, path


def imported(path: Path):
    """Yield the dotted names of ours that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield node.module
            if node.module == "strokesim":
                yield from (f"strokesim.{alias.name}" for alias in node.names)


def unit_of(name):
    parts = name.split(".")
    return parts[1] if parts[0] == "strokesim" and len(parts) > 1 else None


@pytest.mark.parametrize(("unit", "name", "path"), [pytest.param(*m, id=m[1]) for m in modules()])
def test_every_module_imports_only_what_stands_below_it(unit, name, path):
    assert unit in ARROWS, f"{name} is in no layer; add it to the table"
    allowed = GROUND_ARROWS.get(unit, ARROWS[unit] | GROUND) | {unit, "__version__"}
    above = {other for other in map(unit_of, imported(path)) if other is not None} - allowed
    assert "*" in allowed or not above, f"{name} imports {sorted(above)}"


def test_kernels_stand_on_nothing_of_ours():
    for unit, name, path in modules():
        if name.rsplit(".", 1)[-1] == "kernels" and unit == "distances":
            assert not [other for other in imported(path) if other.startswith("strokesim")]
            return
    pytest.fail("no kernels module found")


def test_torch_is_imported_in_siamese_only():
    for unit, name, path in modules():
        if unit != "siamese":
            assert not [o for o in imported(path) if o.split(".")[0] == "torch"], name


def test_cli_and_datasets_shadow_no_other_package():
    for folder in ("cli", "datasets"):
        assert not (ROOT / folder / "__init__.py").exists()


def test_no_module_has_a_name_that_says_nothing():
    vague = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager"}
    assert not vague & {path.stem for _, _, path in modules()}


def loaded_after(statement):
    program = f"{statement}; import sys; print(*sorted(m.split('.')[0] for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_strokesim_loads_no_heavy_package():
    heavy = {"numpy", "numba", "scipy", "torch", "pyarrow", "click", "pooch", "tslearn"}
    assert not heavy & loaded_after("import strokesim")


def test_the_help_of_the_command_loads_no_heavy_package():
    heavy = {"numpy", "numba", "scipy", "torch", "pyarrow", "pooch", "tslearn"}
    statement = "import strokesim.cli.main as m; m.command.main(['--help'], standalone_mode=False)"
    assert not heavy & loaded_after(statement)


def test_searching_does_not_load_torch_or_tslearn():
    assert not {"torch", "tslearn", "sklearn"} & loaded_after("import strokesim.search")
