// The marks as a table for spreadsheets, and for `batchsora retry --from`.

// By the video's id a table that is given twice buys nothing twice: it names the clip looked at.
const MARK_COLUMNS = ['mark', 'id', 'take', 'status', 'file', 'prompt', 'note', 'video_id'];

/** RFC 4180, with the byte order mark that tells Excel that it is UTF-8. */
function marksTable() {
  const lines = [MARK_COLUMNS, ...jobs.filter(markOf).map(markLine)];
  return `\ufeff${lines.map((cells) => `${cells.map(cell).join(',')}\r\n`).join('')}`;
}

function markLine(job) {
  return [
    markOf(job),
    job.id,
    job.take,
    job.status,
    job.file,
    job.prompt,
    noteOf(job),
    job.video_id,
  ];
}

function cell(value) {
  const text = disarmed(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A spreadsheet would take such a text for a formula, and run it. */
function disarmed(value) {
  return typeof value === 'string' && /^[=+\-@\t\r]/.test(value) ? `'${value}` : String(value);
}

const marksFile = () => `${run.name}-marks.csv`;

function saveAsFile(name, text) {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/csv;charset=utf-8' }));
  const link = el('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
