"""The typed recipe. The only place that reads YAML; nothing below a command sees a raw dict."""

from loop.recipe.load import differing_keys, dump_recipe, load_recipe
from loop.recipe.sections import (
    CategorySection,
    CurationSection,
    CurriculumSection,
    EvaluationSection,
    HoldoutSection,
    ModelSection,
    Recipe,
    SandboxSection,
    Section,
    SeedSection,
    StoppingSection,
    TeacherSection,
    TrainingSection,
)

__all__ = [
    "CategorySection",
    "CurationSection",
    "CurriculumSection",
    "EvaluationSection",
    "HoldoutSection",
    "ModelSection",
    "Recipe",
    "SandboxSection",
    "Section",
    "SeedSection",
    "StoppingSection",
    "TeacherSection",
    "TrainingSection",
    "differing_keys",
    "dump_recipe",
    "load_recipe",
]
