"""Reports: views of the ledger, for people and for programs."""

from batchsora.reports.attempts import ATTEMPT_COLUMNS, attempt_row
from batchsora.reports.beside import written_beside
from batchsora.reports.columns import Cell, own_columns, report_columns, report_row
from batchsora.reports.junit import junit_report
from batchsora.reports.summary import json_report
from batchsora.reports.tables import csv_report, csv_table

__all__ = [
    "ATTEMPT_COLUMNS",
    "Cell",
    "attempt_row",
    "csv_report",
    "csv_table",
    "json_report",
    "junit_report",
    "own_columns",
    "report_columns",
    "report_row",
    "written_beside",
]
