// The viewer: one job, large, with all that is known of it.

const viewer = byId('viewer');
let viewed = null; // the job in the viewer
let viewedAmong = []; // the list in which it stood: a mark may have taken it out of the list since
let letGo = () => {}; // of the clips in it

function openViewer(job, { step = true } = {}) {
  const pressed = document.activeElement?.id;
  stopPlaying();
  viewed = job;
  viewedAmong = shown.includes(job) ? shown : [job];
  emptyViewer();
  fillViewer(job);
  writeHash(job, { step: step && !viewer.open });
  if (!viewer.open) viewer.showModal();
  // whoever presses Next goes on pressing it; else the name is read out first
  if (['previous', 'next'].includes(pressed) && !byId(pressed).disabled) byId(pressed).focus();
  else byId('viewer-title').focus();
}

function closeViewer() {
  if (viewer.open) viewer.close();
}

viewer.addEventListener('close', () => {
  const job = shown.includes(viewed) ? viewed : (neighbour(1) ?? neighbour(-1));
  viewed = null;
  emptyViewer();
  writeHash(null);
  const list = activeList();
  const at = list.jobs.indexOf(job);
  if (at !== -1) list.goTo(at); // where one has come to in the viewer, one goes on in the list
});

viewer.addEventListener('click', (event) => {
  if (event.target === viewer) closeViewer(); // beside it
});

function emptyViewer() {
  letGo();
  letGo = () => {};
  viewer.querySelector('.viewer-sheet')?.remove();
}

/** Goes to the job before or behind, in the order of the list. */
function stepViewer(by) {
  const job = neighbour(by);
  if (job !== undefined) openViewer(job);
  else tell(by > 0 ? 'This is the last one' : 'This is the first one');
}

/** The next job that is shown, in the order in which the one in the viewer stood among them. */
function neighbour(by) {
  const among = shown.includes(viewed) ? shown : viewedAmong;
  const still = new Set(shown);
  let at = among.indexOf(viewed) + by;
  while (at in among && !still.has(among[at])) at += by;
  return among[at];
}

function fillViewer(job) {
  viewer.prepend(
    el(
      'div.viewer-sheet',
      viewerHead(job),
      el(
        'div.viewer-body',
        viewerPictures(job),
        el(
          'div.side',
          { tabindex: 0, role: 'group', 'aria-label': 'Facts' },
          ...whatToDo(job),
          judgementOf(job),
          promptOf(job),
          allFacts(job),
          ownTimeline(job),
        ),
      ),
    ),
  );
  showMark(viewer, job);
}

function viewerHead(job) {
  const at = shown.indexOf(job);
  const place = at === -1 ? 'not among those shown' : `${count(at + 1)} of ${count(shown.length)}`;
  return el(
    'header.viewer-head',
    el(
      'h2',
      { id: 'viewer-title', tabindex: -1 },
      apart(job.id),
      job.take > 1 ? ` take ${job.take}` : null,
    ),
    el('span', { class: `badge ${job.status}` }, statusWords(job.status)),
    el('span.faded', place),
    el(
      'div.tools',
      stepButton('previous', '‹', -1, at <= 0),
      stepButton('next', '›', 1, at === -1 || at === shown.length - 1),
      button('Close', closeViewer, { class: 'quiet' }),
    ),
  );
}

function stepButton(id, sign, by, disabled) {
  const label = id === 'next' ? 'Next' : 'Previous';
  return button(sign, () => stepViewer(by), { id, class: 'quiet', 'aria-label': label, disabled });
}

function promptOf(job) {
  return el(
    'section',
    el('h3', 'Prompt'),
    el(
      'p.whole-prompt',
      { dir: 'auto', tabindex: 0, role: 'group', 'aria-label': 'Prompt' },
      job.prompt,
    ),
  );
}

function judgementOf(job) {
  const note = el('textarea', {
    id: 'note',
    rows: 2,
    dir: 'auto',
    placeholder: 'A note for whoever makes the next one',
    change: () => setNote(job, note.value.trim()),
  });
  note.value = noteOf(job);
  return el('section.judgement', verdictOf(job), el('label', { for: 'note' }, 'Note'), note);
}

function ownTimeline(job) {
  const spans = spansOf(job);
  if (!spans.length) return null;
  const [from, until] = [spans[0].from, Math.max(...spans.map((it) => it.until))];
  return el(
    'section',
    el('h3', 'Its time'),
    laneOf(job, spans, (ms) => (ms - from) / (until - from)),
    el(
      'ul.times',
      spans.map((it) =>
        el(
          'li',
          el('span', { class: `span sample ${it.kind}` }),
          `${KINDS.get(it.kind)}: ${span((it.until - it.from) / 1000)}${it.open ? ' so far' : ''}`,
          el('span.faded', ` from ${second(it.from)}`),
        ),
      ),
    ),
  );
}
