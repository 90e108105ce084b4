"""Six stages over a project, run with real tools in a sandbox: syntax, style, types, security, tests, runtime."""

from qlp.validation.evidence import digest_of
from qlp.validation.inferred import detect_language, infer_contract
from qlp.validation.validator import required_stages, validate_project

__all__ = ["detect_language", "digest_of", "infer_contract", "required_stages", "validate_project"]
