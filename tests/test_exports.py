"""The names that strokesim shows."""

import ast

import pytest

import strokesim
from conftest import ROOT


def test_every_exported_name_is_there_and_comes_from_its_home():
    for name in strokesim.__all__:
        assert getattr(strokesim, name) is not None
        assert name in dir(strokesim)


def test_names_for_type_checkers_equal_the_names_at_run_time():
    tree = ast.parse((ROOT / "strokesim" / "__init__.py").read_text())
    typed = {
        alias.asname: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == strokesim._HOMES


def test_fewer_than_twenty_five_names_are_exported():
    assert len(strokesim.__all__) < 25


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'dwt'"):
        strokesim.dwt  # noqa: B018


def test_the_version_is_the_one_of_the_package_metadata():
    from importlib.metadata import version

    assert version("strokesim") == strokesim.__version__


@pytest.mark.parametrize("name", strokesim.__all__)
def test_every_exported_name_is_documented(name):
    shown = getattr(strokesim, name)
    if not isinstance(shown, dict):
        assert shown.__doc__
