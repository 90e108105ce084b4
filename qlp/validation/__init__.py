"""Six stages over a project, run with real tools in a sandbox: syntax, style, types, security, tests, runtime."""

from qlp.validation.check import Check, Reading, Skip, Toolchain
from qlp.validation.evidence import digest_of
from qlp.validation.inferred import detect_language, infer_contract
from qlp.validation.policy import Policy, load_policy, policy_names
from qlp.validation.project import Project
from qlp.validation.validator import required_stages, validate_project

__all__ = [
    "Check",
    "Policy",
    "Project",
    "Reading",
    "Skip",
    "Toolchain",
    "detect_language",
    "digest_of",
    "infer_contract",
    "load_policy",
    "policy_names",
    "required_stages",
    "validate_project",
]
