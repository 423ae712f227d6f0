"""Working on an exercise: the outcomes, hints one at a time, undo, reset and the price of a solution."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from labkit.base.errors import LabkitError
from labkit.course.exercise import Exercise, Mark, Outcome, run_script
from labkit.course.lesson import all_exercises, find_exercise
from labkit.course.practice import Practice
from labkit.course.progress import Score, record
from labkit.lessons import LESSONS

BASE = "02-shared-base"


def begin(name: str) -> Practice:
    return Practice(find_exercise(LESSONS, name))


# The outcomes


def test_not_attempted_is_a_lab_that_nothing_has_changed() -> None:
    ex = begin(BASE)
    ex.lab.docker("images")
    ex.lab.wait(60)
    assert ex.check().outcome is Outcome.NOT_ATTEMPTED


def test_not_defined_is_a_goal_whose_image_is_not_there() -> None:
    ex = begin(BASE)
    ex.lab.docker("rmi data")
    assert ex.check().outcome is Outcome.NOT_DEFINED
    assert "There is no image `data`." in ex.check().text


def test_not_defined_is_an_answer_that_is_missing() -> None:
    ex = begin("06-what-would-run")
    ex.answer(port=8000)
    assert ex.check().outcome is Outcome.NOT_DEFINED


def test_keep_working_is_a_goal_that_has_not_come_nearer() -> None:
    ex = begin(BASE)
    ex.lab.docker("run busybox true")
    assert ex.check().outcome is Outcome.KEEP_WORKING


def test_almost_is_all_but_one_with_something_gained() -> None:
    ex = begin("03-rescue")
    ex.lab.docker("commit writer letters")
    assert ex.check().outcome is Outcome.ALMOST


def test_lost_is_what_nothing_has_any_more_and_no_hint_says_almost() -> None:
    ex = begin("03-rescue")
    ex.lab.docker("rm writer")
    card = ex.check()
    assert card.outcome is Outcome.LOST
    assert card.lines[0].mark is Mark.LOST
    assert "writer" not in card.lines[0].text
    assert "`ex.undo()`" in card.foot
    assert "`ex.undo()`" in ex.hint().text
    ex.undo()
    assert ex.check().outcome is Outcome.NOT_ATTEMPTED


@pytest.mark.parametrize(
    "keep",
    [
        "docker cp writer:/data/letter.txt .",
        "docker export writer > all.tar",
        "docker cp writer:/data/letter.txt kept; docker run --rm -v vol:/x -i busybox tee /x/y < kept",
        "docker commit writer kept; docker save kept > kept.tar; docker rmi kept",
    ],
)
def test_what_a_file_at_home_or_a_volume_still_has_is_not_lost(keep: str) -> None:
    ex = begin("03-rescue")
    ex.lab.shell(keep)
    ex.lab.docker("rm writer")
    assert ex.check().outcome is not Outcome.LOST
    assert ex.next_hint() is not None
    assert ex.next_hint().key == "elsewhere"  # type: ignore[union-attr]


def test_correct_is_all_of_the_goal() -> None:
    ex = begin("03-rescue")
    ex.lab.docker("commit writer letters")
    ex.lab.docker("rm writer")
    assert ex.check().outcome is Outcome.CORRECT
    assert ex.check().correct


# Hints


def test_hints_come_one_at_a_time_and_end() -> None:
    ex = begin("03-rescue")
    cards = [ex.hint() for _ in range(5)]
    assert [card.title for card in cards] == ["Hint 1", "Hint 2", "Hint 3", "Hint 4", "Hint 4"]
    assert ["another hint" in card.foot for card in cards] == [True, True, True, False, False]
    assert len({card.lines for card in cards}) == 4


def test_the_last_hint_is_a_step_that_leads_on_and_the_steps_lead_to_the_goal() -> None:
    ex = begin("03-rescue")
    for _ in range(2):
        while ": `%docker " not in (said := ex.hint().lines[0].text):
            pass
        ex.lab.docker(said.split("`%docker ")[1].rstrip("`"))
    assert ex.check().correct


def test_no_step_is_given_where_nothing_leads_on_or_that_is_an_answer() -> None:
    ex = begin("03-rescue")
    ex.lab.docker("rm writer")
    assert "tried" not in "".join(ex.hint().text for _ in range(6))
    assert "tried" not in "".join(begin("07-wrong-statement").hint().text for _ in range(1))


def test_a_hint_is_counted_once_and_none_after_it_is_solved() -> None:
    events: list[Mapping[str, object]] = []
    ex = Practice(find_exercise(LESSONS, "03-rescue"), lambda name, event: events.append(event) or "")  # type: ignore[func-returns-value]
    ex.hint()
    ex.reset()
    ex.hint()
    assert events == [{"hints": 1}]
    run_script(ex.exercise.solution, ex.lab)
    ex.check()
    ex.reset()
    ex.hint()
    ex.hint()
    assert [event for event in events if "hints" in event] == [{"hints": 1}]


# What was done comes back


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LABKIT_DATA", str(tmp_path))
    return tmp_path


def kept(name: str) -> Practice:
    return Practice(find_exercise(LESSONS, name), record, called="ex_it")


def test_a_lab_comes_back_as_it_was_left_and_reset_begins_anew(data: Path) -> None:
    first = kept("03-rescue")
    for line in ("commit writer letters", "ps -a", "rm writer"):
        first.lab.docker(line)
    second = kept("03-rescue")
    assert "Your 2 commands were given again; `ex_it.reset()` begins anew." in second.prompt.text
    assert second.check().correct
    assert "Solved in 2 commands; the shortest way that is known takes 2." in second.check().text
    second.reset()
    assert kept("03-rescue").check().outcome is Outcome.NOT_ATTEMPTED


def test_undo_and_lines_in_a_container_s_shell_come_back_too(data: Path) -> None:
    first = kept("03-rescue")
    first.lab.docker("rm writer")
    first.undo()
    for line in ("docker run -it --name box busybox", "touch /new", "exit"):
        first.lab.type(line)
    second = kept("03-rescue")
    assert second.lab.container("writer").status == "exited"
    assert second.lab.docker("diff box").text == "A /new\n"


def test_what_was_done_in_python_is_said_not_to_come_back(data: Path) -> None:
    first = kept("02-shared-base")
    first.lab.build("data", ["FROM alpine", "RUN echo x > /x"])
    second = kept("02-shared-base")
    assert "cannot be given again" in second.prompt.text
    assert second.check().outcome is Outcome.NOT_ATTEMPTED
    second.reset()
    assert "cannot" not in second.prompt.text


def test_answers_come_back(data: Path) -> None:
    kept("06-what-would-run").answer(port=8000, command={"sh"})
    second = kept("06-what-would-run")
    assert "Your 2 answers were given again" in second.prompt.text
    assert second.answers["port"] == 8000


@pytest.mark.parametrize("text", ["", "[", "[]", '{"commands": 3}', '{"commands": ["rm -rf /"]}'])
def test_a_damaged_file_of_work_is_as_none(text: str, data: Path) -> None:
    (data / "work").mkdir()
    (data / "work" / "03-rescue.json").write_text(text)
    assert kept("03-rescue").check().outcome is Outcome.NOT_ATTEMPTED


def test_all_that_is_said_calls_the_exercise_by_its_variable(data: Path) -> None:
    ex = kept("03-rescue")
    ex.lab.docker("rm writer")
    cards = [ex.check(), ex.hint(), ex.goal(), ex.solution(), ex.solution(show=True)]
    assert [card for card in cards if re.search(r"\bex\.", card.text)] == []
    assert "`ex_it.undo()` takes back `docker rm writer`" in cards[0].text


def test_hints_follow_the_state_that_is_seen() -> None:
    ex = begin("03-rescue")
    ex.hint()
    ex.lab.docker("rm writer")
    assert "ex.undo()" in ex.hint().text


def test_undo_takes_several_back_and_names_each() -> None:
    ex = begin("03-rescue")
    for line in ("start writer", "exec writer rm /data/letter.txt", "rm -f writer"):
        ex.lab.docker(line)
    assert "`ex.undo(2)`" in ex.check().foot
    assert [line.text for line in ex.undo(2).lines] == [
        "Taken back: `docker rm -f writer`.",
        "Taken back: `docker exec writer rm /data/letter.txt`.",
    ]
    assert "Taken back: `docker start writer`." in ex.undo(9).text


def test_a_build_in_python_counts_as_the_two_commands_that_it_stands_for() -> None:
    ex = begin("08-too-big")
    for line in (
        "printf 'FROM busybox\\nCOPY --from=report /srv/report /srv/report\\n' > Dockerfile",
        """echo 'CMD ["/srv/report", "--daily"]' >> Dockerfile""",
        "docker build -t report:small .",
    ):
        ex.lab.shell(line)
    assert "Solved in 3 commands; the shortest way that is known takes 2." in ex.check().text


def test_no_hint_is_promised_where_there_is_none() -> None:
    ex = begin("07-wrong-statement")
    ex.answer("a")
    assert "ex.hint()" in ex.check().foot
    while "another hint" in ex.hint().foot:
        pass
    assert "ex.hint()" not in ex.check().foot


EXERCISES = all_exercises(LESSONS)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda each: each.id)
def test_a_prompt_is_whole_paragraphs_and_its_commands_can_run(exercise: Exercise) -> None:
    ex = Practice(exercise)
    assert "*" not in ex.prompt.text
    prose = [line.text for line in ex.prompt.lines if line.mark is Mark.PROSE]
    assert prose
    assert [text for text in prose if text[-1] not in '.?!"'] == []
    for line in re.findall(r"`(docker \w+ [^`…]+)`", exercise.prompt):
        with ex.lab.looking():
            said = ex.lab.shell(line)
            assert said.exit_code == 0 or not ex.lab.images, (line, said.text)


# Answers


def test_an_answer_ticks_once_it_was_checked_whatever_the_others_are() -> None:
    ex = begin("08-inventory")
    marks = lambda: [found for found, _ in ex.seen()[0]][-5:]  # noqa: E731
    ex.answer(driver="btrfs", largest="web")
    assert marks() == [Mark.OPEN] * 5
    ex.check()
    assert marks() == [Mark.MET, *[Mark.OPEN] * 4]
    ex.answer(driver="zfs")
    assert marks() == [Mark.OPEN] * 5


def test_what_was_not_checked_is_not_said_to_be_solved() -> None:
    ex = begin("03-rescue")
    ex.check()
    run_script(ex.exercise.solution, ex.lab)
    assert [found for found, _ in ex.seen()[0]] == [Mark.MET, Mark.MET]
    assert not ex.seen()[1]
    ex.check()
    assert ex.seen()[1]


def test_an_answer_is_quoted() -> None:
    ex = begin("08-secret")
    ex.answer("wrong")
    assert '`password`: you answered "wrong".' in ex.check().text


@pytest.mark.parametrize("empty", [[1, 5, 6, 7], [3, 7, 8, 9]])
def test_lines_may_be_counted_with_the_base_or_above_it(empty: list[int]) -> None:
    ex = begin("08-inventory")
    ex.answer(empty=empty)
    ex.check()
    assert ex.seen()[0][-1][0] is Mark.MET


@pytest.mark.parametrize(
    "line", ["exec web touch /x", "exec cache rm -rf /cache", "stop web", "rename web old"]
)
def test_a_container_whose_files_or_state_changed_is_not_as_it_was(line: str) -> None:
    ex = begin("08-inventory")
    for look in ("exec web ls /", "logs cache", "diff cache", "top web", "ps -s", "inspect web"):
        ex.lab.docker(look)
    assert ex.check().outcome is Outcome.NOT_ATTEMPTED
    ex.lab.docker(line)
    assert "The containers are not as they were." in ex.check().text


def test_an_answer_needs_its_name_where_several_are_asked_for() -> None:
    with pytest.raises(LabkitError, match=r"ex\.answer\(steps=…, layers=…\)"):
        begin("06-steps-and-layers").answer(20)
    with pytest.raises(LabkitError, match="not for port"):
        begin("06-steps-and-layers").answer(port=20)


def test_an_exercise_without_questions_takes_no_answer() -> None:
    with pytest.raises(LabkitError, match="looks at the lab"):
        begin(BASE).answer(1)


@pytest.mark.parametrize("answer", ["c", "C ", "Images no longer consist of layers."])
def test_a_choice_is_named_by_its_letter_or_its_text(answer: str) -> None:
    ex = begin("07-wrong-statement")
    ex.answer(answer)
    assert ex.check().correct


def test_choices_tried_one_after_the_other_do_not_count_as_solved() -> None:
    score = Score()

    def keep(name: str, event: Mapping[str, object]) -> str:
        nonlocal score
        score = score.after(event)
        return ""

    ex = Practice(find_exercise(LESSONS, "07-wrong-statement"), keep)
    for letter in "abd":
        ex.answer(letter)
        assert not ex.check().correct
    ex.answer("c")
    assert "This was choice 4, so it counts as done by trying, not as solved." in ex.check().text
    assert (score.done, score.solved) == (True, False)


def test_one_mistaken_choice_is_forgiven() -> None:
    ex = begin("07-wrong-statement")
    for letter in "aac":
        ex.answer(letter)
        card = ex.check()
    assert card.correct
    assert "by trying" not in card.text


ODD = [
    None,
    7,
    [],
    [[1]],
    {"a": 1},
    "\x1b[31m<b>",
    object,
    float("nan"),
    True,
    b"c",
    "[",
    "[[",
    "'",
    "{1",
    "",
]


@pytest.mark.parametrize("answer", ODD)
def test_any_answer_at_all_is_looked_at_without_an_error(answer: object) -> None:
    for name in ("07-wrong-statement", "05-choose-a-driver", "07-image-id"):
        ex = begin(name)
        ex.answer(answer)
        assert not ex.check().correct
        assert "\x1b" not in ex.check().text
        ex.hint()
    ex = begin("02-which-lines")
    ex.answer(lines=answer, largest=answer)
    assert not ex.check().correct
    ex.hint()


def test_an_answer_that_cannot_be_read_gets_a_word_about_its_form_at_once_and_as_its_only_hint() -> None:
    ex = begin("02-which-lines")
    assert "a list of numbers" in ex.answer(lines="the sized ones", largest=3).text
    assert ex.check().outcome is Outcome.NOT_DEFINED
    assert "a list of numbers" in ex.check().text
    assert ex.hint().lines == ex.hint().lines
    assert "a list of numbers" in ex.hint().text


def test_a_number_s_proof_leaves_the_start_as_it_was() -> None:
    ex = begin("06-steps-and-layers")
    ex.answer(steps=1, layers=1)
    ex.check()
    ex.reset()
    assert ex.check().outcome is Outcome.NOT_ATTEMPTED


# Undo, reset and the solution


def test_undo_takes_one_command_back_and_not_the_start() -> None:
    ex = begin("03-rescue")
    ex.lab.docker("rm writer")
    ex.undo()
    assert ex.lab.container("writer").status == "exited"
    with pytest.raises(LabkitError, match="nothing to undo"):
        ex.undo()


def test_undo_passes_over_looks_and_says_what_it_took_back() -> None:
    ex = begin("03-rescue")
    for line in ("rm writer", "ps -a", "images", "nosuch"):
        ex.lab.docker(line)
    assert "`docker rm writer`" in ex.undo().text
    assert ex.lab.container("writer").status == "exited"
    ex.lab.container("writer").write("/new", "x")
    assert "a change of a file in writer" in ex.undo().text
    ex.lab.shell("echo hello > note")
    assert "echo hello > note" in ex.undo().text


def test_reset_and_the_lab_s_own_reset_go_back_to_the_start_of_the_exercise() -> None:
    ex = begin("03-rescue")
    for reset in (ex.reset, ex.lab.reset):
        ex.lab.docker("rm writer")
        reset()
        assert ex.check().outcome is Outcome.NOT_ATTEMPTED


def test_reset_forgets_the_answers_and_the_hints() -> None:
    ex = begin("06-what-would-run")
    first = ex.hint().text
    ex.answer(port=8000)
    assert ex.check().outcome is Outcome.NOT_DEFINED
    ex.reset()
    assert ex.check().outcome is Outcome.NOT_ATTEMPTED
    assert ex.hint().text == first


def test_two_labs_of_one_exercise_do_not_share_what_is_done() -> None:
    one, other = begin("03-rescue"), begin("03-rescue")
    one.lab.docker("rm writer")
    assert other.check().outcome is Outcome.NOT_ATTEMPTED


def test_the_solution_says_first_what_it_costs() -> None:
    ex = begin("03-rescue")
    assert "docker commit" not in ex.solution().text
    assert "ex.solution(show=True)" in ex.solution().text
    assert "docker commit writer letters" in ex.solution(show=True).text


def test_a_correct_check_after_the_solution_says_so() -> None:
    ex = begin("07-wrong-statement")
    ex.solution(show=True)
    ex.answer("c")
    assert "not as solved" in ex.check().text


def test_once_it_is_solved_the_solution_shows_freely() -> None:
    ex = begin("07-wrong-statement")
    ex.answer("c")
    ex.check()
    assert 'ex.answer("c")' in ex.solution().text
    assert "no longer" not in ex.solution().text
    assert "not as solved" not in ex.check().text


def test_what_is_known_from_before_counts() -> None:
    exercise = find_exercise(LESSONS, "07-wrong-statement")
    assert 'ex.answer("c")' in Practice(exercise, score=Score(solved=True)).solution().text
    read = Practice(exercise, score=Score(shown=True))
    read.answer("c")
    assert "not as solved" in read.check().text


@pytest.mark.parametrize("done", ["", "docker run busybox true"])
def test_another_lab_is_told_of_in_every_card_until_it_is_solved(done: str) -> None:
    ex = Practice(find_exercise(LESSONS, "03-rescue"), notice=lambda lab: "another lab")
    ex.lab.shell(done)
    assert "another lab" in ex.check().text
    assert "another lab" in ex.hint().text
    assert "another lab" in ex.goal().text
    ex.lab.docker("commit writer letters")
    ex.lab.docker("rm writer")
    assert "another lab" not in ex.check().text


# What is kept


def test_events_are_kept_and_a_failure_to_keep_them_is_said() -> None:
    events: list[Mapping[str, object]] = []

    def keep(name: str, event: Mapping[str, object]) -> str:
        events.append({"name": name, **event})
        return "the disk is full"

    ex = Practice(find_exercise(LESSONS, "07-wrong-statement"), keep)
    ex.check()
    ex.hint()
    ex.answer("c")
    card = ex.check()
    assert card.correct
    assert "the disk is full" in card.text
    assert events == [
        {"name": "07-wrong-statement", "hints": 1},
        {"name": "07-wrong-statement", "checks": 1, "done": True, "tried": False},
    ]
