"""An eval-driven curriculum loop for instruction tuning."""

__version__ = "0.1.0"
