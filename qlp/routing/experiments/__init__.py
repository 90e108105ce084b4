"""Policies, prompts or models compared on real runs, watched by guardrails, judged by executed verdicts."""
