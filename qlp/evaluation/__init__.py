"""Prompts against a task set: each variant on each task, judged by tests in the sandbox, compared pair by pair."""

from qlp.evaluation.compare import Comparison, Score, compare, score
from qlp.evaluation.tasks import EvalTask, load_tasks
from qlp.evaluation.trials import Trial, run_trials

__all__ = ["Comparison", "EvalTask", "Score", "Trial", "compare", "load_tasks", "run_trials", "score"]
