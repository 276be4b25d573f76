// Tables for the numbers, with bars that repeat what stands beside them.

/** A table of texts, numbers and drawings. */
function table(caption, heads, rows) {
  const kinds = rows[0]?.map((value) => (typeof value === 'number' ? 'number' : null)) ?? [];
  return el(
    'div.scrolling',
    { tabindex: 0, role: 'group', 'aria-label': caption },
    el(
      'table',
      el('caption.unseen', caption),
      el(
        'thead',
        el(
          'tr',
          heads.map((head, at) => el('th', { scope: 'col', class: kinds[at] }, head)),
        ),
      ),
      el(
        'tbody',
        rows.map((values) => el('tr', values.map(tableCell))),
      ),
    ),
  );
}

const LONG = 28; // letters: what is longer is broken into lines

function tableCell(value) {
  if (value instanceof Node) return el('td.bar-cell', value);
  if (typeof value === 'number') return el('td.number', count(value));
  return el('td', { class: value.length > LONG ? 'long' : null }, apart(value));
}

/** A bar in a table: it only repeats the number beside it. */
function bar(share) {
  return drawn(
    'svg.bar-of',
    { viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    drawn('rect', { width: Math.max(0.5, share * 100), height: 10, rx: 1 }),
  );
}
