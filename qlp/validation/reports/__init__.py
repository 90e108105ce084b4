"""A verdict in the words of other tools: SARIF 2.1.0 for code scanning, JUnit XML for test reports."""

from qlp.validation.reports.junit import junit
from qlp.validation.reports.sarif import sarif

__all__ = ["junit", "sarif"]
