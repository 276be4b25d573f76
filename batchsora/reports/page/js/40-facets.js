// By what jobs can be told apart: each facet gives a job's values, as texts.

const NOTHING = ''; // the value of a job whose column is empty

function facet(key, title, values, words = (value) => value) {
  return { key, title, values, words, cache: null };
}

const FACETS = [
  facet('status', 'Status', (job) => [job.status], statusWords),
  facet('reason', 'Reason', reasonsOf, reasonWords),
  facet('mark', 'Mark', (job) => [markOf(job) ?? 'unmarked'], markWords),
  facet('tag', 'Tag', (job) => job.tags ?? []),
  facet('model', 'Model', (job) => [job.model]),
  facet('size', 'Size', (job) => [job.size], pixels),
];

function reasonsOf(job) {
  if (job.isMissing) return [MISSING];
  return job.reason === null ? [] : [job.reason];
}

function markWords(mark) {
  return { keep: 'Keep', reject: 'Reject' }[mark] ?? 'Unmarked';
}

// The prefix keeps a column called `status` apart from the status.
const COLUMN_FACETS = ownColumns.map((column) =>
  facet(`column ${column.name}`, column.name, (job) => [String(job.own(column) ?? NOTHING)]),
);

const facetByKey = new Map([...FACETS, ...COLUMN_FACETS].map((it) => [it.key, it]));
const markFacet = facetByKey.get('mark');

/** The values of a job; those that never change are looked up once. */
function valuesOf(it, job) {
  if (it === markFacet) return it.values(job);
  it.cache ??= jobs.map(it.values);
  return it.cache[job.place];
}

/** The values of all jobs, with how many have each: the order in which a facet lists them. */
function allValues(it) {
  const counted = new Map(
    it === markFacet
      ? [
          ['keep', 0],
          ['reject', 0],
          ['unmarked', 0],
        ]
      : [],
  );
  for (const job of jobs) {
    for (const value of valuesOf(it, job)) counted.set(value, (counted.get(value) ?? 0) + 1);
  }
  const known = it.key === 'status' ? [...STATUSES.keys()] : null;
  if (known) return known.filter((value) => counted.has(value));
  if (it === markFacet) return [...counted.keys()];
  return [...counted].sort((one, other) => other[1] - one[1]).map(([value]) => value);
}
