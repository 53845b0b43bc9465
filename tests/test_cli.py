"""The command line: what it prints, where, and how it ends."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import click
import numpy as np
import pytest
from click.testing import CliRunner

from strokesim import Corpus, FeatureSpec, Index, Ink, write_ink
from strokesim.cli.main import COMMANDS, command
from strokesim.cli.show import matches_text
from strokesim.errors import OutputError
from strokesim.features import FEATURES
from strokesim.search import Match

BAR = [[0, 0], [0, 5], [0, 10]]
DASH = [[0, 0], [5, 0], [10, 0]]
HOOK = [[0, 0], [0, 8], [6, 10]]


def ink(points, label, number, writer="anna"):
    return Ink.from_arrays([points], label=label, writer=writer, id=f"ink-{number}")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command line in a folder with a corpus of three and files of four kinds of ink."""
    monkeypatch.chdir(tmp_path)
    enrolled = [ink(BAR, "1", 0), ink(DASH, "-", 1), ink(HOOK, "L", 2, "bert")]
    write_ink(enrolled, "enrolled.jsonl")
    write_ink([ink(HOOK, "L", 7), ink(DASH, "1", 8)], "two.jsonl")
    write_ink([ink(np.array(BAR) + 3, "1", 9)], "one.jsonl")
    write_ink([ink([[4, 4]], ".", 10)], "dot.jsonl")
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 4)
    Corpus.build("small", enrolled)

    def run(*words, code=0, **options):
        done = CliRunner().invoke(command, list(words), prog_name="strokesim", **options)
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert done.exit_code == code, done.output
        return done

    return run


def json_lines(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def every_command():
    """Yield (words, command) for every command and subcommand."""
    context = click.Context(command)
    for name in COMMANDS:
        found = command.get_command(context, name)
        yield [name], found
        if isinstance(found, click.Group):
            for inner in sorted(found.commands):
                yield [name, inner], found.commands[inner]


def test_match_shows_the_nearest_first_and_marks_the_same_label(run):
    done = run("match", "two.jsonl", "--corpus", "small", "-k", "2")
    assert done.stdout.startswith("ink-7\nquery        L =          1\n")
    assert "1 of 2 nearest labels are right (50.00 % wrong)" in done.stderr
    assert any("\u2800" < character <= "\u28ff" for character in done.stdout)


def test_match_prints_one_line_of_json_per_query(run):
    done = run("match", "two.jsonl", "one.jsonl", "--corpus", "small", "-k", "3", "--json")
    lines = json_lines(done)
    assert [line["query"].split("/")[-1] for line in lines] == ["ink-7", "ink-8", "ink-9"]
    assert [line["label"] for line in lines] == ["L", "1", "1"]
    assert lines[2]["matches"][0]["label"] == "1"
    assert list(lines[0]["matches"][0]) == ["distance", "label", "writer", "id", "index"]
    assert lines[0]["matches"][0] == {
        "distance": 0.0, "label": "L", "writer": "bert", "id": "ink-2", "index": 2,
    }  # fmt: skip


def test_match_gives_what_the_library_gives(run):
    corpus = Corpus.open("small")
    index = Index(corpus, "dtw", radius=3)
    asked = FeatureSpec().transform(ink(HOOK, "L", 7))
    expected = index.search(asked, 3)[0]
    done = run("match", "two.jsonl", "--corpus", "small", "-k", "3", "--radius", "3", "--json")
    assert [match["distance"] for match in json_lines(done)[0]["matches"]] == [
        match.distance for match in expected
    ]


def test_match_by_prototypes_says_that_it_is_not_exact(run, tmp_path):
    words = ["match", "two.jsonl", "--corpus", "small", "-k3", "--json"]
    exact = json_lines(run(*words))
    assert [line["exact"] for line in exact] == [True, True]
    for _ in range(2):
        done = run(*words, "--prototypes", "1")
        some = json_lines(done)
        assert [line["exact"] for line in some] == [False, False]
        assert [line["matches"] for line in some] == [line["matches"][:1] for line in exact]
        assert "not exact: searched 33.3 % of 3 entries, those of 1 of 3 prototypes" in done.stderr
        assert (tmp_path / "small" / ".prototypes.npz").exists()
    done = run(*words, "--prototypes", "3")
    assert json_lines(done) == exact
    assert "not exact" not in done.stderr
    for distance in ("cloud", "euclidean_shifted"):
        run(*words, "--prototypes", "2", "--distance", distance)


def test_match_reads_standard_input(run, tmp_path):
    given = (tmp_path / "one.jsonl").read_bytes()
    done = run("match", "-", "--corpus", "small", "-k", "1", "--json", input=given)
    assert json_lines(done)[0]["matches"][0]["label"] == "1"


def test_nothing_near_enough_ends_with_1(run):
    done = run("match", "dot.jsonl", "--corpus", "small", "--cutoff", "0", "-k", "1", code=1)
    assert "no entry is that near" in done.stdout
    done = run(
        "match", "dot.jsonl", "--corpus", "small", "--cutoff", "0", "-k", "1", "--json", code=1
    )
    assert json_lines(done)[0]["matches"] == []


def test_a_corpus_is_built_appended_to_described_and_verified(run):
    run("corpus", "build", "digits", "enrolled.jsonl", "--spec", "x,y,pen_up;steps=16")
    run("corpus", "append", "digits", "two.jsonl", "one.jsonl")
    facts = json_lines(run("corpus", "info", "digits", "--json"))[0]
    assert (facts["entries"], facts["labels"], facts["features"]) == (6, 3, 3)
    shown = run("corpus", "info", "digits").stdout
    assert "steps    16 to 16\n" in shown
    assert "spec     x,y,pen_up;steps=16\n" in shown
    run("corpus", "append", "digits", "one.jsonl", "--threads", "0", code=2)
    assert "6 entries" in run("corpus", "verify", "digits").stdout


def test_a_corpus_goes_through_parquet_unchanged(run):
    run("corpus", "export", "small", "small.parquet")
    run("corpus", "import", "small.parquet", "again")
    one, other = Corpus.open("small"), Corpus.open("again")
    assert one.spec == other.spec
    assert list(one.labels) == list(other.labels)
    assert np.array_equal(one.sequences.values, other.sequences.values)


def test_convert_keeps_what_the_format_can_hold(run):
    run("convert", "two.jsonl", "two.csv")
    run("convert", "two.csv", "again.jsonl")
    done = run("inspect", "again.jsonl", "--json")
    facts = json_lines(done)[0]
    assert (facts["inks"], facts["samples"], facts["labels"]) == (2, 6, 2)


def test_convert_writes_to_standard_output(run, tmp_path):
    done = run("convert", "two.jsonl", "-", "--to", "csv")
    assert done.stdout.startswith("ink,")
    assert len(done.stdout.splitlines()) == 7
    assert not (tmp_path / "-").exists()
    assert "name one with" in run("convert", "two.jsonl", "-", code=2).stderr


def test_inspect_shows_counts_and_a_drawing(run):
    done = run("inspect", "two.jsonl")
    assert "inks                2" in done.stdout
    assert "channels            x, y" in done.stdout
    assert any("\u2800" < character <= "\u28ff" for character in done.stdout)


def test_draw_writes_svg_of_inks_and_of_a_warping_path(run, tmp_path):
    run("draw", "two.jsonl", "-o", "sheet.svg")
    run("draw", "one.jsonl", "dot.jsonl", "--warp", "-o", "path.svg")
    for name in ("sheet.svg", "path.svg"):
        assert ElementTree.parse(tmp_path / name).getroot().tag.endswith("svg")
    done = run("draw", "one.jsonl", "--warp", "-o", "no.svg", code=2)
    assert "--warp draws two files of one ink each; given: 1" in done.stderr


def test_the_same_seed_writes_the_same_ink(run, tmp_path):
    for name, seed in [("a.jsonl", "4"), ("b.jsonl", "4"), ("c.jsonl", "5")]:
        run("synth", name, "--labels", "ab", "--writers", "2", "--seed", seed)
    a, b, c = ((tmp_path / f"{name}.jsonl").read_bytes() for name in "abc")
    assert a == b != c
    assert len(a.splitlines()) >= 4


def test_datasets_are_listed_and_found(run, tmp_path):
    assert "pendigits" in run("datasets", "list").stdout
    assert run("datasets", "path", "demo").stdout.strip()
    done = run("datasets", "fetch", "pendigit", code=2)
    assert "did you mean 'pendigits'?" in done.stderr


def test_demo_shows_five_inks_their_matches_by_both_metrics_and_the_sheet(run, tmp_path):
    done = run("demo")
    assert done.stdout.count("query") == 10
    verdicts = re.findall(r"^(\S+) by (DTW|the learned metric): (\w+)$", done.stdout, re.MULTILINE)
    names, metrics, words = zip(*verdicts, strict=True)
    assert metrics == ("DTW", "the learned metric") * 5
    assert names[::2] == names[1::2]
    assert len(set(names)) == 5
    counts = re.findall(r"^by (.*?) +(\d+) +(\d+)(?:  \(|$)", done.stdout, re.MULTILINE)
    shown = {name: int(count) for name, count, _ in counts}
    whole = {name: int(count) for name, _, count in counts}
    assert shown["DTW"] == words[::2].count("right")
    assert shown["the learned metric"] == words[1::2].count("right")
    for found, n in ((shown, 5), (whole, 248)):
        assert found["both"] + found["DTW alone"] == found["DTW"]
        assert found["both"] + found["the learned metric alone"] == found["the learned metric"]
        assert found["neither"] + found["DTW"] + found["the learned metric alone"] == n
    assert str(tmp_path / "strokesim-demo.svg") in done.stdout
    assert ElementTree.parse(tmp_path / "strokesim-demo.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_code_for_the_shell(run, shell):
    assert "_STROKESIM_COMPLETE" in run("completion", shell).stdout


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["match", "empty.jsonl", "--corpus", "small"], 1, "empty.jsonl: is empty"),
        (["match", "none.jsonl", "--corpus", "small"], 1, "none.jsonl"),
        (["match", "noise.bin", "--corpus", "small"], 1, "noise.bin: is no ink in a known format"),
        (["match", "one.jsonl", "--corpus", "none"], 1, "none"),
        (["match", "one.jsonl", "--corpus", "."], 1, ""),
        (["match", "one.jsonl"], 2, "--corpus"),
        (["match", "--corpus", "small"], 2, "QUERY"),
        (["match", "one.jsonl", "--corpus", "small", "-k", "0"], 2, "-k 0; use"),
        (["match", "one.jsonl", "--corpus", "small"], 2, "-k 5 is more than the 3 entries"),
        (["match", "one.jsonl", "--corpus", "small", "-k", "many"], 2, "many"),
        (["match", "one.jsonl", "--corpus", "small", "-k1", "--distance", "dwt"], 2,
         "did you mean 'dtw'?"),
        (["match", "one.jsonl", "--corpus", "small", "-k1", "--radius", "-1"], 2,
         "--radius -1; use a whole number of steps, at least 0, or leave it out for a free path"),
        (["match", "one.jsonl", "--corpus", "small", "-k1", "--cutoff", "nan"], 2,
         "--cutoff nan; use a distance"),
        (["match", "one.jsonl", "--corpus", "small", "-k1", "--format", "inkm"], 2, "inkml"),
        (["match", "one.jsonl", "--corpus", "small", "-k1", "--threads", "0"], 2,
         "--threads 0; use at least 1, or leave it out"),
        (["match", "one.jsonl", "--corpus", "small", "-k1", "--prototypes", "0"], 2, "0 is not in"),
        (["match", "one.jsonl", "--corpus", "small", "-k1", "--prototypes", "4"], 2,
         "--prototypes 4; use 1 to 3"),
        (["match", "one.jsonl", "--corpus", "small", "-k4", "--prototypes", "1"], 2, "-k 4"),
        (["match", "one.jsonl", "--corpus", "small", "--prototypes", "1", "--distance", "cloud",
          "--radius", "2"], 2, "--radius 2 means nothing to cloud"),
        (["corpus", "append", "small", "one.jsonl", "--threads", "0"], 2, "--threads 0; use"),
        (["draw", "one.jsonl", "one.jsonl", "--warp", "--radius", "-1", "-o", "new.svg"], 2,
         "--radius -1; use"),
        (["match", "one.jsonl", "--corpus", "small", "--prototypes", "1", "--model", "default"], 2,
         "leave out --distance, --radius and --prototypes"),
        (["corpus", "build", "small", "one.jsonl"], 2, "small is a corpus already"),
        (["corpus", "build", "new", "empty.jsonl"], 1, "empty.jsonl"),
        (["corpus", "build", "new", "one.jsonl", "--spec", "x,y,curvatur"], 2, "curvature"),
        (["corpus", "build", "new", "one.jsonl", "--spec", "x,y,speed"], 2, "no t, which"),
        (["corpus", "append", "small", "noise.bin"], 1, "noise.bin"),
        (["corpus", "info", "none"], 1, "none"),
        (["corpus", "verify", "noise.bin"], 1, "noise.bin"),
        (["corpus", "import", "noise.bin", "new"], 1, "noise.bin"),
        (["corpus", "export", "small", "no/folder.parquet"], 1, "no/folder.parquet"),
        (["convert", "one.jsonl", "one.xyz"], 2, "one.xyz"),
        (["convert", "one.jsonl", "no/one.csv"], 1, "cannot write no/one.csv"),
        (["inspect", "empty.jsonl"], 1, "empty.jsonl: is empty"),
        (["draw", "one.jsonl", "-o", "no/one.svg"], 1, "no/one.svg"),
        (["synth", "new.jsonl", "--labels", "ä"], 2, "ä"),
        (["synth", "new.jsonl", "--writers", "0"], 2, "--writers 0"),
        (["synth", "new.jsonl", "--seed", "-1"], 2, "-1 is not in the range"),
        (["demo", "--seed", "-1"], 2, "-1 is not in the range"),
        (["datasets", "path", "nope"], 2, "unknown dataset 'nope'"),
        (["completion", "tcsh"], 2, "tcsh"),
        (["nope"], 2, "nope"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_the_right_code_and_nothing_half_written(
    run, tmp_path, words, code, message
):
    before = sorted(os.listdir(tmp_path))
    done = run(*words, code=code)
    assert message in done.stderr
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1
    assert done.stderr.splitlines()[-1] == errors[0]
    assert sorted(os.listdir(tmp_path)) == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nan.csv", "x,y\n0,0\nnan,1\n", "nan.csv:3: "),
        ("huge.csv", "x,y\n0,0\n1e300,1\n", "huge.csv:3: "),
        ("word.csv", "x,y\n0,0\none,1\n", "word.csv:3: "),
        ("short.csv", "x,y\n0,0\n1\n", "short.csv:3: "),
        ("header.csv", "x,y\n", "header.csv"),
        ("nothing.inkml", '<ink xmlns="http://www.w3.org/2003/InkML"></ink>', "nothing.inkml"),
        ("cut.inkml", '<ink xmlns="http://www.w3.org/2003/InkML"><trace>1 2, 3', "cut.inkml:1: "),
        ("strokeless.unp", '.SEGMENT CHARACTER ? ? "a"\n', "strokeless.unp"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(run, tmp_path, name, content, message):
    (tmp_path / name).write_text(content)
    for words in (["match", name, "--corpus", "small", "-k1"], ["corpus", "build", "new", name]):
        done = run(*words, code=1)
        assert done.stderr.splitlines()[-1].startswith(f"Error: {message}")
        assert done.stdout == ""
    assert not (tmp_path / "new").exists()


def test_one_point_and_constant_ink_match_what_looks_like_them(run, tmp_path):
    dots = [ink([[4, 4]], ".", 1), ink([[7, 7]] * 5, ".", 2), ink(BAR, "1", 3)]
    write_ink(dots, "dots.jsonl")
    run("corpus", "build", "dots", "dots.jsonl")
    lines = json_lines(run("match", "dot.jsonl", "--corpus", "dots", "-k", "2", "--json"))
    assert [match["label"] for match in lines[0]["matches"]] == [".", "."]


def test_a_wrong_suffix_does_not_matter(run, tmp_path):
    (tmp_path / "one.jsonl").rename(tmp_path / "one.inkml")
    run("match", "one.inkml", "--corpus", "small", "-k1")


@pytest.mark.parametrize(
    "words",
    [
        ["corpus", "build", "full/new", "many.jsonl"],
        ["convert", "many.jsonl", "full/many.inkml"],
        ["synth", "full/new.jsonl"],
        ["draw", "many.jsonl", "-o", "full/many.svg"],
    ],
    ids=lambda words: words[0],
)
def test_a_full_disk_is_one_line_and_nothing_half_written(run, tmp_path, words):
    full = tmp_path / "full"
    full.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", full], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small file system cannot be mounted here")
    try:
        points = np.random.default_rng(0).normal(size=(400, 30, 2))
        write_ink([ink(each, "a", number) for number, each in enumerate(points)], "many.jsonl")
        done = run(*words, code=1)
        assert "No space left on device" in done.stderr.splitlines()[-1]
        assert sorted(os.listdir(full)) == []
    finally:
        subprocess.run(["umount", full], check=True)


@pytest.mark.parametrize(
    ("words", "found"), [pytest.param(w, f, id=" ".join(w)) for w, f in every_command()]
)
def test_every_command_has_help_with_an_example(run, words, found):
    shown = run(*words, "--help").stdout
    assert "Example:" in shown
    assert f"strokesim {words[0]}" in shown
    assert all(option.help for option in found.params if isinstance(option, click.Option))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_short_help_is_the_one_of_the_command(name):
    found = command.get_command(click.Context(command), name)
    assert COMMANDS[name] == f"{found.get_short_help_str(200)}"


def test_too_little_memory_is_one_line(run, monkeypatch):
    def refused(*_, **__):
        raise MemoryError

    monkeypatch.setattr("strokesim.cli.match.Index", refused)
    done = run("match", "one.jsonl", "--corpus", "small", code=1)
    assert done.stderr == "Error: out of memory; give fewer inks at once or a smaller corpus\n"


def test_a_name_is_completed_without_importing_what_it_names():
    program = (
        "import sys; from click.shell_completion import ShellComplete as Shell;"
        "from strokesim.cli.main import command;"
        "print(*(i.value for i in Shell(command, {}, 'strokesim', '').get_completions([], 'co')));"
        "print([name for name in sys.modules if name.startswith('strokesim.cli.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "corpus convert completion\n['strokesim.cli.main']\n"


@pytest.mark.parametrize(
    ("columns", "rows"), [("20", 3), ("37", 2), ("50", 1), ("5", 3)], ids=lambda v: str(v)
)
def test_matches_that_a_terminal_has_no_room_for_go_below(run, monkeypatch, columns, rows):
    matches = [Match(number / 4, "L", "anna", f"ink-{number}", number) for number in range(3)]
    asked = ink(HOOK, "L", 7)
    wide = matches_text(asked, matches, None)
    assert wide.splitlines()[1] == "query        L =          L =          L ="
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", columns)
    text = matches_text(asked, matches, None)
    assert max(map(len, text.splitlines())) <= max(int(columns), 24)
    assert text.count("L =") == 3
    assert sum("L =" in line for line in text.splitlines()) == rows
    assert all(line[:11].isspace() for line in text.splitlines()[4:])


PROGRAM = [sys.executable, "-c", "from strokesim.cli.main import main; main()"]


def test_a_pipe_whose_reader_leaves_is_no_error(run):
    # More than a pipe holds, so that it is written to after the reader has left.
    write_ink([ink(HOOK, "L", number) for number in range(3000)], "many.jsonl")
    words = ["match", "many.jsonl", "--corpus", "small", "-k1", "--json"]
    with subprocess.Popen(
        [*PROGRAM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert '"query": "ink-0"' in running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == ""
    assert running.returncode == 1


@pytest.mark.parametrize("options", [["--json"], ["--no-draw"]], ids=" ".join)
def test_results_that_find_no_room_are_one_line(run, options):
    if not os.path.exists("/dev/full"):
        pytest.skip("needs a device that is always full")
    words = [*PROGRAM, "match", "one.jsonl", "--corpus", "small", "-k1", *options]
    with open("/dev/full", "w") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "Error: cannot write the results: No space left on device\n"


def test_every_feature_can_be_named_on_the_command_line(run):
    timed = [name for name, feature in FEATURES.items() if not feature.needs_time]
    untouched = [name for name in timed if not FEATURES[name].needs_pressure]
    run("corpus", "build", "all", "one.jsonl", "--spec", ",".join(untouched))
    assert Corpus.open("all").spec.names == tuple(untouched)


def test_inspect_names_a_file_whose_name_is_not_utf_8_as_other_programs_can_read_it(run):
    name = os.fsdecode(b"a\xff.jsonl")
    try:
        write_ink(ink(BAR, "1", 0), name)
    except OutputError:
        pytest.skip("this file system takes names in UTF-8 only")
    (facts,) = json_lines(run("inspect", name, "--json"))
    assert facts["file"] == "a\ufffd.jsonl"
    assert facts["inks"] == 1


UNIPEN = """.COORD X Y T
.HIERARCHY WORD CHARACTER
.SEGMENT WORD 0-1 OK "ab"
.SEGMENT CHARACTER 0 OK "a"
.PEN_DOWN
1 2 0
3 4 2000000
.PEN_UP
.PEN_DOWN
5 6 4000000
"""


def test_unipen_is_read_at_the_level_and_with_the_unit_that_the_format_says(run):
    Path("a.unipen").write_text(UNIPEN)
    (every,) = json_lines(run("inspect", "a.unipen", "--json"))
    assert every["inks"] == 2
    said = "unipen;level=WORD;time_unit=us"
    (words,) = json_lines(run("inspect", "a.unipen", "--json", "--format", said))
    assert (words["inks"], words["samples per second"]) == (1, 0.5)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("unipen;lev=WORD", "unipen alone has settings: level, root, time_unit"),
        ("inkml;level=WORD", "unipen alone has settings"),
        ("unipen;time_unit=mn", "unknown time unit 'mn'"),
    ],
)
def test_settings_that_a_format_does_not_have_are_refused(run, said, message):
    done = run("inspect", "one.jsonl", "--format", said, code=2)
    assert message in " ".join(done.stderr.split())


def test_of_long_labels_and_writers_the_end_is_shown():
    label, writer = "Greek/character05", "writer-of-page-17"
    matches = [Match(0.25, label, writer, "ink-1", 1), Match(0.5, "Greek/character06", "w", "i", 2)]
    _, *lines = matches_text(ink(HOOK, label, 7), matches, None).splitlines()
    assert lines[0] == "query        ~racter05 =  ~haracter06"
    assert lines[1] == "~haracter05  0.25         0.5"
    assert lines[2] == "             ~of-page-17  w"
