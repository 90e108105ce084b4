"""`python -m qlp.cli`, for where the console script is not on PATH."""

from qlp.cli.main import main

main()
