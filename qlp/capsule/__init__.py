"""The capsule: a project with its plan, its evidence, its bill of materials and one signature over all of it.

build (assemble, write) makes one, store keeps it, verify checks it and runs its claims again, export takes the
project out. The format is described in docs/capsule.md.
"""

from qlp.capsule.build import CapsuleContents, Written, assemble, build_capsule, write
from qlp.capsule.export import extract, to_tar_gz
from qlp.capsule.read import Capsule, read_capsule
from qlp.capsule.report import CapsuleProblem, CapsuleReport, StageComparison
from qlp.capsule.rerun import Validate, rerun
from qlp.capsule.sign import Signer, verify_signature
from qlp.capsule.store import CapsuleStore, StoredCapsule
from qlp.capsule.trust import Trust
from qlp.capsule.verify import check_capsule, verify_capsule

__all__ = [
    "Capsule",
    "CapsuleContents",
    "CapsuleProblem",
    "CapsuleReport",
    "CapsuleStore",
    "Signer",
    "StageComparison",
    "StoredCapsule",
    "Trust",
    "Validate",
    "Written",
    "assemble",
    "build_capsule",
    "check_capsule",
    "extract",
    "read_capsule",
    "rerun",
    "to_tar_gz",
    "verify_capsule",
    "verify_signature",
    "write",
]
