"""Hints in every state: what a hint says is so, and what it tells to type can be typed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import suppress

import pytest

from labkit.course.exercise import Exercise, run_script
from labkit.course.lesson import all_exercises
from labkit.course.practice import Practice
from labkit.lessons import LESSONS

EXERCISES = all_exercises(LESSONS)
each_exercise = pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)

COMMAND = re.compile(r"`(docker (?:diff|history|image|inspect|run|rmi|exec|start) [^`…A-Z]*)`")
ABSENT = re.compile(r"There is no (?:image )?`([^`]+)`|and there is none|is removed|not in the cache")


def given(practice: Practice) -> Iterator[str]:
    """Give the texts of all hints that are given in a state, one after the other."""
    while hint := practice.next_hint():
        if hint.key == "form" or hint.key in practice._given:
            yield hint.text
            return
        assert hint.when(practice.attempt).met
        practice._given.append(hint.key)
        yield hint.text


def check_hints(practice: Practice) -> None:
    """Assert that no hint names an object that is not there as if it were."""
    lab = practice.lab
    names = {name for each in (practice.exercise.fresh_lab(), lab) for name in names_of(each)}
    there = names_of(lab)
    goal = {name for each in practice.exercise.goal for name in re.findall(r"`([a-z][\w:.-]*)`", each.says)}
    missing = goal & (names | {name for name in goal if ":" in name}) - there
    for text in given(practice):
        for command in COMMAND.findall(text):
            if " " in command.partition(" ")[2] and command != "docker image inspect":
                at = lab.at
                assert lab.shell(command).exit_code == 0, (text, command)
                lab.go(at)
        if ABSENT.search(text) or "start" in text:
            continue
        for name in missing:
            assert not re.search(rf"`{re.escape(name)}` (?:is|has|does|stands|still)\b", text), text
        named = {word for word in re.findall(r"`([^`]+)`", text) if word in names}
        assert named <= there, text


def names_of(lab: object) -> set[str]:
    """Return the names of a lab's images and containers."""
    from labkit.lab import Lab

    assert isinstance(lab, Lab)
    tags = lab.docker("images --format '{{.Repository}} {{.Repository}}:{{.Tag}}'").text.split()
    return {*tags, *(each.name for each in lab.containers)}


@each_exercise
def test_at_its_start_and_after_each_script(exercise: Exercise) -> None:
    scripts = ["", exercise.solution, *exercise.ways, *(wrong.script for wrong in exercise.wrong)]
    for script in scripts:
        practice = Practice(exercise)
        run_script(script, practice.lab, ex=practice)
        check_hints(practice)


RANDOM = (
    "docker pull busybox",
    "docker pull python",
    "docker rm -f {box}",
    "docker rmi -f {image}",
    "docker tag {image} {other}",
    "docker tag busybox {other}",
    "docker stop {box}",
    "docker start {box}",
    "docker rename {box} renamed",
    "docker commit {box} {other}",
    "docker run -dit --name again {image}",
    "docker exec {box} sh -c 'rm -rf /data /srv /var/log'",
    "docker system prune -a -f",
    "docker system prune -a -f --volumes",
    "docker images",
)


@each_exercise
@pytest.mark.parametrize("seed", range(6))
def test_after_random_commands(exercise: Exercise, seed: int) -> None:
    chance = random.Random(f"{exercise.id} {seed}")
    practice = Practice(exercise)
    boxes = [each.name for each in practice.lab.containers] or ["box"]
    images = [*sorted(names_of(practice.lab)), "shop:debug", "tool:small", "my-python", "mysql:8.0.16"]
    for _ in range(5):
        line = chance.choice(RANDOM)
        practice.lab.shell(
            line.format(box=chance.choice(boxes), image=chance.choice(images), other=chance.choice(images))
        )
        if chance.random() < 0.4 and exercise.asks:
            wrong = chance.choice(exercise.wrong).script
            lines = [each for each in wrong.splitlines() if "ex.answer" in each]
            with suppress(NameError):  # an answer that a line above it worked out
                run_script("\n".join(lines), practice.lab, ex=practice)
        practice._given.clear()
        check_hints(practice)
        card = practice.check()
        assert card.lines
