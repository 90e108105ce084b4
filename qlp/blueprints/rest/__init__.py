"""What every REST blueprint shares, whatever its language: resources, smoke script, wording, scoring."""
