"""The typed recipe. The only place that reads YAML; nothing below a command sees a raw dict."""

from loop.recipe.agreement import AgreementSection
from loop.recipe.api import ApiSection, BudgetSection, PriceSection
from loop.recipe.batch import BatchSection
from loop.recipe.category import CategorySection
from loop.recipe.curriculum import CurriculumSection
from loop.recipe.data import (
    Action,
    AssignSection,
    CurationSection,
    HoldoutSection,
    QualitySection,
    SeedSection,
    Shape,
)
from loop.recipe.evaluation import EvaluationSection, GuardSection, ServerSection
from loop.recipe.judge import JUDGED, JudgeSection, RubricSection
from loop.recipe.load import differing_keys, dump_recipe, load_recipe
from loop.recipe.local import LocalSection
from loop.recipe.managed import ManagedSection
from loop.recipe.model import ModelSection
from loop.recipe.recipe import Recipe
from loop.recipe.review import ReviewSection
from loop.recipe.sandbox import SandboxSection
from loop.recipe.section import Section
from loop.recipe.sources import (
    ModelSource,
    OpenSource,
    PeopleSource,
    PluginSource,
    PoolSource,
    SourceSection,
)
from loop.recipe.stopping import StoppingSection
from loop.recipe.training import TrainingSection

__all__ = [
    "JUDGED",
    "Action",
    "AgreementSection",
    "ApiSection",
    "AssignSection",
    "BatchSection",
    "BudgetSection",
    "CategorySection",
    "CurationSection",
    "CurriculumSection",
    "EvaluationSection",
    "GuardSection",
    "HoldoutSection",
    "JudgeSection",
    "LocalSection",
    "ManagedSection",
    "ModelSection",
    "ModelSource",
    "OpenSource",
    "PeopleSource",
    "PluginSource",
    "PoolSource",
    "PriceSection",
    "QualitySection",
    "Recipe",
    "ReviewSection",
    "RubricSection",
    "SandboxSection",
    "Section",
    "SeedSection",
    "ServerSection",
    "Shape",
    "SourceSection",
    "StoppingSection",
    "TrainingSection",
    "differing_keys",
    "dump_recipe",
    "load_recipe",
]
