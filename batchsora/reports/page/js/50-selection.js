// What is asked for, and which jobs answer it.

const asked = {
  view: 'gallery',
  search: '',
  order: 'manifest',
  reversed: false,
  picked: new Map(), // of a facet's key: the values of which one must hold
  columns: new Set(), // the manifest's columns that are offered as facets
};
const selectionChanged = bell();
let shown = jobs;
let facetCounts = new Map(); // of a facet's key: of a value: jobs that picking it would show

const picksOf = (it) => asked.picked.get(it.key);
const offeredFacets = () => [...FACETS, ...COLUMN_FACETS.filter((it) => asked.columns.has(it.key))];
const isNarrowed = () => asked.search.trim() !== '' || asked.picked.size > 0;

function pick(it, value, wanted) {
  const picks = picksOf(it) ?? new Set();
  if (wanted) picks.add(value);
  else picks.delete(value);
  if (picks.size) asked.picked.set(it.key, picks);
  else asked.picked.delete(it.key);
  select();
}

/** Shows only the jobs that have this value. */
function pickOnly(key, value) {
  asked.picked.clear();
  asked.search = '';
  asked.picked.set(key, new Set([value]));
  if (asked.view === 'numbers') asked.view = 'gallery';
  select();
}

function clearSelection() {
  asked.picked.clear();
  asked.search = '';
  select();
}

function select() {
  find();
  selectionChanged.ring();
}

/** Finds the jobs anew, and counts for each facet what its values would show. */
function find() {
  const offered = offeredFacets();
  const counts = offered.map(() => new Map());
  const found = [];
  for (const job of jobsWithWords(asked.search)) {
    const missed = missedFacet(job, offered);
    if (missed === SEVERAL) continue;
    if (missed === NONE) found.push(job);
    // what misses one facet only would be shown by picking its value there
    offered.forEach((it, at) => {
      if (missed === NONE || missed === at) tally(counts[at], valuesOf(it, job));
    });
  }
  facetCounts = new Map(offered.map((it, at) => [it.key, counts[at]]));
  shown = inOrder(found, asked.order, asked.reversed);
}

const NONE = -1;
const SEVERAL = -2;

/** The place of the one facet by which a job falls out. */
function missedFacet(job, offered) {
  let missed = NONE;
  for (let at = 0; at < offered.length; at += 1) {
    const picks = picksOf(offered[at]);
    if (picks === undefined || valuesOf(offered[at], job).some((it) => picks.has(it))) continue;
    if (missed !== NONE) return SEVERAL;
    missed = at;
  }
  return missed;
}

function tally(counts, values) {
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
}

let index = null; // of each job, by its place: all that can be searched for, in lower case

function searchable(job) {
  const own = ownColumns.map((column) => job.own(column));
  const texts = [
    job.name,
    job.fullName,
    `${job.id} take ${job.take}`,
    job.key,
    job.prompt,
    job.model,
    job.size,
    job.status,
    job.reason,
    job.file,
    job.image,
    ...own,
    ...(job.tags ?? []),
    job.video_id,
    job.error_code,
    job.error_message,
    job.hint,
    noteOf(job),
  ];
  return texts
    .filter((text) => text !== null)
    .join('\n')
    .toLowerCase();
}

/** The jobs in which each of the words is found; `take 2` is one word, as it is in a title. */
function jobsWithWords(search) {
  const found = search.toLowerCase().match(/(?<!\S)take\s+\d+|\S+/g) ?? [];
  const words = found.map((word) => word.replace(/\s+/, ' '));
  if (!words.length) return jobs;
  index ??= jobs.map(searchable);
  return jobs.filter((job) => words.every((word) => index[job.place].includes(word)));
}

marksChanged.listen((job) => {
  if (job === undefined) index = null;
  else if (index !== null) index[job.place] = searchable(job);
  find();
});
