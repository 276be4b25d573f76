// How a job spent its time: spans of the kinds below, in milliseconds. Pure.

const KINDS = new Map([
  ['here', 'Waiting here'],
  ['queued', 'Queued there'],
  ['rendering', 'Rendering'],
  ['finished', 'Waiting to be fetched'],
  ['fetching', 'Downloading'],
]);

/** The spans of a job, in order. One that has not ended lasts until the report, and is `open`. */
function spansOf(job) {
  const over = job.status === 'failed' || job.status === 'in_doubt';
  const rendersFrom = job.rendering_ms ?? (job.completed_ms === null ? null : job.accepted_ms);
  return [
    spanOf('here', job.recorded_ms, job.sent_ms, job.status === 'pending'),
    spanOf('queued', job.accepted_ms, rendersFrom, !over),
    spanOf('rendering', rendersFrom, job.completed_ms, !over),
    spanOf('finished', job.completed_ms, job.fetching_ms, job.status === 'rendered'),
    spanOf('fetching', job.fetching_ms, job.kept_ms, false),
  ].filter(Boolean);
}

function spanOf(kind, from, until, mayBeOpen) {
  if (from === null || (until === null && !mayBeOpen)) return null;
  const end = until ?? run.reported_at;
  if (end <= from) return null; // the service's clock is another, and tells whole seconds
  return { kind, from, until: end, open: until === null };
}

const spanWords = ({ kind, from, until, open }) =>
  `${KINDS.get(kind).toLowerCase()} ${span((until - from) / 1000)}${open ? ', so far' : ''}`;

/** A job's time in words, for those who do not see the lane. */
function timeWords(job) {
  const spans = spansOf(job);
  return spans.length ? spans.map(spanWords).join(', ') : 'no times known';
}

/** Draws spans into a lane; `at` turns milliseconds into a part of the width, 0 to 1. */
function laneOf(job, spans, at) {
  const lane = el('div.lane', { role: 'img', 'aria-label': timeWords(job) });
  for (const it of spans) {
    const bar = el('span', {
      class: `span ${it.kind}${it.open ? ' open' : ''}`,
      title: spanWords(it),
    });
    const [left, right] = [at(it.from), at(it.until)];
    bar.style.left = `${left * 100}%`;
    bar.style.width = `${Math.max(0, right - left) * 100}%`;
    lane.append(bar);
  }
  return lane;
}

function legend() {
  const entries = [...KINDS].map(([kind, words]) =>
    el('li', el('span', { class: `span sample ${kind}` }), words),
  );
  return el('ul.legend', { 'aria-label': 'Legend' }, entries);
}
