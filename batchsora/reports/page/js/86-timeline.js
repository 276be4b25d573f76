// The timeline: a lane for each job, by the clock or each from its order.

let byTheClock = true;
let laneScale = null; // { at, ticks } of what is shown
let laneStart = () => 0; // from where a job's milliseconds are counted

function rowOf(job) {
  const row = el('li.row', {
    role: 'listitem',
    tabindex: -1,
    'data-key': job.key,
    'data-status': job.status,
  });
  const from = laneStart(job);
  const spans = spansOf(job).filter((it) => byTheClock || it.from >= from);
  row.append(
    el(
      'div.row-name',
      openLink(job, job.id, 'name'),
      job.take > 1 ? el('span.take', ` take ${job.take}`) : null,
    ),
    laneOf(job, spans, (ms) => laneScale.at(ms - from)),
    el('span', { class: `row-state ${job.status}` }, job.status === 'done' ? '' : stateWords(job)),
  );
  return row;
}

const timeline = new WindowedList(byId('rows'), {
  build: rowOf,
  measure: (width) => ({ columns: 1, width, height: 26, gap: 2 }),
});

function drawTimeline() {
  laneStart = byTheClock ? () => 0 : (job) => job.sent_ms ?? job.accepted_ms ?? job.recorded_ms;
  laneScale = byTheClock
    ? clockScale(busySpans(shown), mostTicks())
    : lengthScale(shown, mostTicks());
  fill(byId('timeline-head'), timelineHead());
  drawAxis();
  drawBands();
  const { hasFocus } = timeline;
  for (const item of timeline.items.values()) item.remove();
  timeline.items.clear(); // the same jobs, but on another scale
  timeline.show(shown);
  if (hasFocus) timeline.goOn();
}

/** As many as there is room for, between the names and the states. */
const mostTicks = () => Math.max(3, Math.floor((byId('timeline').clientWidth - 300) / 110));

/** Waiting here is no reason to keep a night on the scale. */
const busySpans = (found) => {
  const spans = found.flatMap(spansOf);
  const busy = spans.filter((it) => it.kind !== 'here');
  return busy.length ? busy : spans;
};

function lengthScale(found, most) {
  const ends = found.flatMap((job) => spansOf(job).map((it) => it.until - laneStart(job)));
  const longest_ms = ends.reduce((longest, end) => Math.max(longest, end), 1);
  const step_ms = tickStep(longest_ms, most);
  const ticks = [];
  for (let ms = 0; ms <= longest_ms; ms += step_ms) ticks.push({ ms, at: ms / longest_ms });
  return { at: (ms) => ms / longest_ms, ticks, parts: [] };
}

function timelineHead() {
  const way = (clocked, words) =>
    button(
      words,
      () => {
        byTheClock = clocked;
        drawTimeline();
        byId('timeline-head').querySelector('[aria-pressed=true]').focus();
      },
      { 'aria-pressed': String(byTheClock === clocked) },
    );
  return [
    el(
      'div.timeline-tools',
      el(
        'div.ways',
        { role: 'group', 'aria-label': 'Scale' },
        way(true, 'By the clock'),
        way(false, 'Each from its order'),
      ),
      legend(),
    ),
    pausesOf(),
  ];
}

function pausesOf() {
  if (!given.pauses.length) return null;
  const pauses = given.pauses.length === 1 ? '1 pause' : `${count(given.pauses.length)} pauses`;
  const words = `${pauses} that the service asked for`;
  return el('details.pauses', el('summary', words), pausesTable());
}

function drawAxis() {
  const words = ({ ms }) => (byTheClock ? second(ms) : span(ms / 1000));
  const ticks = laneScale.ticks.map((tick) => {
    // towards the end the words stand before their tick: behind it there is no room
    const mark = el(tick.at > 0.75 ? 'span.tick.late' : 'span.tick', words(tick));
    mark.style.left = `${tick.at * 100}%`;
    return mark;
  });
  fill(byId('axis'), el('div.axis-lane', ticks));
}

/** Shades the pauses, and marks where hours are cut out. */
function drawBands() {
  if (!byTheClock) {
    fill(byId('bands'));
    return;
  }
  const pauses = given.pauses.map(({ from, until }) =>
    band('pause', laneScale.at(from), laneScale.at(until)),
  );
  const cuts = laneScale.parts.slice(1).map(({ left }) => band('cut', left - CUT, left));
  fill(byId('bands'), ...pauses, ...cuts);
}

function band(kind, left, right) {
  const drawnBand = el('span', { class: `band ${kind}` });
  drawnBand.style.left = `${left * 100}%`;
  drawnBand.style.width = `${(right - left) * 100}%`;
  return drawnBand;
}
