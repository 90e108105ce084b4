"""What models think of a project: opinions, marked as such, which block only if a command reproduces them."""

from qlp.validation.opinions.apply import apply
from qlp.validation.opinions.ask import ask_reviewers
from qlp.validation.opinions.protocol import Model, Opinion, Opinions, OpinionValidator, Reproduction
from qlp.validation.opinions.registry import GROUP, reviewers
from qlp.validation.opinions.reproduce import Tried, try_all
from qlp.validation.opinions.review import ModelReview

__all__ = [
    "GROUP",
    "Model",
    "ModelReview",
    "Opinion",
    "OpinionValidator",
    "Opinions",
    "Reproduction",
    "Tried",
    "apply",
    "ask_reviewers",
    "reviewers",
    "try_all",
]
