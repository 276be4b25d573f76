"""Reports: views of the ledger, for people and for programs."""

from batchsora.reports.beside import written_beside
from batchsora.reports.columns import Cell, report_columns, report_row
from batchsora.reports.summary import write_json
from batchsora.reports.tables import write_csv

__all__ = ["Cell", "report_columns", "report_row", "write_csv", "write_json", "written_beside"]
