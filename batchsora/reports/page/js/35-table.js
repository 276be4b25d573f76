// The marks as a table for spreadsheets, and for `batchsora retry --from`.

// By the video's id a table that is given twice buys nothing twice: it names the clip looked at.
const MARK_COLUMNS = ['mark', 'id', 'take', 'status', 'file', 'prompt', 'note', 'video_id'];

/** RFC 4180, with the byte order mark that tells Excel that it is UTF-8. */
function marksTable() {
  const lines = [MARK_COLUMNS, ...jobs.filter((job) => marks.has(clipOf(job))).map(markLine)];
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

// As report.csv is written: what a spreadsheet may take for a separator is quoted, too.
function cell(value) {
  const text = typeof value === 'string' ? fitForSheets(value) : String(value ?? '');
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g;
const MOST_UNITS = 32_767; // of UTF-16 in a cell: of a longer one Excel makes a line of its own

/** Makes a text what a spreadsheet keeps as it is: no formula, no control characters, cut. */
function fitForSheets(value) {
  const shown = value.replace(CONTROLS, pictureOfControl);
  const text = /^[=+\-@\t\r]/.test(shown) ? `'${shown}` : shown;
  if (text.length <= MOST_UNITS) return text;
  return `${text.slice(0, MOST_UNITS - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** ESC as ␛; of those above DEL there are no pictures. */
function pictureOfControl(character) {
  const code = character.charCodeAt(0);
  if (code > 0x7f) return `\\x${code.toString(16)}`;
  return String.fromCharCode(code === 0x7f ? 0x2421 : 0x2400 + code);
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
