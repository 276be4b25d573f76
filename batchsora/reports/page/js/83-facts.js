// All that is known of a job, in words: for the viewer.

/** What a person has to do about a job, with the commands for it. */
function whatToDo(job) {
  if (job.status === 'in_doubt') return [doubtBox(job)];
  if (job.status === 'failed') return [failureBox(job)];
  if (job.status === 'done') return job.hint ? [box('done', el('p', job.hint))] : [];
  return [goOnBox(job)];
}

const box = (kind, ...children) => el('section', { class: `to-do ${kind}` }, ...children);
const commandLine = (words, text) => el('p', words, el('br'), copyable(text));

function doubtBox(job) {
  const base = command('resolve', jobWord(job));
  return box(
    'in_doubt',
    el('h3', 'In doubt: a person must look'),
    el(
      'p',
      'The order left, and nobody knows what became of it. Look at the provider’s site, then say:',
    ),
    commandLine('It was made; this is its id:', `${base} --video VIDEO_ID`),
    commandLine('Nothing was made; the next run buys it:', `${base} --not-made`),
    commandLine('It was paid, and is lost:', `${base} --lost`),
    ...errorLines(job, doubtHint(job)),
  );
}

function failureBox(job) {
  const again = NOT_AGAIN.has(job.reason)
    ? el('p', 'Change the prompt or the image in the manifest, and it is a new job.')
    : commandLine('To try it again:', retryCommand(job));
  return box('failed', el('h3', reasonWords(job.reason)), ...errorLines(job), again);
}

function goOnBox(job) {
  const until =
    job.status === 'rendered' && job.expires_ms !== null
      ? el('p', `It can be fetched until ${when(job.expires_ms)}.`)
      : null;
  return box(
    job.status,
    el('p', `${statusWords(job.status)} when this was written.`),
    until,
    ...errorLines(job),
    commandLine('The run goes on with:', command('run')),
  );
}

/** Without the command that ends it, for readers of the table. */
const doubtHint = (job) => (job.hint ?? '').split(/;? ?settle it with /)[0];

function errorLines(job, hint = job.hint) {
  const said = [job.error_message, job.error_code].filter(Boolean);
  return [
    said.length ? el('p.error', { dir: 'auto' }, said.join(' · ')) : null,
    hint ? el('p', { dir: 'auto' }, hint) : null,
  ];
}

function allFacts(job) {
  return el(
    'section',
    el('h3', 'Facts'),
    el(
      'dl.all-facts',
      [...orderedFacts(job), ...ownFacts(job), ...recordedFacts(job)]
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => el('div', el('dt', apart(name)), el('dd', apart(value)))),
    ),
  );
}

function orderedFacts(job) {
  return [
    ['Model', job.model],
    ['Length', `${job.seconds} s`],
    ['Size', pixels(job.size)],
    ['Take', job.take],
    ['Tags', job.tags?.join(', ')],
  ];
}

const ownFacts = (job) => ownColumns.map((column) => [column.name, job.own(column)]);

function recordedFacts(job) {
  return [
    ['Cost', usd(job.cost_usd)],
    ['Queued', inSeconds(job.queue_s)],
    ['Rendered', inSeconds(job.render_s)],
    ['Downloaded', inSeconds(job.download_s)],
    ['Ordered', inTime(job.accepted_ms)],
    ['Finished', inTime(job.completed_ms)],
    ['Here', inTime(job.kept_ms)],
    ['Requests', job.attempts],
    ['Video', job.video_id],
    ['File', job.file],
    ['Bytes', job.bytes === null ? null : bytes(job.bytes)],
    ['SHA-256', job.sha256],
    ['Row', job.row ?? 'gone from the manifest'],
    ['Manifest line', job.manifest_line],
    ['Key', job.key],
  ];
}

const inSeconds = (seconds) => (seconds === null ? null : span(seconds));
const inTime = (ms) => (ms === null ? null : `${day(ms)}, ${second(ms)}`);
