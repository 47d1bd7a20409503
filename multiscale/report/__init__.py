"""The report: one HTML file that needs nothing else, made from `Results` alone."""

from multiscale.report.page import write_report

__all__ = ["write_report"]
