"""The page of the learned metric: its programs run, its pictures and losses are there."""

import re

import pytest
import torch

from conftest import ROOT
from strokesim.siamese import LOSSES

PAGE = (ROOT / "docs" / "learning.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_programs_of_the_page_print_what_they_say(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    training, searching = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(training, {})
    assert capsys.readouterr().out.strip() == training.strip().rpartition("# prints ")[2]
    exec(searching, {})
    torch.set_num_threads(before)
    assert re.fullmatch(r"3 of 10 cells find \d+ % of the nearest ten\n", capsys.readouterr().out)


def test_the_page_names_every_loss_and_its_pictures_are_there():
    named = re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE)
    assert set(LOSSES) <= set(named)
    for picture in re.findall(r"\]\((images/[\w-]+\.svg)\)", PAGE):
        assert (ROOT / "docs" / picture).is_file(), picture
