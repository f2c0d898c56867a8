from colorear.evaluation.report.english import ENGLISH
from colorear.evaluation.report.spanish import SPANISH
from colorear.evaluation.scores import VALUES
from made_scores import SEVEN


def test_both_languages_say_the_same_things_about_the_same_values():
    assert SPANISH.phrases.keys() == ENGLISH.phrases.keys()
    for key in ENGLISH.phrases:
        assert SPANISH.fields(key) == ENGLISH.fields(key), key


def test_both_languages_have_the_same_names():
    assert SPANISH.names.keys() == ENGLISH.names.keys()
    assert SPANISH.definitions.keys() == ENGLISH.definitions.keys() >= {*VALUES, *SEVEN}
