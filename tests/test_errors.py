"""The exception tree and its messages."""

import pickle

import pytest

from strokesim import errors

RAISED = [
    errors.ArgumentError("no"),
    errors.UnknownNameError("distance", "dwt", ["dtw", "cloud"]),
    errors.SpecError("no"),
    errors.InkError("no"),
    errors.FormatError("bad number", "a.inkml", 214),
    errors.CorpusError("no"),
    errors.DatasetError("no"),
    errors.ModelError("no"),
    errors.TrainingError("no"),
    errors.MissingExtraError("no"),
    errors.OutputError("no"),
]


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_every_error_is_ours_documented_and_survives_pickling(error):
    assert isinstance(error, errors.StrokesimError)
    assert type(error).__name__ in errors.__doc__
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)


def test_every_error_class_is_tried_here():
    classes = {
        value for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.StrokesimError)
    }  # fmt: skip
    assert classes == {type(error) for error in RAISED} | {errors.StrokesimError}


def test_mistakes_of_a_caller_are_value_errors_and_end_with_2():
    for error in RAISED:
        assert (error.exit_code == 2) == isinstance(error, errors.ArgumentError)
    assert issubclass(errors.ArgumentError, ValueError)


def test_an_unknown_name_is_answered_with_the_likely_one_and_all_known():
    assert str(errors.UnknownNameError("distance", "dwt", ["dtw", "cloud"])) == (
        "unknown distance 'dwt'; did you mean 'dtw'? known: cloud, dtw"
    )
    assert "did you mean 'dtw'?" in str(errors.UnknownNameError("distance", "DTW", ["dtw"]))
    assert str(errors.UnknownNameError("distance", "zzz", ["dtw"])) == (
        "unknown distance 'zzz'; known: dtw"
    )


def test_a_format_error_names_file_and_line_as_far_as_known():
    assert str(errors.FormatError("bad", "a.inkml", 214)) == "a.inkml:214: bad"
    assert str(errors.FormatError("bad", "a.inkml")) == "a.inkml: bad"
    assert str(errors.FormatError("bad")) == "bad"
