"""The command ``strokesim``: a table of commands, each imported when it is called."""

from __future__ import annotations

import importlib
import sys

import click
from click.shell_completion import CompletionItem

from strokesim import __version__
from strokesim.errors import OutputError, StrokesimError

# Help texts stand here and not in the commands, so that `strokesim --help` imports none.
COMMANDS = {
    "match": "Find the nearest entries of a corpus for each query ink.",
    "corpus": "Build, extend, check and export a corpus.",
    "train": "Train an encoder on the labelled ink in the files INK.",
    "embed": "Show what the encoder MODEL makes of the inks in the files INK.",
    "export": "Write the encoder MODEL as one ONNX file for apps.",
    "convert": "Write inks in another format.",
    "inspect": "Show what is in ink files.",
    "draw": "Draw inks, or how one is warped onto another, as SVG.",
    "synth": "Write synthetic pen ink.",
    "datasets": "List and fetch published recordings.",
    "demo": "Match five unseen inks against the embedded corpus.",
    "warmup": "Compile the kernels, so that the first search need not wait.",
    "completion": "Print the shell code that completes commands.",
}


class _Failure(click.ClickException):
    """One line on standard error and the exit code of what strokesim raised."""

    def __init__(self, error: StrokesimError) -> None:
        super().__init__(" ".join(str(error).split("\n")))
        self.exit_code = error.exit_code  # type: ignore[misc]  # click's is per class


class LazyGroup(click.Group):
    """Imports a command when it is called, and turns our errors into one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Return the command ``name`` of the module of that name."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"strokesim.cli.{name}").command
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the commands and options that begin so, without importing any command."""
        names = [name for name in COMMANDS if name.startswith(incomplete)]
        commands = [CompletionItem(name, help=COMMANDS[name]) for name in names]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table without importing what it lists."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; what strokesim raises on purpose ends in one line and its exit code."""
        try:
            return super().invoke(ctx)
        except StrokesimError as error:
            raise _Failure(error) from error
        except MemoryError:
            raise click.ClickException(
                "out of memory; give fewer inks at once or a smaller corpus"
            ) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="strokesim")
def command() -> None:
    """Match pen strokes.

    \b
    Example:
      strokesim corpus build digits pendigits-orig.tra
      strokesim match pendigits-orig.tes --corpus digits -k 3
    """


def main() -> None:
    """Run the command line."""
    try:
        command(prog_name="strokesim")
    except OSError as error:
        # Files fail with errors of ours that name them; what has no name is standard output.
        # That the reader of a pipe went away (`| head`) is click's to handle.
        if error.filename is not None:
            raise
        click.echo(f"Error: cannot write the results: {error.strerror or error}", err=True)
        sys.exit(OutputError.exit_code)
