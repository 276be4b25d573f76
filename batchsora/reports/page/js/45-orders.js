// In which order jobs are shown. Each order is a number or a text a job; nulls come last.

const ORDERS = new Map([
  ['manifest', { title: 'Manifest order', of: (job) => job.place }],
  ['id', { title: 'Id', of: null }],
  ['cost', { title: 'Cost, highest first', of: (job) => falling(job.cost_usd) }],
  ['render', { title: 'Render time, longest first', of: (job) => falling(job.render_s) }],
  ['finished', { title: 'Finished last, first', of: (job) => falling(job.finished_ms) }],
  ['waited', { title: 'Longest waiting', of: (job) => falling(job.waited_ms) }],
]);

/** Only for sorting: money that is shown stays text. */
const falling = (value) => (value === null ? null : -Number(value));

const byName = new Intl.Collator('en', { numeric: true });

function inOrder(found, order, reversed) {
  const sign = reversed ? -1 : 1;
  const { of } = ORDERS.get(order);
  if (of === null) return found.sort((one, other) => sign * compareNames(one, other));
  // nothing known of a job is at the end either way
  const keys = new Map(found.map((job) => [job, of(job) ?? sign * Infinity]));
  return found.sort((one, other) => {
    const [left, right] = [keys.get(one), keys.get(other)];
    return left === right ? one.place - other.place : sign * (left < right ? -1 : 1);
  });
}

const compareNames = (one, other) => byName.compare(one.id, other.id) || one.take - other.take;
