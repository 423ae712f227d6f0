"""The catalogue of exercises: every start, every solution and every wrong answer is replayed."""

from __future__ import annotations

import re

import pytest

from labkit.base.errors import NotFound
from labkit.course.exercise import Exercise, run_script, statements
from labkit.course.lesson import all_exercises, find_exercise
from labkit.course.practice import Practice
from labkit.course.verify import Replay, replays, summary
from labkit.lessons import LESSONS
from tests.notebooks.test_notebooks import SLIDES

EXERCISES = all_exercises(LESSONS)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)


@each_exercise
def test_its_start_and_wrong_answers_do_not_pass_and_its_solution_does(exercise: Exercise) -> None:
    assert [each for each in replays(exercise) if each.problem] == []


@each_exercise
def test_its_texts_are_whole(exercise: Exercise) -> None:
    texts = [exercise.prompt, exercise.title, exercise.why, *(hint.text for hint in exercise.hints)]
    texts += [statement.says for statement in statements(exercise)]
    assert all(texts)
    assert [text for text in texts if text.count("`") % 2] == []
    assert exercise.slide in SLIDES
    assert len(exercise.wrong) >= 2


@each_exercise
def test_its_hints_have_names_of_their_own_and_each_wrong_answer_names_one(exercise: Exercise) -> None:
    keys = [hint.key for hint in exercise.hints]
    assert len(set(keys)) == len(keys)
    assert {wrong.hint for wrong in exercise.wrong} <= set(keys)


@each_exercise
def test_its_check_never_says_the_answer(exercise: Exercise) -> None:
    """What a check says of a start or a wrong answer holds no answer that the solution gives."""
    solved = Practice(exercise)
    run_script(exercise.solution, solved.lab, ex=solved)
    answers = [str(value) for value in solved.answers.values() if len(str(value)) > 2]
    for script in ("", *(wrong.script for wrong in exercise.wrong)):
        practice = Practice(exercise)
        run_script(script, practice.lab, ex=practice)
        given = " ".join(map(str, practice.answers.values()))
        said = practice.check().text
        assert [each for each in answers if each in said and each not in given] == []


def test_there_are_enough_of_them_for_every_lesson() -> None:
    assert len(EXERCISES) >= 14
    assert [lesson.notebook for lesson in LESSONS[1:] if len(lesson.exercises) < 2] == []
    assert len({each.id for each in EXERCISES}) == len(EXERCISES)


# Other ways to the goal than the solution's

OTHER_WAYS = {
    "a tag pulled and deleted again": (
        "01-one-layer",
        "%docker pull registry.lab/shop:1\n%docker pull registry.lab/shop:3\n%docker rmi registry.lab/shop:3",
    ),
    "three layers by two commits": (
        "01-three-layers",
        """
box = lab.run("ubuntu:15.04", name="one")
box.exec("mkdir -p /usr/lib/python2.7; head -c 4000000 /dev/zero > /usr/lib/python2.7/flask.so")
%docker commit one first
%docker run -dit --name two first
%docker exec two sed -i s/SSLv3/TLSv1.2/ /etc/ssl/openssl.cnf
%docker commit two my-python
""",
    ),
    "a shared base by a commit": (
        "02-shared-base",
        """
%docker run -dit --name box alpine
%docker exec box sh -c 'mkdir -p /srv; echo berlin,3645 > /srv/table.csv'
%docker commit box data
""",
    ),
    "a letter piped into another container": (
        "03-rescue",
        """
%docker start writer
%docker run -dit --name safe busybox
%docker exec safe mkdir /data
lab.shell("docker exec writer cat /data/letter.txt | docker exec -i safe sh -c 'cat > /data/letter.txt'")
%docker rm -f writer
""",
    ),
    "space freed image by image": (
        "03-free-space",
        "%docker rm import hello\n%docker rmi mysql:8.0.15 python busybox",
    ),
    "a log deleted and made anew": (
        "04-empty-log",
        "%docker exec app rm /var/log/app.log\n%docker exec app touch /var/log/app.log",
    ),
    "a small tool by one step of a build": (
        "04-no-smaller",
        """
step = "head -c 3000000 /src/source > /bin/tool; rm -r /src"
lab.build("tool:small", ["FROM busybox", "RUN mkdir /src; head -c 60000000 /dev/zero > /src/source; " + step])
ex.answer(why="Because the file is still in the layer below; `rm` only hides it.")
""",
    ),
    "zfs": ("05-choose-a-driver", 'ex.answer("ZFS")'),
    "devicemapper": ("05-choose-a-driver", 'ex.answer(driver=" devicemapper ")'),
    "the command as a list": (
        "06-what-would-run",
        'ex.answer(command=["python3", "/srv/shop.py", "--port", "8000"], port="8000", currency="eur")',
    ),
    "metadata by a commit": (
        "06-metadata-only",
        """
%docker create --name box shop
%docker commit --change 'ENV DEBUG=1' --change 'CMD ["sh"]' box shop:debug
""",
    ),
    "the whole digest": (
        "07-image-id",
        """
text = lab.docker("image inspect -f '{{index .RepoDigests 0}}' python").text
ex.answer(text.strip().partition("@")[2])
""",
    ),
}


@pytest.mark.parametrize(("name", "script"), OTHER_WAYS.values(), ids=list(OTHER_WAYS))
def test_another_way_to_the_goal_passes_too(name: str, script: str) -> None:
    practice = Practice(find_exercise(LESSONS, name))
    assert run_script(script, practice.lab, ex=practice) == []
    assert practice.check().correct, practice.check()


NEAR_MISSES = {
    "all of the layers, on another base": (
        "01-three-layers",
        """
steps = ["FROM scratch", "COPY flask.so /usr/lib/python2.7/", "COPY openssl.cnf /etc/ssl/"]
lab.build("my-python", steps, {"flask.so": 4_000_000, "openssl.cnf": "MinProtocol = TLSv1.2"})
""",
        "base",
    ),
}


@pytest.mark.parametrize(("name", "script", "hint"), NEAR_MISSES.values(), ids=list(NEAR_MISSES))
def test_a_near_miss_does_not_pass_and_gets_its_hint(name: str, script: str, hint: str) -> None:
    practice = Practice(find_exercise(LESSONS, name))
    assert run_script(script, practice.lab, ex=practice) == []
    assert not practice.check().correct
    found = practice.next_hint()
    assert found is not None
    assert found.key == hint


# What verifying finds


def test_what_fails_is_named() -> None:
    found = [Replay("a", "start"), Replay("a", "solution", "%docker images", "its check says almost")]
    line, problems = summary(found)
    assert re.match(r"1 exercises: 0 solutions", line)
    assert problems == ["a: solution (%docker images): its check says almost"]


def test_an_unknown_exercise_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="did you mean 02-shared-base"):
        find_exercise(LESSONS, "02-shared-bass")
    with pytest.raises(NotFound, match="lists them"):
        find_exercise(LESSONS, "?")
