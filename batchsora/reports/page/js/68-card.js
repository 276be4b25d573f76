// The card of a job.

function cardOf(job) {
  const title = `card-${job.key}`;
  const card = el('li.card', {
    role: 'listitem',
    tabindex: -1,
    'aria-labelledby': title,
    'data-key': job.key,
    'data-status': job.status,
  });
  card.append(
    el('div.picture', stageOf(job), badgeOf(job)),
    el('div.words', titleOf(job, title), ...wordsOf(job)),
    verdictOf(job),
  );
  showMark(card, job);
  return card;
}

function badgeOf(job) {
  if (job.status === 'done') return null;
  return el('p', { class: `badge ${job.status}` }, stateWords(job));
}

/** A link with an address of its own, which opens here at a plain click. */
function openLink(job, words, kind) {
  const label = kind === 'open' ? `Open ${job.name}` : null;
  return el(
    'a',
    {
      class: kind,
      href: hashOfAsked(job),
      'aria-label': label,
      click: (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        openViewer(job);
      },
    },
    words === job.id ? apart(job.id) : words,
  );
}

function titleOf(job, id) {
  const several = job.take > 1 ? el('span.take', ` take ${job.take}`) : null;
  return el(
    'div.title',
    el('h3', { id }, openLink(job, job.id, 'name'), several),
    openLink(job, 'Open', 'open'),
  );
}

function wordsOf(job) {
  return [
    el('p.prompt', { dir: 'auto' }, excerpt(job.prompt)),
    el('p.order-facts', orderFacts(job)),
    ...outcomeOf(job),
    tagsOf(job),
  ];
}

// Two lines are shown; laying out thirty thousand characters for them would be felt.
const EXCERPT = 400;
const excerpt = (text) => (text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text);

const orderFacts = (job) => `${job.model} · ${job.seconds} s · ${pixels(job.size)}`;

function tagsOf(job) {
  if (!job.tags?.length) return null;
  return el(
    'p.tags',
    job.tags.map((tag) => el('bdi.tag', tag)),
  );
}

/** What became of it, by its state; each line says nothing that is not known. */
function outcomeOf(job) {
  switch (job.status) {
    case 'done':
      return [facts([usd(job.cost_usd), madeIn(job), endedAt(job)]), hintLine(job)];
    case 'failed':
      return [errorLine(job), facts([usd(job.cost_usd), job.hint]), retryCopy(job)];
    case 'in_doubt':
      return [el('p.error', doubtWords(job)), doubtCopy(job)];
    case 'rendered':
      return [facts(['Run again to fetch it', keptUntil(job)])];
    case 'running':
      return [facts([usd(job.cost_usd), `ordered ${ago(job.accepted_ms)}`])];
    case 'submitting':
      return [facts(['A request was on the wire when this was written'])];
    default:
      return [facts(['Waiting to be bought']), errorLine(job)];
  }
}

function facts(words) {
  return el('p.facts', words.filter(Boolean).join(' · '));
}

const madeIn = (job) => (job.render_s === null ? null : `made in ${span(job.render_s)}`);
const endedAt = (job) => (job.kept_ms === null ? null : clock(job.kept_ms));
const keptUntil = (job) =>
  job.expires_ms === null ? null : `there until ${clock(job.expires_ms)}`;
const ago = (ms) =>
  ms === null ? '' : `${span((run.reported_at - ms) / 1000)} before this report`;
const hintLine = (job) => job.hint && el('p.error', job.hint);

function errorLine(job) {
  const said = job.error_message ?? job.error_code;
  return said && el('p.error', { dir: 'auto', title: excerpt(said) }, excerpt(said));
}

const doubtWords = (job) =>
  job.error_message ?? 'It may have been bought: look at the provider’s site';

/** The whole command: which of its ends is the right one, only a person knows. */
function doubtCopy(job) {
  const base = command('resolve', jobWord(job));
  return el('p.facts', copyable(`${base} --video VIDEO_ID | --not-made | --lost`));
}

// What the service does not want, it will not want again: change the row, and it is a new job.
const NOT_AGAIN = new Set(['rejected', 'moderated']);
const retryCommand = (job) => command('retry', jobWord(job));

function retryCopy(job) {
  return NOT_AGAIN.has(job.reason) ? null : el('p.facts', copyable(retryCommand(job)));
}

function verdictOf(job) {
  const choice = (mark, words) =>
    button(words, () => toggleMark(job, mark), {
      class: mark,
      'data-mark': mark,
      'aria-pressed': 'false',
      'aria-label': `${words} ${job.name}`,
    });
  return el('div.verdict', choice('keep', 'Keep'), choice('reject', 'Reject'));
}

/** Shows on a card, or in the viewer, how its job is marked. */
function showMark(within, job) {
  const mark = markOf(job);
  if (mark === null) delete within.dataset.marked;
  else within.dataset.marked = mark;
  for (const choice of within.querySelectorAll('[data-mark]')) {
    choice.setAttribute('aria-pressed', String(choice.dataset.mark === mark));
  }
}
