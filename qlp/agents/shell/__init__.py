"""Tier T3: an agent with a shell. Pure but for its two seams, the model and the shell: so it replays step by step."""

from qlp.agents.shell.agent import Shell, run_agent
from qlp.agents.shell.critic import Critic, Review
from qlp.agents.shell.ending import Bounds, Ended, ShellRun
from qlp.agents.shell.observed import Observed
from qlp.agents.shell.workspace import Workspace

__all__ = ["Bounds", "Critic", "Ended", "Observed", "Review", "Shell", "ShellRun", "Workspace", "run_agent"]
