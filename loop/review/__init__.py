"""People look over what was delivered: a sample bounds each batch's error, verdicts take effect."""

from loop.review.doubted import doubted_items
from loop.review.payment import check_review
from loop.review.review import review

__all__ = ["check_review", "doubted_items", "review"]
