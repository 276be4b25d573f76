// The keys. They are nobody's while one types, or holds Ctrl, Alt or Meta.

const SINGLE_KEYS = 'batchsora single keys'; // WCAG 2.1.4: who speaks to a computer turns them off

const singleKeys = () => memory.recall(SINGLE_KEYS) !== 'off';
const setSingleKeys = (on) => memory.keep(SINGLE_KEYS, on ? 'on' : 'off');

const LETTERS = new Map([
  ['j', () => step(1)],
  ['k', () => step(-1)],
  ['a', () => markCurrent('keep')],
  ['r', () => markCurrent('reject')],
  ['x', () => markCurrent('reject')],
  ['u', () => markCurrent(null)],
  ['g', () => outside(() => setView('gallery'))],
  ['t', () => outside(() => setView('timeline'))],
  ['n', () => outside(() => setView('numbers'))],
  ['/', () => outside(() => byId('search').focus())],
  ['?', openKeys],
]);

const activeList = () => (asked.view === 'timeline' ? timeline : gallery);
const currentJob = () => viewed ?? activeList().current;
const outside = (act) => (viewed === null ? act() : undefined);
const step = (by) => (viewed === null ? activeList().step(by) : stepViewer(by));

function markCurrent(mark) {
  const job = currentJob();
  if (job !== null && asked.view !== 'numbers') setMark(job, mark);
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (isTyping(event.target) || keysPanel.open || marksPanel.open) return;
  const act = letterOf(event) ?? namedKey(event);
  if (act === undefined) return;
  event.preventDefault();
  act();
});

/** Letters belong to a list of choices, too: there they choose. */
const isTyping = (target) =>
  target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null;

function letterOf(event) {
  return singleKeys() ? LETTERS.get(event.key) : undefined;
}

/** Arrows, Enter and Space: the item's that has the focus itself, or the viewer's. */
function namedKey({ key, target }) {
  if (viewed !== null) return viewerKey(key, target);
  if (!target.matches('.card, .row')) return undefined;
  const job = jobByKey.get(target.dataset.key);
  const { columns } = activeList().shape;
  switch (key) {
    case 'Enter':
      return () => openViewer(job);
    case ' ':
      return () => playCard(job);
    case 'ArrowRight':
      return () => step(1);
    case 'ArrowLeft':
      return () => step(-1);
    case 'ArrowDown':
      return () => step(columns);
    case 'ArrowUp':
      return () => step(-columns);
    default:
      return undefined;
  }
}

function viewerKey(key, target) {
  if (target.matches('video')) return undefined; // a player has keys of its own
  switch (key) {
    case 'ArrowRight':
      return () => stepViewer(1);
    case 'ArrowLeft':
      return () => stepViewer(-1);
    // a button is pressed by Space, and a long text is scrolled
    case ' ':
      return target.matches('button, a, [tabindex="0"]') ? undefined : playViewed;
    default:
      return undefined;
  }
}
