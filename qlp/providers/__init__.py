"""Models behind one Protocol: the providers, their faults, their prices, and where they were found."""
