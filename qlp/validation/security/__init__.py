"""The security stage: own rules with data flow over syntax trees, bandit, secrets, and names of dependencies."""
