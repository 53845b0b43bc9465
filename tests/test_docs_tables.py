"""The tables in docs/ say what the library says."""

import importlib.util
import re

import pytest

from conftest import ROOT
from strokesim.datasets.catalog import DATASETS


@pytest.fixture(scope="module")
def write_tables():
    spec = importlib.util.spec_from_file_location("write_tables", ROOT / "docs" / "write_tables.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_table_is_up_to_date(write_tables):
    for path in write_tables.PAGES:
        page = path.read_text(encoding="utf-8")
        assert page == write_tables.with_tables(page), f"{path.name}: run docs/write_tables.py"


def test_a_table_that_is_out_of_date_is_noticed(write_tables):
    page = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    for changed in (page.replace("10,992 inks", "10,993 inks"), page.replace("| `demo` |", "|")):
        assert changed != page
        assert write_tables.with_tables(changed) == page


def test_a_table_that_nobody_knows_is_an_error(write_tables):
    with pytest.raises(KeyError, match="no-such"):
        write_tables.with_tables("<!-- table: no-such -->\n<!-- end of table -->")


def test_the_example_of_the_page_of_datasets_prints_what_it_says(capsys):
    page = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    exec(code, {})
    assert capsys.readouterr().out.strip() == code.strip().rpartition("# ")[2]


def test_the_page_of_datasets_has_them_all():
    page = (ROOT / "docs" / "datasets.md").read_text(encoding="utf-8")
    for dataset in DATASETS.values():
        assert f"### {dataset.name}: {dataset.title}\n" in page
        for file in dataset.files:
            assert file.sha256 in page
            assert str(file.url) in page
