"""How a task is put into words: a handful of templates per category."""

import random

from coding.program import Program

_GENERATION = (
    "Write a Python function `{call}` that returns {what}.",
    "Write a Python function `{call}` that returns {what}. Reply with code only.",
    "Implement `{call}` in Python. It should return {what}.",
    "Create a function `{call}` that returns {what}. Only the code, please.",
    "I need a Python function `{call}` that gives {what}. Just the code.",
    "Define `{call}` in Python so that it returns {what}.",
    "In Python, `{call}` should return {what}. Write it, code only.",
    "Please write `{call}`, a Python function returning {what}.",
)
_BUG = (
    "This function should return {what}. Find the bug. Answer with JSON: explanation, line, kind.",
    "Find the bug. It should return {what}. Reply with JSON: explanation, line, kind of bug.",
    "One line is wrong: it should return {what}. Give JSON with explanation, line, kind.",
    "The code is meant to return {what}, but has a bug. Name it as JSON: explanation, line, kind.",
    "Explain the bug as JSON with explanation, line, kind. It should return {what}.",
    "Which line has the bug? It should return {what}. Answer as JSON: explanation, line, kind.",
)
_REFACTORING = (
    "Rewrite this function without a loop. Keep its name and behaviour. Reply with code only.",
    "Refactor this function so that it has no for loop. Same name, same result. Code only.",
    "Replace the loop by a comprehension or a built-in. Keep the function's name. Only code.",
    "Make this function shorter: no explicit loop, same behaviour. Give the code only.",
    "Simplify this Python function to a single return without a loop statement. Just the code.",
    "Convert the loop in this function to a single expression. Keep the name. Code only.",
    "Write this function in a compact way, without for or while statements. Code only.",
)
_DOCUMENTATION = (
    "Write a Google-style docstring for this function. Give only the docstring's text.",
    "Document this function: a Google-style docstring with summary, Args and Returns. Text only.",
    "What is the Google-style docstring of this function? Reply with its text, without quotes.",
    "Add a docstring (Google style) for this code. Reply with the docstring text alone.",
    "Describe this function in a Google-style docstring. No code, only the docstring's text.",
    "Give the docstring text for this function, in Google style with Args and Returns.",
    "Please document this Python function in Google style. Only the text of the docstring.",
)


def instruction(rng: random.Random, category: str, program: Program) -> str:
    """Put a task into words.

    Args:
        rng: Source of randomness.
        category: One of this recipe's categories.
        program: What the task is about.

    Returns:
        The instruction.
    """
    templates = {
        "code_generation": _GENERATION,
        "bug_explanation": _BUG,
        "refactoring": _REFACTORING,
        "documentation": _DOCUMENTATION,
    }[category]
    return rng.choice(templates).format(call=program.signature, what=program.what)


def docstring(program: Program) -> str:
    """Write the Google-style docstring of a program.

    Args:
        program: The program.

    Returns:
        Summary, Args and Returns, without quotes.
    """
    args = "\n".join(f"    {param.name}: {param.about}" for param in program.params)
    return f"Return {program.what}.\n\nArgs:\n{args}\n\nReturns:\n    {program.returns}"
