"""The data that walks from API to capsule: frozen, strict, stored with a schema version."""

from qlp.models.candidate import Attempt, SourceFile, TaskResult
from qlp.models.confidence import Calibration, Confidence, Contribution, Decision
from qlp.models.event import TERMINAL, Event, EventType
from qlp.models.evidence import Evidence, Isolation
from qlp.models.finding import SEVERITIES, Finding, Severity, at_least
from qlp.models.plan import (
    ContractFile,
    InterfaceContract,
    Plan,
    ProjectCommand,
    PublicName,
    Route,
    Task,
)
from qlp.models.request import LANGUAGES, PROJECT_LANGUAGES, Language, ProjectLanguage, Request, Tier
from qlp.models.run import LOCAL_TENANT, Outcome, Problem, Run, RunStatus, StageSummary
from qlp.models.spec import (
    Analysis,
    Entity,
    FieldSpec,
    FieldType,
    ProjectKind,
    ProjectSpec,
    Relation,
    Rule,
)
from qlp.models.usage import Usage
from qlp.models.verdict import STAGES, Stage, StageResult, Verdict

__all__ = [
    "LANGUAGES",
    "LOCAL_TENANT",
    "PROJECT_LANGUAGES",
    "SEVERITIES",
    "STAGES",
    "TERMINAL",
    "Analysis",
    "Attempt",
    "Calibration",
    "Confidence",
    "ContractFile",
    "Contribution",
    "Decision",
    "Entity",
    "Event",
    "EventType",
    "Evidence",
    "FieldSpec",
    "FieldType",
    "Finding",
    "InterfaceContract",
    "Isolation",
    "Language",
    "Outcome",
    "Plan",
    "Problem",
    "ProjectCommand",
    "ProjectKind",
    "ProjectLanguage",
    "ProjectSpec",
    "PublicName",
    "Relation",
    "Request",
    "Route",
    "Rule",
    "Run",
    "RunStatus",
    "Severity",
    "SourceFile",
    "Stage",
    "StageResult",
    "StageSummary",
    "Task",
    "TaskResult",
    "Tier",
    "Usage",
    "Verdict",
    "at_least",
]
