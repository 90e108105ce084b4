"""Every error that QLP raises on purpose.

    QLPError
    ├── InputError                    400  the request itself is wrong
    │   ├── RequestTooLargeError      413
    │   └── ContradictionError        422  wishes that exclude each other
    ├── AuthError                     401
    ├── ForbiddenError                403  the caller is known and may not
    ├── NotFoundError                 404
    ├── ConflictError                 409
    ├── IdempotencyMismatchError      422  same key, another body
    ├── OverloadedError               429  a bounded queue is full
    ├── BudgetExceededError           402
    ├── UnpricedModelError            402  a cap is set and the model's price is unknown
    ├── NoGeneratorError              422  no blueprint matches and no model is configured
    ├── PlanError                     500  a plan that breaks its own rules
    ├── GenerationError               502  agents gave up on a task
    ├── ProviderError                 502
    │   ├── ProviderRateLimitError    429
    │   ├── ProviderTimeoutError      504
    │   └── ProviderUnavailableError  503  breaker open, or nothing listens
    ├── SandboxError                  500
    │   ├── SandboxUnavailableError   503  no engine, or it went away
    │   └── SandboxProtocolError      500  late, lost or malformed reply
    ├── CapsuleError                  422  not a capsule, or it does not verify
    ├── StorageError                  507  disk full, or the store cannot be written
    ├── DeadlineExceededError         504
    ├── ValidatorUnavailableError     503  no validator actor, or it went away
    ├── ServerUnreachableError        503  a client found no QLP server
    └── CancelledRunError             409

`code` is stable and public, `status` is read by the HTTP layer alone, `retryable` tells a client whether the
same call may succeed later.
"""

from __future__ import annotations

from typing import ClassVar


class QLPError(Exception):
    """Root of the tree. `extra` is shown to the user as machine-readable detail."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra


class InputError(QLPError):
    code = "invalid_request"
    status = 400


class RequestTooLargeError(InputError):
    code = "request_too_large"
    status = 413


class ContradictionError(InputError):
    code = "contradictory_request"
    status = 422


class AuthError(QLPError):
    code = "unauthorized"
    status = 401


class ForbiddenError(QLPError):
    code = "forbidden"
    status = 403


class NotFoundError(QLPError):
    code = "not_found"
    status = 404


class ConflictError(QLPError):
    code = "conflict"
    status = 409


class IdempotencyMismatchError(QLPError):
    code = "idempotency_key_reused"
    status = 422


class OverloadedError(QLPError):
    code = "overloaded"
    status = 429
    retryable = True


class BudgetExceededError(QLPError):
    code = "budget_exceeded"
    status = 402


class UnpricedModelError(QLPError):
    code = "unpriced_model"
    status = 402


class NoGeneratorError(QLPError):
    code = "no_generator"
    status = 422


class PlanError(QLPError):
    code = "invalid_plan"


class GenerationError(QLPError):
    code = "generation_failed"
    status = 502


class ProviderError(QLPError):
    code = "provider_error"
    status = 502


class ProviderRateLimitError(ProviderError):
    code = "provider_rate_limited"
    status = 429
    retryable = True


class ProviderTimeoutError(ProviderError):
    code = "provider_timeout"
    status = 504
    retryable = True


class ProviderUnavailableError(ProviderError):
    code = "provider_unavailable"
    status = 503
    retryable = True


class SandboxError(QLPError):
    code = "sandbox_error"


class SandboxUnavailableError(SandboxError):
    code = "sandbox_unavailable"
    status = 503
    retryable = True


class SandboxProtocolError(SandboxError):
    code = "sandbox_protocol_error"
    retryable = True


class CapsuleError(QLPError):
    code = "invalid_capsule"
    status = 422


class StorageError(QLPError):
    code = "storage_error"
    status = 507
    retryable = True


class DeadlineExceededError(QLPError):
    code = "deadline_exceeded"
    status = 504


class ValidatorUnavailableError(QLPError):
    code = "validator_unavailable"
    status = 503
    retryable = True


class ServerUnreachableError(QLPError):
    code = "server_unreachable"
    status = 503
    retryable = True


class CancelledRunError(QLPError):
    code = "run_cancelled"
    status = 409


def error_class(code: str) -> type[QLPError]:
    """The class with this `code`, so that an error keeps its class across a process; QLPError for an unknown one."""
    waiting: list[type[QLPError]] = [QLPError]
    while waiting:
        found = waiting.pop()
        if found.code == code:
            return found
        waiting += found.__subclasses__()
    return QLPError
