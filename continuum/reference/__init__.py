"""Solutions to compare with: analytic ones, patch tests, pull-off and peeling."""
