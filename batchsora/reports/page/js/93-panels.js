// Two small dialogs: what to do with the marks, and which keys there are.

const marksPanel = byId('marks');
const keysPanel = byId('keys');

function openMarks() {
  drawMarksPanel();
  marksPanel.showModal();
}

function drawMarksPanel() {
  const { keep, reject, elsewhere } = countMarks();
  const unmarked = jobs.length - keep - reject;
  fill(
    marksPanel,
    el('h2', { id: 'marks-title' }, 'Marks'),
    el('p', `${count(keep)} to keep, ${count(reject)} to reject, ${count(unmarked)} unmarked.`),
    elsewhere > 0 && el('p.faded', `And of ${clips(elsewhere)} of this run, not on this page.`),
    el(
      'p.faded',
      memory.refused ? `${REFUSED}.` : 'They are kept in this browser only, until you export them.',
    ),
    el(
      'p.tools',
      button('Export as CSV', exportMarks, { class: 'strong', disabled: marks.size === 0 }),
      button('Clear all marks', askToClear, { disabled: marks.size === 0 }),
      button('Close', () => marksPanel.close()),
    ),
    el('div', { id: 'marks-then' }),
  );
}

function exportMarks() {
  saveAsFile(marksFile(), marksTable());
  fill(
    byId('marks-then'),
    el(
      'p',
      'Saved as ',
      apart(marksFile()),
      '. This puts the rejected ones back, and the next run buys them anew:',
    ),
    el('p', copyable(command('retry', '--from', shellWord(marksFile())))),
  );
}

function askToClear() {
  const sure = button(
    'Clear them',
    () => {
      clearMarks();
      drawMarksPanel();
    },
    { class: 'strong' },
  );
  fill(byId('marks-then'), el('p', 'There is no way back: '), sure);
  sure.focus();
}

const KEYS = [
  ['j, k', 'the next, the one before; arrows, too, once a card has the focus'],
  ['Enter', 'opens it'],
  ['Space', 'plays it, or pauses'],
  ['a', 'keeps it'],
  ['r, x', 'rejects it'],
  ['u', 'takes the mark away'],
  ['/', 'searches'],
  ['g, t, n', 'gallery, timeline, numbers'],
  ['?', 'shows this'],
  ['Esc', 'closes what is open'],
];

function openKeys() {
  const choice = el('input', {
    type: 'checkbox',
    id: 'single-keys',
    change: () => setSingleKeys(choice.checked),
  });
  choice.checked = singleKeys();
  fill(
    keysPanel,
    el('h2', { id: 'keys-title' }, 'Keys'),
    el(
      'table',
      el('caption.unseen', 'Keys'),
      el(
        'tbody',
        KEYS.map(([keys, what]) =>
          el('tr', el('th', { scope: 'row' }, el('kbd', keys)), el('td', what)),
        ),
      ),
    ),
    el('p', el('label', { for: 'single-keys' }, choice, ' Single letters are commands')),
    el(
      'p.tools',
      button('Close', () => keysPanel.close()),
    ),
  );
  keysPanel.showModal();
}
