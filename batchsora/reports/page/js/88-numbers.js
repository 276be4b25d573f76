// The numbers of the whole run: money, render times, failures, pauses. Each has a table.

function drawNumbers() {
  fill(byId('numbers'), el('h2', { id: 'numbers-title', class: 'unseen' }, 'Numbers'),
    el('div', { class: 'tiles' }, spendTile(), reasonsTile(), ...given.renders.map(renderTile), pausesTile()));
}

function tile(title, ...children) {
  return el('section', { class: 'tile' }, el('h3', {}, title), ...children);
}

/** A table of texts, numbers and drawings. */
function table(caption, heads, rows) {
  const kinds = rows[0]?.map((value) => (typeof value === 'number' ? 'number' : null)) ?? [];
  return el('div', { class: 'scrolling', tabindex: 0, role: 'group', 'aria-label': caption },
    el('table', {}, el('caption', { class: 'unseen' }, caption),
      el('thead', {}, el('tr', {}, heads.map((head, at) => el('th', { scope: 'col', class: kinds[at] }, head)))),
      el('tbody', {}, rows.map((values) => el('tr', {}, values.map(tableCell))))));
}

const LONG = 28; // letters: what is longer is broken into lines

function tableCell(value) {
  if (value instanceof Node) return el('td', { class: 'bar-cell' }, value);
  if (typeof value === 'number') return el('td', { class: 'number' }, count(value));
  return el('td', { class: value.length > LONG ? 'long' : null }, apart(value));
}

/** A bar in a table: it only repeats the number beside it. */
function bar(share) {
  return drawn('svg', { class: 'bar-of', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    drawn('rect', { width: Math.max(0.5, share * 100), height: 10, rx: 1 }));
}

function spendTile() {
  const most = Math.max(...given.spend.map((it) => Number(it.usd)), 0.01);
  const rows = given.spend.map((it) => [
    it.model, pixels(it.size), it.jobs, it.clips, usd(it.usd) + (it.unpriced ? ` + ${it.unpriced} unpriced` : ''),
    bar(Number(it.usd) / most),
  ]);
  return tile('Spend by model and size',
    table('Spend by model and size', ['Model', 'Size', 'Jobs', 'Clips', 'Spent', 'Share'], rows));
}

function reasonsTile() {
  const reasons = Object.entries(totals.reasons);
  if (!reasons.length) return tile('Failures', el('p', {}, 'None.'));
  const most = Math.max(...reasons.map(([, number]) => number));
  const rows = reasons.map(([reason, number]) => [reasonWords(reason), number, bar(number / most)]);
  return tile('Failures by reason', table('Failures by reason', ['Reason', 'Jobs', 'Share'], rows));
}

function renderTile(of) {
  const title = `Render times: ${of.model}, ${of.seconds} s`;
  const rows = of.buckets.map(([from, until, number]) => [`${span(from)} to ${span(until)}`, number]);
  return tile(title,
    el('p', { class: 'facts' }, `${clips(of.clips)} · median ${span(of.median_s)} · nine of ten within ${span(of.p90_s)}`),
    histogram(of, title),
    el('details', {}, el('summary', {}, 'As a table'), table(title, ['Rendered in', 'Clips'], rows)));
}

const WIDE = 360;
const HIGH = 136;
const FOOT = 18;
const HEAD = 28; // two lines of letters: what the levels are called

function histogram({ buckets, median_s, p90_s }, title) {
  if (!buckets.length) return null;
  const [first, last] = [buckets[0][0], buckets.at(-1)[1]];
  const most = Math.max(...buckets.map(([, , number]) => number));
  const x = (seconds) => ((seconds - first) / (last - first || 1)) * WIDE;
  const y = (number) => (number / most) * (HIGH - FOOT - HEAD);
  const bars = buckets.map(([from, until, number]) => drawn('rect', {
    class: 'bin', x: x(from) + 1, y: HIGH - FOOT - y(number), width: Math.max(1, x(until) - x(from) - 2), height: y(number),
  }, drawn('title', {}, `${span(from)} to ${span(until)}: ${clips(number)}`)));
  return drawn('svg', { class: 'histogram', viewBox: `0 0 ${WIDE} ${HIGH}`, role: 'img', 'aria-label': `${title}; the table has the numbers` },
    bars,
    drawn('line', { class: 'ground', x1: 0, x2: WIDE, y1: HIGH - FOOT, y2: HIGH - FOOT }),
    lineAt(x(median_s), 'median'), lineAt(x(p90_s), 'p90'),
    drawn('text', { x: 0, y: HIGH - 4 }, span(first)),
    drawn('text', { x: WIDE, y: HIGH - 4, 'text-anchor': 'end' }, span(last)));
}

function lineAt(x, words) {
  const anchor = x > WIDE / 2 ? 'end' : 'start';
  return [
    drawn('line', { class: `level ${words}`, x1: x, x2: x, y1: words === 'p90' ? 3 : 15, y2: HIGH - FOOT }),
    drawn('text', { x: x + (anchor === 'end' ? -4 : 4), y: words === 'p90' ? 10 : 23, 'text-anchor': anchor }, words),
  ];
}

function pausesTile() {
  if (!given.pauses.length) return null;
  return tile('Pauses that the service asked for', pausesTable());
}

function pausesTable() {
  const rows = given.pauses.map((it) => [
    `${day(it.from)}, ${second(it.from)}`, span((it.until - it.from) / 1000), it.jobs ?? '',
    [it.message, it.code].filter(Boolean).join(' · '),
  ]);
  return table('Pauses', ['From', 'Length', 'Jobs', 'In its words'], rows);
}
