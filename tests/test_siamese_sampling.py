"""What training learns from: numbers for classes and writers, held-back parts, batches."""

import numpy as np
import pytest

from strokesim import Corpus, FeatureSpec
from strokesim.errors import ArgumentError, SpecError, UnknownNameError
from strokesim.ink import Ink
from strokesim.ragged import Ragged
from strokesim.siamese.examples import NONE, examples_of, hold_back
from strokesim.siamese.sampling import ClassSampler
from strokesim.siamese.settings import TrainingSettings
from strokesim.siamese.validation import score


def examples(rows, lengths=None):
    """Return examples of (label, writer), each a sequence of one feature that tells its place."""
    lengths = [2] * len(rows) if lengths is None else lengths
    arrays = [np.full((n, 1), i, np.float32) for i, n in enumerate(lengths)]
    labels, writers = zip(*rows, strict=True)
    return examples_of(Corpus.from_arrays(arrays, labels=labels, writers=writers), None)


def grid(labels, writers, repeats=1):
    return [(label, writer) for label in labels for writer in writers for _ in range(repeats)]


def sampler(given, **options):
    return ClassSampler(given, TrainingSettings(**{"same_alphabet": 0.0, **options}))


def batches(drawing, count=30):
    return [drawing.batch(np.random.default_rng(seed)) for seed in range(count)]


def test_labels_writers_and_alphabets_are_numbered():
    given = examples([("G/b", "w"), (None, "v"), ("G/a", None), ("x", "v")])
    assert given.names == ("G/a", "G/b", "x")
    assert given.classes.tolist() == [1, NONE, 0, 2]
    assert given.writers.tolist() == [1, 0, NONE, 0]
    assert given.alphabets[0] == given.alphabets[2] != given.alphabets[3]


def test_examples_of_inks_remember_the_inks_and_the_features():
    inks = [Ink.from_arrays([[[0, 0], [i, 4]]], label="a", id=f"ink-{i}") for i in range(3)]
    given = examples_of(inks, FeatureSpec(steps=4)).take([2, 0])
    assert given.ids == ("ink-2", "ink-0")
    assert np.array_equal(given.sequences[0], FeatureSpec(steps=4).transform(inks[2]))
    rng = np.random.default_rng(0)
    drawn = given.drawn([1], lambda ink, rng: inks[1], rng, 1)
    assert np.array_equal(drawn[0], FeatureSpec(steps=4).transform(inks[1]))
    assert np.array_equal(given.drawn([1], None, rng, 1)[0], given.sequences[1])


def test_a_fingerprint_changes_with_features_labels_writers_and_order():
    rows = [("a", "v"), ("b", "w"), ("a", "w")]
    prints = {
        examples(rows).fingerprint(),
        examples(rows[::-1]).fingerprint(),
        examples([("a", "v"), ("c", "w"), ("a", "w")]).fingerprint(),
        examples([("a", "v"), ("b", "v"), ("a", "w")]).fingerprint(),
        examples(rows, [2, 2, 3]).fingerprint(),
    }
    assert len(prints) == 5
    assert examples(rows).fingerprint() in prints


def test_a_corpus_of_another_spec_or_nothing_at_all_is_refused():
    corpus = Corpus.from_arrays([[1.0]], labels=["a"])
    with pytest.raises(SpecError, match="was asked for"):
        examples_of(corpus, FeatureSpec())
    with pytest.raises(ArgumentError, match="there is no ink to learn from"):
        examples_of([], None)
    with pytest.raises(ArgumentError, match="needed: Ink"):
        examples_of([3], None)


def test_a_batch_has_m_samples_of_each_of_n_classes():
    drawing = sampler(examples(grid("abcdef", "uvw", 2)), classes_per_batch=4, samples_per_class=3)
    classes = examples(grid("abcdef", "uvw", 2)).classes
    seen = set()
    for batch in batches(drawing):
        counts = np.bincount(classes[batch], minlength=6)
        assert sorted(counts) == [0, 0, 3, 3, 3, 3]
        assert len(set(batch.tolist())) == 12
        seen |= set(batch.tolist())
    assert seen == set(range(36))


def test_positives_are_by_different_writers_as_long_as_there_are_any():
    rows = [*[("a", "u")] * 8, ("a", "v"), ("a", "w"), *grid("b", "uv", 4)]
    given = examples(rows)
    for batch in batches(sampler(given, samples_per_class=4)):
        of_a = given.writers[batch][given.classes[batch] == 0].tolist()
        of_b = given.writers[batch][given.classes[batch] == 1].tolist()
        assert sorted(of_a) == [0, 0, 1, 2]
        assert sorted(of_b) == [0, 0, 1, 1]


def test_unknown_writers_count_as_different_ones():
    given = examples([*[("a", None)] * 4, *[("a", "u")] * 4, *grid("b", "uv")])
    for batch in batches(sampler(given, samples_per_class=5)):
        of_a = given.writers[batch][given.classes[batch] == 0]
        assert (of_a == NONE).sum() == 4


def test_negatives_are_of_the_same_alphabet_on_request():
    given = examples(grid(["G/a", "G/b", "G/c", "L/a", "L/b", "L/c"], "uv"))
    options = {"classes_per_batch": 3, "samples_per_class": 2}
    for batch in batches(sampler(given, same_alphabet=1.0, **options)):
        assert len(set(given.alphabets[batch].tolist())) == 1
        assert len(set(given.classes[batch].tolist())) == 3
    mixed = batches(sampler(given, same_alphabet=0.0, **options))
    assert any(len(set(given.alphabets[batch].tolist())) == 2 for batch in mixed)


def test_an_alphabet_too_small_for_a_batch_is_filled_up_from_those_turned_alike():
    turned = ["m/G/a", "m/G/b", "m/L/a", "m/L/b", "m/L/c"]
    labels = sorted([*turned, *(label.removeprefix("m/") for label in turned)])
    given = examples(grid(labels, "uv"))
    for count in (4, 5, 7):
        options = {"classes_per_batch": count, "samples_per_class": 2, "same_alphabet": 1.0}
        for batch in batches(sampler(given, **options)):
            drawn = [given.names[c] for c in np.unique(given.classes[batch])]
            assert len(drawn) == count
            alike = sum(label.startswith("m/") for label in drawn)
            assert max(alike, count - alike) == min(count, 5)
            whole = [
                n
                for n in ("G", "L", "m/G", "m/L")
                if sum(label.startswith(f"{n}/") for label in drawn) == 2 + n.endswith("L")
            ]
            assert whole  # the alphabet that was drawn is there with all of its classes


def test_classes_of_a_batch_are_of_similar_length_on_request():
    labels = [f"{i:02}" for i in range(20)]
    given = examples(grid(labels, "uv"), [2 ** (1 + i // 4) for i in range(40)])
    options = {"classes_per_batch": 4, "samples_per_class": 2}
    lengths = given.sequences.lengths

    def spread(drawing):
        return np.mean([np.ptp(np.log(lengths[batch])) for batch in batches(drawing)])

    assert spread(sampler(given, similar_length=True, **options)) < 0.5 * spread(
        sampler(given, **options)
    )


def test_classes_of_one_sample_and_ink_without_label_are_left_out_and_counted():
    drawing = sampler(examples([*grid("ab", "uv"), ("c", "u"), (None, "u")]))
    assert (drawing.n_alone, drawing.n_unlabelled) == (1, 1)
    assert set(np.concatenate(batches(drawing)).tolist()) == {0, 1, 2, 3}


def test_what_cannot_be_learned_from_is_refused():
    with pytest.raises(ArgumentError, match="none of the 2 inks has a label"):
        sampler(examples([(None, "u"), (None, "v")]))
    with pytest.raises(ArgumentError, match="1 of 3 classes have two samples"):
        sampler(examples([("a", "u"), ("a", "v"), ("b", "u"), ("c", "u")]))


def test_held_back_alphabets_share_neither_class_nor_writer_with_training():
    rows = [
        (f"{alphabet}/{c}", f"{alphabet}{w}") for alphabet in "GLKS" for c in "abc" for w in "12"
    ]
    given = examples(rows)
    training, validation = hold_back(given, 0.25, np.random.default_rng(0), by="classes")
    assert (len(training), len(validation)) == (18, 6)
    assert len(set(given.alphabets[validation].tolist())) == 1
    assert not set(given.classes[training].tolist()) & set(given.classes[validation].tolist())


@pytest.mark.parametrize("seed", range(5))
def test_held_back_classes_are_by_held_back_writers(seed):
    given = examples([*grid("abcdefghij", "qrstuvwxyz"), (None, "q")])
    training, validation = hold_back(given, 0.2, np.random.default_rng(seed), by="classes")
    for numbers in (given.classes, given.writers):
        assert not set(numbers[training].tolist()) & set(numbers[validation].tolist())
    assert len(validation) == 2 * 2
    assert (given.classes[training] != NONE).sum() == 8 * 8


def test_held_back_writers_write_the_classes_of_training():
    given = examples(grid("abc", "uvwxyz"))
    training, validation = hold_back(given, 0.3, np.random.default_rng(0), by="writers")
    assert not set(given.writers[training].tolist()) & set(given.writers[validation].tolist())
    assert (len(training), len(validation)) == (12, 6)


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(ArgumentError, match="use a share between 0 and 1"):
        hold_back(examples(grid("abcd", "uv")), share, np.random.default_rng(0), by="classes")


@pytest.mark.parametrize("writer", [None, "q"])
def test_ink_without_writers_is_held_back_by_its_classes(writer):
    given = examples([(label, None) for label in "abcdef"] + [("a", writer), ("b", writer)] * 2)
    training, validation = hold_back(given, 0.2, np.random.default_rng(0), by="classes")
    assert len(np.unique(given.classes[training])) == 4
    assert len(np.unique(given.classes[validation])) == 2
    unknown = given.writers == NONE
    assert unknown[training].any()
    assert unknown[validation].any()


def test_too_little_to_hold_anything_back_is_refused():
    rng = np.random.default_rng(0)
    for writers, by in [("u", "classes"), ("uv", "classes"), ("u", "writers")]:
        with pytest.raises(
            ArgumentError, match=f"known writers of labelled ink: {len(writers)}, too few"
        ):
            hold_back(examples(grid("abc", writers)), 0.3, rng, by=by)
    for rows in (grid("abc", "uvwxyz"), [(label, None) for label in "abc"]):
        with pytest.raises(ArgumentError, match="fewer than two classes remain to train on"):
            hold_back(examples(rows), 0.3, rng, by="classes")
    with pytest.raises(ArgumentError, match="known writers of labelled ink: 0, too few"):
        hold_back(examples([(label, None) for label in "abc"]), 0.3, rng, by="writers")


def test_the_score_is_that_of_loops():
    rng = np.random.default_rng(5)
    rows = [*grid(["G/a", "G/b", "G/c"], "uvw"), *grid(["L/a", "L/b"], "xy", 2), ("L/c", "x")]
    rng.shuffle(rows)
    given = examples([tuple(row) for row in rows])
    points = rng.integers(0, 4, (len(rows), 2)).astype(np.float32)
    found = score(Ragged(points, np.arange(len(rows) + 1)), given)
    wrong = []
    for alphabet in "GL":
        inside = [i for i, (label, _) in enumerate(rows) if label[0] == alphabet]
        for writer in sorted({rows[i][1] for i in inside}):
            support = {}
            for i in inside:
                if rows[i][1] == writer:
                    support.setdefault(rows[i][0], i)
            for query in inside:
                if rows[query][1] != writer and rows[query][0] in support:
                    order = sorted(support)
                    gaps = [
                        float(np.linalg.norm(points[query] - points[support[c]])) for c in order
                    ]
                    wrong.append(order[gaps.index(min(gaps))] != rows[query][0])
    assert found.n_trials == len(wrong) == 18 + 8
    assert found.one_shot_error == pytest.approx(np.mean(wrong))


def test_repetitions_of_one_writer_stand_for_writers():
    given = examples(grid("ab", "u", 3))
    points = np.array([[0], [0], [9], [9], [9], [9]], np.float32)
    found = score(Ragged(points, np.arange(7)), given)
    # Repetition 2 of "a" looks like "b": as a query it is wrong twice; as support it ties with
    # "b", where the earlier class wins, so four queries answer "a", two of them wrong.
    assert found.n_trials == 12
    assert found.one_shot_error == pytest.approx((2 + 2) / 12)


def test_nothing_to_compare_scores_nothing():
    found = score(
        Ragged(np.zeros((2, 1), np.float32), np.arange(3)), examples([("a", "u"), ("b", "v")])
    )
    assert found.n_trials == 0
    assert np.isnan(found.one_shot_error)


def test_margin_and_temperature_move_from_the_first_number_to_the_second():
    settings = TrainingSettings(loss="linear", margin=(0.5, 1.5), steps=11)
    assert [settings.option(step)["margin"] for step in (0, 5, 10, 99)] == [0.5, 1.0, 1.5, 1.5]
    assert TrainingSettings(loss="triplet", margin=0.3).option(7) == {"margin": 0.3}
    assert TrainingSettings(loss="nt-xent").option(7) == {"temperature": 0.1}


def test_the_learning_rate_grows_to_its_peak_and_falls_as_a_cosine():
    settings = TrainingSettings(learning_rate=1.0, warm_up=4, steps=104)
    assert [settings.rate(step) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert settings.rate(54) == pytest.approx(0.505)
    assert settings.rate(104) == pytest.approx(0.01)


def test_settings_survive_being_stored():
    settings = TrainingSettings(loss="linear", margin=(0.5, 1.0), miner="hard", clip=5.0)
    assert TrainingSettings.from_dict(settings.to_dict()) == settings
    with pytest.raises(UnknownNameError, match="unknown training setting 'stpes'; did you mean"):
        TrainingSettings.from_dict({"stpes": 3})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"loss": "linear", "margin": 0}, "margin=0; use numbers above 0, .* .a margin of 0 keeps"),
        ({"loss": "linear", "margin": (1.0, 0.0)}, "use numbers above 0"),
        ({"loss": "linear", "margin": (1, 2, 3)}, "the first and the last of two"),
        ({"loss": "linear", "temperature": 0.1}, "temperature=0.1 means nothing to .*'linear'"),
        ({"temperature": float("nan")}, "use numbers above 0"),
        ({"miner": "hard"}, "looks at whole batches; losses that take triplets: linear"),
        ({"loss": "contrastive"}, "unknown loss 'contrastive'; did you mean"),
        ({"miner": "easy"}, "unknown miner"),
        ({"hold_back": "class"}, "did you mean 'classes'"),
        ({"steps": 0}, "steps=0; use a whole number from 1 to 1,000,000,000"),
        ({"samples_per_class": 1}, "samples_per_class=1; .* from 2 to"),
        ({"same_alphabet": 1.5}, "same_alphabet=1.5; use a number from 0 to 1"),
        ({"learning_rate": 0}, "both are above 0"),
        ({"weight_decay": float("nan")}, "weight_decay=nan"),
    ],
)
def test_settings_that_mean_nothing_are_refused(options, message):
    with pytest.raises(ArgumentError, match=message):
        TrainingSettings(**options)
