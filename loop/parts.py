"""Makes what a recipe names: graders, canonical forms, sources, the sandbox, the seeds."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

from loop import models, plugins
from loop.api import Client
from loop.budget import Purse, runs_a_model
from loop.curate import (
    Curator,
    Embed,
    Scorer,
    curate,
    faults_alone,
    overruled,
    scorer_of,
    sentence_encoder,
)
from loop.diagnose import Probes
from loop.errors import DataError
from loop.evaluate import (
    Backend,
    GuardTasks,
    Servers,
    check_backend,
    evaluate,
    in_process,
    load_guard_tasks,
    measure_guards,
    vllm,
)
from loop.evaluate import look as look_at_gate
from loop.example import UNASSIGNED, Example
from loop.fulfil import Accept, Agreeing, Source, open_sources
from loop.fulfil.mine import Means
from loop.graders import Grader, build_grader
from loop.graders.judged import Judging, keeping_replies, load_judging
from loop.graders.judged_check import Labelled, check_judge, read_labelled
from loop.heritage import Ancestor
from loop.judges import Judge, load_judge, make_judge
from loop.judges.asking import Asking
from loop.judges.opinions import Opinions
from loop.recipe import JUDGED, ModelSource, OpenSource, Recipe, SeedSection
from loop.records import (
    Adapter,
    Curated,
    Evaluation,
    GateRuling,
    Guards,
    JudgeCheck,
    Rejected,
    Role,
)
from loop.review import check_review
from loop.sandbox import Sandbox, open_sandbox
from loop.seed import read_rows, read_seed


@dataclass(frozen=True)
class Parts:
    """Everything that stages are given beside their records."""

    recipe: Recipe
    folder: Path
    """The recipe file's folder."""
    run_folder: Path
    purse: Purse = field(default_factory=Purse)
    """Pays teachers and judges."""
    ancestor: Ancestor | None = None
    """The run that this one starts from."""

    def seed(self, *names: str | int) -> int:
        """Derive a stage's random seed.

        Args:
            *names: The stage, and the round where there is one.

        Returns:
            A number in [0, 2³¹).
        """
        # With the same numbers a teacher would deliver once more what is carried on already.
        handed_on = (self.ancestor.label,) if self.ancestor else ()
        text = ":".join(map(str, (self.recipe.seed_number, *handed_on, *names)))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) % 2**31

    def devices(self, step: str) -> int:
        """Say how many accelerators a step uses, for the hours that the budget counts.

        Args:
            step: For example `round-01/adapter`.

        Returns:
            0 where no model of this process or of a server beside it works in it.
        """
        if not runs_a_model(step, self.recipe):
            return 0
        return models.resolve(self.recipe.model).devices

    @cached_property
    def sandbox(self) -> Callable[[], Sandbox]:
        """Opens the sandbox when it is first needed."""
        return cache(lambda: open_sandbox(self.recipe.sandbox))

    @cached_property
    def judging(self) -> Judging | None:
        """The judge of answers that no program can judge, if the recipe names one."""
        return load_judging(self.recipe.judge, self.folder, self.seed("judge"), self.purse)

    @cached_property
    def graders(self) -> dict[str, Grader]:
        """One grader per category."""
        judged = {
            category.name: build_grader(category, self.sandbox, self.folder, 1, self.judging)
            for category in self.recipe.taxonomy
            if category.grader in JUDGED
        }
        return {**self.verifiers, **judged}

    @cached_property
    def verifiers(self) -> dict[str, Grader]:
        """Graders that a reference answer must pass; a judge would only compare others with it."""
        workers = self.recipe.evaluation.workers
        return {
            category.name: build_grader(category, self.sandbox, self.folder, workers)
            for category in self.recipe.taxonomy
            if category.grader not in JUDGED
        }

    @property
    def probes(self) -> Probes:
        """Means to test why an item failed."""
        recipe = self.recipe
        marker = recipe.model.rationale_marker
        count_tokens = models.count_tokens(recipe.model)
        return Probes(self.verifiers, count_tokens, marker, self._opinions)

    @cached_property
    def _opinions(self) -> Opinions | None:
        """Answers failed diagnose items itself, if the recipe wants that of its judge."""
        section = self.recipe.judge
        if not section.second_opinions or section.use is None:
            return None
        given = (section.use, section.options, self.folder, self.seed("opinions"), self.purse)
        asking = Asking(make_judge("judge.use", *given), section.options)
        asking.keep_in(self.run_folder / "replies/judge/opinions.jsonl")
        return Opinions(asking, section.second_opinions)

    @cached_property
    def labelled(self) -> list[Labelled]:
        """Answers with human verdicts, on which the judge is checked."""
        file = self.recipe.judge.checked_on
        return read_labelled(self.folder / file, self.recipe.taxonomy) if file else []

    def check_judge(self, folder: Path) -> JudgeCheck:
        """Compare the judge with people.

        Args:
            folder: Where replies are kept while the check runs.

        Returns:
            The agreement per category.

        Raises:
            DataError: The recipe names no answers with human verdicts.
        """
        section, taxonomy = self.recipe.judge, self.recipe.taxonomy
        if self.judging is None or section.checked_on is None:
            raise DataError("judge.checked_on names no file of answers with human verdicts")
        with self.judging.asking.kept_in(folder):
            given = (self.labelled, taxonomy, self.graders)
            return check_judge(*given, self.judging.asking.name, section.checked_on)

    @cached_property
    def canonical(self) -> dict[str, Callable[[Example], str]]:
        """Canonical form per category, for those that name one."""
        return {
            category.name: cast(
                Callable[[Example], str], plugins.load(category.canonical, self.folder)
            )
            for category in self.recipe.taxonomy
            if category.canonical is not None
        }

    @cached_property
    def sources(self) -> dict[str, Source]:
        """Who fulfils requests, by the name of its section."""
        given = (self.recipe.sources, self.folder, self.run_folder)
        return open_sources(
            *given,
            self.seed("teacher"),
            self.purse,
            taxonomy=self.recipe.taxonomy,
            curation=self.recipe.curation,
            canonical=self.canonical,
            means=self._means,
        )

    @property
    def _means(self) -> Means:
        """What open pools are mined with."""
        faults = faults_alone(self.recipe.taxonomy, self.recipe.curation)
        return Means(self._read_pool, faults, self._encoder)

    def _read_pool(self, source: OpenSource, file: str) -> Iterator[Example | Rejected]:
        """Rows of an open pool; a category that the taxonomy has not is none, and no fault."""
        section = SeedSection(
            files=source.files,
            shape=source.shape,
            columns=source.columns,
            categories=source.labels,
        )
        return read_rows((file,), section, (), self.folder)

    @cached_property
    def unseen(self) -> tuple[Example, ...]:
        """Items from outside the seed's families, in the order of their files."""
        files = self.recipe.evaluation.unseen
        if not files:
            return ()
        items = read_seed(SeedSection(files=files), self.recipe.taxonomy, self.folder).examples
        for item in items:
            if item.category == UNASSIGNED:
                raise DataError(f"evaluation.unseen: {item.origin} names no category; add one")
        return items

    @cached_property
    def benchmarks(self) -> tuple[Example, ...]:
        """Public test items that nothing trained on may overlap."""
        files = self.recipe.curation.benchmarks
        if not files:
            return ()
        # Of any category: an item of one that the taxonomy lacks must be protected all the same.
        rows = list(read_rows(files, SeedSection(files=files), (), self.folder))
        items = tuple(row for row in rows if isinstance(row, Example))
        if not items:
            raise DataError(f"curation.benchmarks: none of {len(rows)} rows is an example")
        return items

    def file_hashes(self) -> dict[str, str]:
        """Hash the data files, so that a changed one is noticed on resume.

        Returns:
            File name → SHA-256; a missing file is left for the reader to report.
        """
        recipe = self.recipe
        names = (*recipe.seed.files, *recipe.evaluation.unseen, *recipe.curation.benchmarks)
        names += tuple(
            file
            for source in recipe.sources
            if isinstance(source, OpenSource)
            for file in source.files
        )
        names += (recipe.judge.checked_on,) if recipe.judge.checked_on else ()
        names += tuple(guard.task for guard in recipe.evaluation.guards if guard.is_file)
        paths = {name: self.folder / name for name in names}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in paths.items()
            if path.is_file()
        }

    def check_servers(self) -> None:
        """Fail before expensive work where a teacher's server is not there, or refuses the key.

        Raises:
            ApiError: It does not answer, or refuses.
        """
        models_asked = [each for each in self.recipe.sources if isinstance(each, ModelSource)]
        # A server that the loop starts itself is not there yet; a batch may be files only.
        named = [each.api for each in models_asked if not (each.server or each.batch)]
        agreement = self.recipe.agreement
        for api in (*named, agreement.api if agreement else None):
            if api is not None:
                client = Client(api, self.purse)
                try:
                    client.check()
                finally:
                    client.close()

    def check(self) -> None:
        """Fail before expensive work where a plug-in, tokenizer, file or sandbox is missing."""
        _ = (self.graders, self.canonical, self.sources, self.unseen, self.benchmarks)
        _ = (self.labelled, self._answerer)
        if self.recipe.review is not None:
            check_review(self.recipe.review, self.purse)
        _ = (self._quality_judge, self._encoder)
        models.load_tokenizer(self.recipe.model)
        check_backend(self.recipe.evaluation)
        if any(each.code for each in self.guard_tasks):
            self.sandbox()
        runs = ("unit_tests", "equivalence")
        if any(c.format == "code" or c.grader in runs for c in self.recipe.taxonomy):
            self.sandbox()

    @cached_property
    def _quality_judge(self) -> Judge | None:
        """Scores the quality of rows, if the recipe names one."""
        section, seed = self.recipe.curation.quality, self.seed("quality")
        return load_judge(section, self.folder, seed, self.purse)

    @cached_property
    def _encoder(self) -> Embed | None:
        """Compares instructions, if the recipe names one."""
        name = self.recipe.curation.embedding
        return sentence_encoder(name, self.folder) if name else None

    @cached_property
    def scorer(self) -> Scorer | None:
        """Scores rows of the seed and delivered ones, if the recipe asks for it."""
        recipe, folder = self.recipe, self.run_folder
        made = (recipe.curation.quality, recipe.taxonomy, self._quality_judge, recipe.model)
        replies = folder / "replies/judge/quality.jsonl"
        return scorer_of(*made, folder, self.seed("quality"), replies)

    def curate(
        self,
        candidates: tuple[Example, ...],
        existing: tuple[Example, ...],
        held_out: tuple[Example, ...],
        seed: int,
    ) -> Curated:
        """Curate with the recipe's own graders, canonical forms and tokenizer.

        Args:
            candidates: Rows to judge.
            existing: What is already trained on.
            held_out: Holdout rows of every role.
            seed: Random seed.

        Returns:
            Kept and rejected rows.
        """
        return curate(candidates, existing, held_out, *self._curation(seed, self.scorer))

    def _curation(self, seed: int, scorer: Scorer | None) -> tuple[Any, ...]:
        """What curation is given beside the rows."""
        return (
            self.recipe.taxonomy,
            self.recipe.curation,
            self.canonical,
            models.count_tokens(self.recipe.model),
            self.verifiers,
            seed,
            self.benchmarks,
            scorer,
            self._encoder,
        )

    def accept(self, pool: tuple[Example, ...], held_out: tuple[Example, ...]) -> Curator:
        """Bind what is held out, which fulfilment must not see.

        Args:
            pool: The training side, sketched once.
            held_out: Every role's items.

        Returns:
            A function that judges candidates against training and holdout.
        """
        given = self._curation(self.seed("accept"), self.scorer)
        return Curator(pool, (*held_out, *self.unseen), *given)

    def agreeing(self, accept: Accept) -> Accept:
        """Have repeated answers bear out what nothing else checks, where the recipe says so.

        Args:
            accept: Judges deliveries without asking.

        Returns:
            A function that asks about what it keeps.
        """
        section = self.recipe.agreement
        if section is None or self._answerer is None:
            return accept
        given = (self.recipe.taxonomy, self.verifiers, self.seed("agreement"))
        return Agreeing(accept, section, self._answerer, *given)

    @cached_property
    def _answerer(self) -> Client | None:
        """Answers delivered instructions again, if the recipe names a model."""
        section = self.recipe.agreement
        journal = self.run_folder / "replies" / "agreement.jsonl"
        return Client(section.api, self.purse, "agreement", journal) if section else None

    def accept_reviewed(self, pool: tuple[Example, ...], held_out: tuple[Example, ...]) -> Curator:
        """Bind what is held out, for rows that a person passed: no judge has the last word on them.

        Args:
            pool: The training side, sketched once.
            held_out: Every role's items.

        Returns:
            A function that judges candidates against training and holdout.
        """
        taxonomy, section, *rest = self._curation(self.seed("accept"), None)
        return Curator(pool, (*held_out, *self.unseen), taxonomy, overruled(section), *rest)

    @cached_property
    def guard_tasks(self) -> tuple[GuardTasks, ...]:
        """lm-eval's tasks that the recipe's guards name."""
        section = self.recipe.evaluation
        if not section.guards:
            return ()
        return load_guard_tasks(section.guards, self.folder, section.backend)

    @cached_property
    def _servers(self) -> Servers:
        """Starts and stops the servers of the rounds' models."""
        return Servers(self.recipe.evaluation, self.recipe.model, self.run_folder)

    def release(self) -> None:
        """Stop the server that answers for the rounds' models, where a teacher needs its memory."""
        asked = (each for each in self.recipe.sources if isinstance(each, ModelSource))
        if "_servers" in self.__dict__ and any(each.local or each.server for each in asked):
            self._servers.close()

    def _backend(self, adapter: Adapter | None) -> Backend:
        """What answers with a round's model."""
        section, model = self.recipe.evaluation, self.recipe.model
        if section.server is not None:
            return self._servers.backend(adapter)
        if section.backend == "vllm":
            return vllm(model, self.run_folder, adapter)
        loaded = models.load(model, self.run_folder, adapter)
        sha = adapter.sha256 if adapter else "base"
        return in_process(loaded, model.base, sha, section.batch_size)

    def measure_guards(
        self, base: Guards | None, round_number: int, adapter: Adapter | None, folder: Path
    ) -> Guards:
        """Measure what the model could do before.

        Args:
            base: The untuned base's guards; None where this is the base.
            round_number: Which round's model.
            adapter: Its adapter; None is the base.
            folder: Where answers are kept while this runs.

        Returns:
            The guards' scores.
        """
        return measure_guards(
            self.guard_tasks,
            round_number,
            self._backend(adapter),
            adapter.sha256 if adapter else "base",
            base,
            self.recipe.evaluation,
            self.recipe.model,
            self.sandbox,
            folder,
            self.seed("guards"),
        )

    def measure(
        self,
        items: tuple[Example, ...],
        role: Role,
        round_number: int,
        adapter: Adapter | None,
        folder: Path,
    ) -> Evaluation:
        """Answer and grade items with a round's model.

        Args:
            items: Holdout or unseen items.
            role: What they are used for.
            round_number: Which round's model.
            adapter: Its adapter; None is the base.
            folder: Where answers are kept while the evaluation runs.

        Returns:
            The evaluation.
        """
        recipe = self.recipe
        with keeping_replies(self.judging, folder):
            return evaluate(
                items,
                role,
                round_number,
                recipe.taxonomy,
                recipe.evaluation,
                self._backend(adapter),
                adapter.sha256 if adapter else "base",
                self.graders,
                recipe.model.rationale_marker,
                folder,
                recipe.model,
            )

    def look(
        self,
        items: tuple[Example, ...],
        number: int,
        alpha: float,
        round_number: int,
        adapter: Adapter | None,
        folder: Path,
    ) -> GateRuling:
        """Score the gate and learn pass or fail per category, nothing else.

        Args:
            items: The gate.
            number: Which look, from 1.
            alpha: Error this look may spend.
            round_number: Which round's model.
            adapter: Its adapter; None is the base.
            folder: Where answers are kept while the look runs.

        Returns:
            The ruling.
        """
        recipe = self.recipe
        with keeping_replies(self.judging, folder, afterwards=False):
            return look_at_gate(
                items,
                number,
                alpha,
                recipe.stopping.verdict,
                {category.name: category.target for category in recipe.taxonomy},
                round_number=round_number,
                taxonomy=recipe.taxonomy,
                section=recipe.evaluation,
                backend=self._backend(adapter),
                model_sha=adapter.sha256 if adapter else "base",
                graders=self.graders,
                marker=recipe.model.rationale_marker,
                folder=folder,
                model_section=recipe.model,
            )
