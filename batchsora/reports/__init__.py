"""Reports: views of the ledger, for people and for programs."""

from batchsora.reports.beside import written_beside
from batchsora.reports.columns import Cell, report_columns, report_row
from batchsora.reports.summary import json_report
from batchsora.reports.tables import csv_report

__all__ = ["Cell", "csv_report", "json_report", "report_columns", "report_row", "written_beside"]
