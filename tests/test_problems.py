"""Every error of ours has words for people."""

import string

import pytest

from service.web.problems import FIELD_FAULTS, PROBLEMS, Problem
from voiceover.errors import VoiceoverError


def family(root: type[VoiceoverError]) -> list[type[VoiceoverError]]:
    return [root, *(member for child in root.__subclasses__() for member in family(child))]


@pytest.mark.parametrize("kind", [k for k in family(VoiceoverError) if k.__module__ == "voiceover.errors"])
def test_every_error_has_a_sentence(kind: type[VoiceoverError]) -> None:
    assert kind.code in PROBLEMS


@pytest.mark.parametrize("problem", PROBLEMS.values())
def test_both_languages_tell_the_same_facts(problem: Problem) -> None:
    def facts(template: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    assert facts(problem.ru) == facts(problem.en)
    assert 400 <= problem.status < 600


def test_faults_of_fields_are_in_both_languages() -> None:
    assert all(ru and en and ru != en for ru, en in FIELD_FAULTS.values())
