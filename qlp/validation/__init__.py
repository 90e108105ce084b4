"""Six stages over a project, run with real tools in a sandbox: syntax, style, types, security, tests, runtime."""

from qlp.validation.cache import VerdictCache
from qlp.validation.check import Check, Reading, Skip, Toolchain
from qlp.validation.evidence import digest_of
from qlp.validation.inferred import detect_language, infer_contract, language_of
from qlp.validation.policy import DecisionPolicy, Policy, StagePolicy, TestsPolicy, load_policy, policy_names
from qlp.validation.project import Project
from qlp.validation.validator import validate_project
from qlp.validation.verdict_store import open_verdict_cache

__all__ = [
    "Check",
    "DecisionPolicy",
    "Policy",
    "Project",
    "Reading",
    "Skip",
    "StagePolicy",
    "TestsPolicy",
    "Toolchain",
    "VerdictCache",
    "detect_language",
    "digest_of",
    "infer_contract",
    "language_of",
    "load_policy",
    "open_verdict_cache",
    "policy_names",
    "validate_project",
]
