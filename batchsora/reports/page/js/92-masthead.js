// The head of the page: which run this is, what needs a person, how it stands.

function drawMasthead() {
  byId('name').textContent = legible(run.name);
  fill(
    byId('provenance'),
    apart(run.service),
    ` · reported ${when(run.reported_at)} ${zone(run.reported_at)} · `,
    el('a', { href: 'report.csv' }, 'report.csv'),
    ' ',
    el('a', { href: 'report.json' }, 'report.json'),
  );
  drawAttention();
  fill(
    byId('glance'),
    ...glance().map(([name, value]) => el('div', el('dt', name), el('dd', value))),
  );
  drawProgress();
  drawNotice();
}

function drawAttention() {
  const { failed = 0, in_doubt: doubts = 0 } = totals.states;
  const { missing } = given;
  const choice = (words, key, value, kind) =>
    button(words, () => pickOnly(key, value), { class: kind });
  const buttons = [
    doubts && choice(`${count(doubts)} in doubt`, 'status', 'in_doubt', 'doubt'),
    failed && choice(`${count(failed)} failed`, 'status', 'failed', 'failed'),
    missing && choice(`${clips(missing)} missing`, 'reason', MISSING, 'failed'),
  ].filter(Boolean);
  byId('attention').hidden = buttons.length === 0;
  const all = doubts + failed + missing;
  const needs = all === 1 ? '1 job needs a person:' : `${count(all)} jobs need a person:`;
  fill(byId('attention'), el('strong', needs), ...buttons);
}

function glance() {
  const { states } = totals;
  const under = (states.submitting ?? 0) + (states.running ?? 0) + (states.rendered ?? 0);
  const is = (text) => Number(text) > 0;
  return [
    ['Done', `${count(states.done ?? 0)} of ${count(totals.jobs)}`],
    under && ['Under way', count(under)],
    states.pending && ['Not bought yet', count(states.pending)],
    [
      'Spent',
      usd(totals.spent_usd) + (totals.unpriced ? ` + ${count(totals.unpriced)} unpriced` : ''),
    ],
    is(totals.in_doubt_usd) && ['In doubt', usd(totals.in_doubt_usd)],
    is(totals.left_usd) && ['Still to buy', usd(totals.left_usd)],
    run.budget_usd !== null && run.budget_usd !== undefined && ['Budget', usd(run.budget_usd)],
  ].filter(Boolean);
}

function drawProgress() {
  const states = [...STATUSES].filter(([status]) => totals.states[status]);
  const order = ['done', 'rendered', 'running', 'submitting', 'pending', 'in_doubt', 'failed'];
  states.sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
  fill(
    byId('progress'),
    ...states.map(([status, words]) => {
      const part = el('span', {
        class: status,
        title: `${words}: ${count(totals.states[status])}`,
      });
      part.style.flexGrow = totals.states[status];
      return part;
    }),
  );
}

function drawNotice() {
  const notices = [
    given.omitted > 0 &&
      `This is a summary of the rows that need a person: ${count(given.omitted)} are left out,` +
        ' and report.csv has them all.',
    memory.refused && `${REFUSED}.`,
  ].filter(Boolean);
  byId('notice').hidden = notices.length === 0;
  byId('notice').textContent = notices.join(' ');
}
