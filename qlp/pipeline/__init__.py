"""The way of a request through the platform: admit, analyse, choose, plan, execute, verify, score, package."""
