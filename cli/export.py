"""``strokesim export``: a trained encoder as one file."""

from __future__ import annotations

import click

from strokesim.siamese import export_onnx, open_encoder


@click.command()
@click.argument("model")
@click.argument("output", metavar="FILE.onnx")
@click.option(
    "--quantise", is_flag=True, help="Weights as int8: a quarter of the size, a little less exact."
)
def command(model: str, output: str, quantise: bool) -> None:
    """Write the encoder MODEL as one ONNX file for apps.

    MODEL is the folder of a training, or default. What is written is tried in a fresh process
    without torch, at several lengths and batch sizes, and kept only where it finds what torch
    finds.

    \b
    Example:
      strokesim export letters letters.onnx
      strokesim match new.jsonl --corpus digits --model letters.onnx
    """
    done = export_onnx(open_encoder(model), output, quantised=quantise)
    words = f"{output}: {done.n_bytes:,} bytes, within {done.off:.1g} of torch"
    if quantise:
        words += f"; rounding the weights moved embeddings by up to {done.moved:.2g}"
    click.echo(words)
