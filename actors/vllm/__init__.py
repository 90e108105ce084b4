"""Models that the cluster hosts itself: one Serve deployment a model, around vLLM's AsyncLLM.

Only `engine` imports vLLM, and only inside a replica: the environment of the API and of the workers need not have it.
"""
