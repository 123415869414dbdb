"""Reason codes that are not those of a row rule: reading, length, comparison, balance."""

from loop.curate.quality import CODES as QUALITY
from loop.curate.rule import Code

READING = (
    Code("bad_json", "a line or file entry that is not JSON", "correct the line"),
    Code("bad_csv", "a CSV row that has not the columns of its header", "quote its fields"),
    Code("bad_encoding", "bytes or text that are not Unicode", "save the file as UTF-8"),
    Code("not_an_object", "an entry that is no object", "write rows as objects with columns"),
    Code("bad_field", "a field of the wrong type, or one that does not exist", "correct the field"),
    Code("bad_tier", "a tier other than simple, moderate and complex", "correct the tier"),
    Code("missing_instruction", "no instruction, or an empty one", "say what is to be done"),
    Code("wrong_shape", "a row unlike its file's layout", "correct the row, or name seed.shape"),
    Code("not_text", "a message or answer that is something other than text", "leave it out"),
    Code("bad_chatml", "ChatML whose turns are not whole", "close every turn"),
    Code("tool_call", "a conversation with tool calls", "leave such turns out"),
    Code("unknown_role", "a turn whose speaker is not known", "use system, user and assistant"),
    Code("repeated_role", "two answers in a row", "join them, or leave one out"),
    Code("empty_conversation", "a conversation without messages", "leave it out"),
    Code("empty_turn", "an empty message inside a conversation", "leave the turn out"),
    Code("late_system", "a system turn that is not the first", "move it to the start"),
    Code("no_answer", "a conversation or tree without an answer", "write the answer"),
    Code("no_question", "a conversation without a user's message", "write the question"),
    Code("ends_with_user", "a conversation whose last message is the user's", "answer it"),
    Code("starts_with_answer", "a conversation that the assistant opens", "put a prompt before it"),
    Code("orphan_message", "a message of a tree whose parent is missing", "complete the tree"),
    Code("not_as_asked", "a delivery of another category or tier", "deliver what was asked for"),
    Code("delivered_twice", "a delivery whose id came before", "give each an id of its own"),
)
"""Rows that cannot be read as examples."""
SINGLE = (
    Code(
        "unassigned",
        "a row without a category that neither keywords nor likeness decide",
        "name its category, or give the taxonomy keywords",
        "review",
    ),
    Code(
        "over_long",
        "prompt and answer together over curation.max_tokens of the base model",
        "shorten it, or raise curation.max_tokens",
    ),
    Code(
        "fails_own_checks",
        "a reference answer that its own grader does not pass",
        "correct the answer, or its checks",
    ),
    Code(
        "unverified",
        "a model's answer without checks, in a category whose examples have some",
        "have the checks delivered, or set agreement",
    ),
    Code(
        "answers_disagree",
        "an answer that the same instruction does not bring about again",
        "make the instruction say what is wanted",
    ),
    Code(
        "answer_contradicted",
        "an answer against which repeated answers agree on another",
        "a person decides which is right",
        "review",
    ),
    Code(
        "agreement_unpaid",
        "an answer that the budget did not allow to be asked about again",
        "look at it, or raise budget.usd",
        "review",
    ),
    *QUALITY,
    Code(
        "control_token",
        "text that holds a special token of the base model's tokenizer",
        "take the token out",
    ),
    Code("too_long", "a row longer than the base model reads", "shorten it"),
)
"""Findings on one row that are no rule's."""
COMPARED = (
    Code("exact_duplicate", "the prompt and answer of another row", "nothing: one copy is kept"),
    Code(
        "same_prompt",
        "the prompt of another row with another answer, which is kept",
        "say what differs in the instruction",
    ),
    Code(
        "contradictory_answer",
        "a prompt that is answered differently elsewhere, and nothing tells which is right",
        "correct the wrong answer; checks or quality scores decide where there are some",
    ),
    Code("same_task", "the canonical form of another row", "ask for something else"),
    Code(
        "near_duplicate",
        "nearly the text of another row, by verified Jaccard similarity",
        "vary it further, or raise curation.near_duplicate",
    ),
    Code(
        "paraphrase",
        "the answer of another row under an instruction that says the same in other words",
        "ask for something else, or raise curation.paraphrase",
    ),
    Code(
        "holdout_overlap",
        "overlap with an item of the holdout",
        "leave it out: a model may not train on what measures it",
    ),
    Code(
        "benchmark_overlap",
        "overlap with an item of curation.benchmarks",
        "leave it out: a model may not train on what measures it",
    ),
    Code("same_task_as_holdout", "the same task as a held-out row", "leave it out"),
    Code(
        "over_share",
        "a category or tier over its share, where curation.balance is downsample",
        "add rows of the other categories, or raise curation.max_share",
    ),
)
"""Findings that need other rows."""
REASONS = (*READING, *SINGLE, *COMPARED)
