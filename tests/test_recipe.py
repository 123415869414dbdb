from pathlib import Path

import pytest

from loop.errors import RecipeError
from loop.recipe import Recipe, differing_keys, dump_recipe, load_recipe

RECIPES = Path(__file__).parent.parent / "recipes"

GOOD = """
name: good
seed: {files: [seed.jsonl]}
taxonomy:
  - {name: answers, weight: 1, target: 0.8, format: text}
  - {name: labels, weight: 3, target: 0.9, format: label, grader: label}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str, *assignments: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        load_recipe(write(folder, text), assignments)
    return caught.value.problems


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_shipped_recipe_is_valid(path: Path) -> None:
    recipe = load_recipe(path)
    assert recipe.name == path.stem


def test_weights_are_normalised(tmp_path: Path) -> None:
    recipe = load_recipe(write(tmp_path, GOOD))
    assert recipe.weights == {"answers": 0.25, "labels": 0.75}


def test_all_problems_of_a_file_are_shown_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("target: 0.8", "target: 80").replace("format: label", "formatt: label")
    problems = problems_of(tmp_path, text + "traning: {epochs: 2}\n")
    joined = "\n".join(problems)
    assert "taxonomy[0].target is 80; a target is a score in (0, 1], so 80 % is 0.80" in joined
    assert "taxonomy[1].formatt is not a known key; did you mean format?" in joined
    assert "taxonomy[1].format is missing" in joined
    assert "traning is not a known key; did you mean training?" in joined
    assert all(str(tmp_path) in problem for problem in problems)


def test_a_key_that_stands_twice_is_refused_with_its_line(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, GOOD + "name: other\n")
    assert problems == [f"{tmp_path / 'recipe.yaml'}: name stands twice, again in line 7; keep one"]


def test_a_code_category_without_language_is_refused(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, GOOD.replace("format: text", "format: code"))
    assert len(problems) == 1
    assert "needs `language`" in problems[0]


def test_a_category_named_twice_is_refused(tmp_path: Path) -> None:
    problems = problems_of(tmp_path, GOOD.replace("name: labels", "name: answers"))
    assert "taxonomy names answers more than once" in problems[0]


@pytest.mark.parametrize("given", ["withhold: [labls]", "seed_doses: {labls: 5}"])
def test_a_category_that_the_taxonomy_lacks_is_refused(tmp_path: Path, given: str) -> None:
    problems = problems_of(tmp_path, f"{GOOD}curriculum: {{{given}}}")
    assert f"curriculum.{given.split(':')[0]} names labls, not in the taxonomy" in problems[0]


def test_a_dose_of_its_own_replaces_the_common_one(tmp_path: Path) -> None:
    text = f"{GOOD}curriculum: {{seed_dose: 7, seed_doses: {{labels: 5}}}}"
    assert load_recipe(write(tmp_path, text)).seed_doses == {"answers": 7, "labels": 5}


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nowhere\.yaml: cannot be read"):
        load_recipe(tmp_path / "nowhere.yaml")


def test_text_that_is_not_yaml_is_refused(tmp_path: Path) -> None:
    assert "not valid YAML" in problems_of(tmp_path, "name: [")[0]


def test_set_overrides_by_key_index_and_category_name(tmp_path: Path) -> None:
    recipe = load_recipe(
        write(tmp_path, GOOD),
        ("training.epochs=3", "taxonomy[0].target=0.5", "taxonomy.labels.target=0.6"),
    )
    assert recipe.training.epochs == 3
    assert [category.target for category in recipe.taxonomy] == [0.5, 0.6]


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "{kind: pool, max_shar: 0.5}",
            "sources[0].max_shar is not a known key; did you mean max_",
        ),
        ("{kind: modl}", "sources[0].kind is 'modl'; did you mean model?"),
        ("{name: x}", "sources[0].kind is ''; kinds: pool, open, model, plugin, people"),
        ("{kind: plugin}", "sources[0].use is missing"),
        ("{kind: pool, tiers: [hard]}", "sources[0].tiers[0] is 'hard'"),
        ("{kind: pool, categories: [other]}", "sources: pool names other, not in the taxonomy"),
        ("{kind: pool}, {kind: pool}", "two sources are called pool; give each a `name`"),
    ],
)
def test_a_source_that_is_no_source_is_explained(tmp_path: Path, source: str, told: str) -> None:
    problems = problems_of(tmp_path, f"{GOOD}sources: [{source}]\n")
    assert told in "\n".join(problems)


def test_a_source_goes_by_its_kind_where_it_has_no_name(tmp_path: Path) -> None:
    text = f"{GOOD}sources: [{{kind: pool}}, {{kind: plugin, use: 'a:B'}}]\n"
    recipe = load_recipe(write(tmp_path, text), ("sources.plugin.max_share=0.5",))
    assert [(source.name, source.max_share) for source in recipe.sources] == [
        ("pool", 1.0),
        ("plugin", 0.5),
    ]


@pytest.mark.parametrize(
    ("assignment", "fragment"),
    [
        ("training.epochs", "write section.key=value"),
        ("taxonomy[7].target=1", "no entry '7' in taxonomy"),
        ("name.first=x", "name is a value, not a section"),
        ("training.epoch=3", "did you mean epochs?"),
    ],
)
def test_a_wrong_set_is_explained(tmp_path: Path, assignment: str, fragment: str) -> None:
    assert fragment in "\n".join(problems_of(tmp_path, GOOD, assignment))


def test_a_resolved_recipe_loads_as_itself(tmp_path: Path) -> None:
    recipe = load_recipe(RECIPES / "coding.yaml")
    again = load_recipe(write(tmp_path, dump_recipe(recipe)))
    assert again == recipe


def test_differing_keys_are_named_with_both_values(tmp_path: Path) -> None:
    old = load_recipe(write(tmp_path, GOOD))
    new = load_recipe(write(tmp_path, GOOD), ("training.lora.rank=4", "taxonomy[1].target=0.5"))
    assert differing_keys(old, new) == {
        "training.lora.rank": (16, 4),
        "taxonomy[1].target": (0.9, 0.5),
    }


def test_every_key_of_a_recipe_is_documented_or_obvious() -> None:
    schema = Recipe.model_json_schema()
    assert schema["$defs"]["CurationSection"]["properties"]["max_tokens"]["description"].startswith(
        "Longest example kept"
    )
