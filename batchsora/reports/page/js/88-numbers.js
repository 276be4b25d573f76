// The numbers of the whole run: money, render times, failures, pauses. Each has a table.

function drawNumbers() {
  fill(
    byId('numbers'),
    el('h2', { id: 'numbers-title', class: 'unseen' }, 'Numbers'),
    el('div.tiles', spendTile(), reasonsTile(), ...given.renders.map(renderTile), pausesTile()),
  );
}

function tile(title, ...children) {
  return el('section.tile', el('h3', title), ...children);
}

function spendTile() {
  const most = Math.max(...given.spend.map((it) => Number(it.usd)), 0.01);
  const rows = given.spend.map((it) => [
    it.model,
    pixels(it.size),
    it.jobs,
    it.clips,
    usd(it.usd) + (it.unpriced ? ` + ${it.unpriced} unpriced` : ''),
    bar(Number(it.usd) / most),
  ]);
  return tile(
    'Spend by model and size',
    table('Spend by model and size', ['Model', 'Size', 'Jobs', 'Clips', 'Spent', 'Share'], rows),
  );
}

function reasonsTile() {
  const reasons = Object.entries(totals.reasons);
  if (!reasons.length) return tile('Failures', el('p', 'None.'));
  const most = Math.max(...reasons.map(([, number]) => number));
  const rows = reasons.map(([reason, number]) => [reasonWords(reason), number, bar(number / most)]);
  return tile('Failures by reason', table('Failures by reason', ['Reason', 'Jobs', 'Share'], rows));
}

function renderTile(of) {
  const title = `Render times: ${of.model}, ${of.seconds} s`;
  const rows = of.buckets.map(([from, until, number]) => [
    `${span(from)} to ${span(until)}`,
    number,
  ]);
  return tile(
    title,
    el(
      'p.facts',
      `${clips(of.clips)} · median ${span(of.median_s)} · nine of ten within ${span(of.p90_s)}`,
    ),
    histogram(of, title),
    el('details', el('summary', 'As a table'), table(title, ['Rendered in', 'Clips'], rows)),
  );
}

function pausesTile() {
  if (!given.pauses.length) return null;
  return tile('Pauses that the service asked for', pausesTable());
}

function pausesTable() {
  const rows = given.pauses.map((it) => [
    `${day(it.from)}, ${second(it.from)}`,
    span((it.until - it.from) / 1000),
    it.jobs ?? '',
    [it.message, it.code].filter(Boolean).join(' · '),
  ]);
  return table('Pauses', ['From', 'Length', 'Jobs', 'In its words'], rows);
}
