"""Learned metrics by the protocols of the project, each beside the distances without learning.

python benchmarks/learning.py [--protocol NAME ...] [--seeds 0 1 2] [--steps N] [--models FOLDER]

A run that is stored in results/learning/ is not done again, and one that was cut off goes on
from its checkpoint in FOLDER; so protocols and seeds can be done one by one. The table of what
there is goes into results/learning.md. With --steps, for a quick try, nothing of that is read or
written: results go into FOLDER as well.
"""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

import torch
from learning_runs import FOLDER, PAGE, carry_out, page

MODULES = {
    "omniglot": "learning_omniglot",
    "omniglot-together": "learning_omniglot",
    "self-supervised": "learning_omniglot",
    "digits": "learning_digits",
    "letters": "learning_letters",
}
"""Where each protocol is found, as an entry of its module's ``PROTOCOLS``."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--protocol", nargs="+", choices=MODULES, default=list(MODULES))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--steps", type=int, help="a quick try of so many steps")
    parser.add_argument("--models", type=Path, default=Path("build/learning"))
    parser.add_argument("--threads", type=int, help="of torch; by default every core")
    parser.add_argument("--again", action="store_true", help="test what was trained anew")
    parser.add_argument("--table", action="store_true", help="only write the table")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    models = given.models / f"{given.steps} steps" if given.steps else given.models
    folder = models if given.steps else FOLDER
    models.mkdir(parents=True, exist_ok=True)
    for name in [] if given.table else given.protocol:
        protocol = import_module(MODULES[name]).PROTOCOLS[name]
        carry_out(protocol, given.seeds, given.steps, models, folder, again=given.again)
    text = page(list(MODULES), folder)
    (folder / "learning.md" if given.steps else PAGE).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
