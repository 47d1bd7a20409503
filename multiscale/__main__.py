"""`python -m multiscale` is the command `multiscale` of this Python."""

from multiscale.cli import main

main()
