// What is asked for, in the page's address: a reload keeps it, a link hands it on.

const PLAIN = { view: 'gallery', search: '', order: 'manifest', reversed: false };

function hashOfAsked(job) {
  const words = new URLSearchParams();
  if (job) words.set('job', job.key);
  if (asked.view !== PLAIN.view) words.set('view', asked.view);
  if (asked.search !== PLAIN.search) words.set('q', asked.search);
  if (asked.order !== PLAIN.order) words.set('sort', asked.order);
  if (asked.reversed) words.set('reversed', '1');
  for (const key of asked.columns) words.append('column', facetByKey.get(key).title);
  for (const [key, picks] of asked.picked) for (const value of picks) words.append(key, value);
  return words.size ? `#${words}` : '';
}

/** Takes over what an address asks for; anything that it does not know, it leaves out. */
function readHash(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ''));
  const view = words.get('view');
  asked.view = view === 'timeline' || view === 'numbers' ? view : PLAIN.view;
  asked.search = words.get('q') ?? PLAIN.search;
  asked.order = ORDERS.has(words.get('sort')) ? words.get('sort') : PLAIN.order;
  asked.reversed = words.has('reversed');
  asked.picked = new Map();
  asked.columns = new Set(
    words
      .getAll('column')
      .map(columnKey)
      .filter((it) => facetByKey.has(it)),
  );
  for (const [key, value] of words) if (facetByKey.has(key)) pickQuietly(key, value);
  return jobByKey.get(words.get('job')) ?? null;
}

const columnKey = (name) => `column ${name}`;

function pickQuietly(key, value) {
  const picks = asked.picked.get(key) ?? new Set();
  asked.picked.set(key, picks.add(value));
  if (key.startsWith('column ')) asked.columns.add(key);
}

let writing = 0; // the timer of an address that is about to be written
const SOON_MS = 80; // browsers refuse an address that is written anew at each key that is held down

/** Writes the address: soon, or at once as a step in the history that Back takes back. */
function writeHash(job, { step = false } = {}) {
  clearTimeout(writing);
  if (step) putHash(job, 'pushState');
  else writing = setTimeout(() => putHash(job, 'replaceState'), SOON_MS);
}

function putHash(job, how) {
  const hash = hashOfAsked(job);
  if (hash === location.hash) return;
  const url = hash || location.pathname + location.search;
  try {
    history[how](null, '', url);
  } catch {
    location.hash = hash; // a browser that lets files have no history of their own
  }
}
