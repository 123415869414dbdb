"""The loop itself: rounds until every target is met or there is a reason to stop."""

from itertools import count

from loop.console import line
from loop.errors import Waiting
from loop.parts import Parts
from loop.prepare import prepare
from loop.publish import publish_round, publish_run
from loop.records import Summary
from loop.report.lines import decision_line
from loop.rounds import Course, improve, measure, rule, tune
from loop.rundir import RunDirectory


def run_loop(run: RunDirectory, parts: Parts, finish: bool) -> Summary:
    """Run the loop to its end; a completed step is read back, never done again.

    Args:
        run: The run directory, begun.
        parts: What the recipe names.
        finish: Stop after the last evaluated round and open final.

    Returns:
        The summary; the run is closed where it was met or finished.

    Raises:
        Waiting: People or a batch have not delivered yet; the same command goes on then.
    """
    vault = prepare(run, parts)
    course = Course()
    finish = finish or run.has("final/evaluation")
    for number in count():
        if number:
            tune(run, parts, vault.split, course, number)
        else:
            course.mixtures.append(None)
            course.adapters.append(None)
        measure(run, parts, vault.split, course, number)
        decision = rule(run, parts, vault, course, number, finish)
        if decision.action != "stop" and number:
            try:
                decision = improve(run, parts, vault, course, number) or decision
            except Waiting:
                # Who is waited for reads what is asked and why.
                publish_round(run, parts, course, number)
                raise
        else:
            course.requests.append(None)
            course.fulfilments.append(None)
        publish_round(run, parts, course, number)
        if decision.action == "stop":
            line(decision_line(number, decision))
            return publish_run(run, parts, vault, course, decision)
    raise AssertionError("count() does not end")
