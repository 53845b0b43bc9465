"""``python -m strokesim``, for where a module is asked for, as by torchrun."""

from strokesim.cli.main import main

main()
