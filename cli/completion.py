"""``strokesim completion``: shell code that completes commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the shell code that completes commands.

    \b
    Example:
      strokesim completion bash > ~/.local/share/bash-completion/completions/strokesim
    """
    completion = get_completion_class(shell)
    assert completion is not None, "click knows every shell that the argument admits"
    click.echo(completion(ctx.find_root().command, {}, "strokesim", "_STROKESIM_COMPLETE").source())
