"""Agents that make files with a model: prompts, the fenced text protocol, planning, tiers T1 and T2, escalation."""
