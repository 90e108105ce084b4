"""How a project comes in: a snippet, files, an archive, a git repository or a folder; bounded, and never executed."""

from qlp.validation.intake.archive import read_archive
from qlp.validation.intake.folder import read_folder
from qlp.validation.intake.git import fetch_git
from qlp.validation.intake.job import ArchiveSource, GitSource, ValidateJob
from qlp.validation.intake.project import Origin, contract_of, files_of
from qlp.validation.intake.tree import Tree

__all__ = [
    "ArchiveSource",
    "GitSource",
    "Origin",
    "Tree",
    "ValidateJob",
    "contract_of",
    "fetch_git",
    "files_of",
    "read_archive",
    "read_folder",
]
