"""Everything one stage hands to another. Frozen, versioned, plain JSON; facts, not behaviour.

A field marked `Lines("name.jsonl")` is saved as JSON lines beside its record, so that pandas and
`datasets` load it directly; all other fields are saved in the record's own JSON file.
"""

from loop.records.base import Lines, Outcome, Reason, Record, Role, Verdict
from loop.records.curation import (
    SHORT_TOKENS,
    Balance,
    CategoryBalance,
    CurationReport,
    FileRead,
    Lengths,
    ReasonFound,
    RowSample,
    SourceDiversity,
    TierBalance,
    Waterfall,
)
from loop.records.curriculum import Allocation, Exemplar, Fulfilment, GenerationRequest, RequestItem
from loop.records.data import Curated, Flag, Mixture, Rejected, SeedData, Split
from loop.records.diagnosis import (
    NO_DATA,
    CategoryWeakness,
    Cause,
    CauseCode,
    Change,
    Proposal,
    ProposalKind,
    Sign,
    SinceBest,
    Slice,
    Weakness,
    WeakSlice,
    is_label,
    slice_words,
)
from loop.records.evaluation import CategoryScore, Evaluation, GateRuling, Grade, Sample
from loop.records.guards import GuardItem, Guards, GuardScore
from loop.records.judging import JudgeAgreement, JudgeCheck
from loop.records.stopping import Decision, Summary, UnseenScore
from loop.records.training import Adapter, LossPoint

__all__ = [
    "NO_DATA",
    "SHORT_TOKENS",
    "Adapter",
    "Allocation",
    "Balance",
    "CategoryBalance",
    "CategoryScore",
    "CategoryWeakness",
    "Cause",
    "CauseCode",
    "Change",
    "Curated",
    "CurationReport",
    "Decision",
    "Evaluation",
    "Exemplar",
    "Fate",
    "FileRead",
    "Flag",
    "Fulfilment",
    "GateRuling",
    "GenerationRequest",
    "Grade",
    "GuardItem",
    "GuardScore",
    "Guards",
    "JudgeAgreement",
    "JudgeCheck",
    "Lengths",
    "Lines",
    "LossPoint",
    "Mixture",
    "Outcome",
    "Proposal",
    "ProposalKind",
    "Reason",
    "ReasonFound",
    "Record",
    "Rejected",
    "RequestItem",
    "Role",
    "RowSample",
    "Sample",
    "SeedData",
    "Sign",
    "SinceBest",
    "Slice",
    "SourceDiversity",
    "Split",
    "Summary",
    "TierBalance",
    "UnseenScore",
    "Verdict",
    "Waterfall",
    "WeakSlice",
    "Weakness",
    "Yield",
    "is_label",
    "slice_words",
]
