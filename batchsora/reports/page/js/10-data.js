// What the page was given, parsed once: the run, its sums, its jobs. Nothing here touches the page.

const given = JSON.parse(document.getElementById('data').textContent);
const { run, totals } = given;

const LEADING = [
  'key',
  'name',
  'row',
  'id',
  'take',
  'status',
  'reason',
  'file',
  'image',
  'prompt',
  'model',
  'seconds',
  'size',
];
const TRAILING = [
  'video_id',
  'attempts',
  'submitted_at',
  'completed_at',
  'downloaded_at',
  'queue_s',
  'render_s',
  'download_s',
  'cost_usd',
  'bytes',
  'sha256',
  'error_code',
  'error_message',
  'hint',
  'manifest_line',
  'tags',
  'picture',
  'recorded_ms',
  'sent_ms',
  'accepted_ms',
  'rendering_ms',
  'completed_ms',
  'fetching_ms',
  'kept_ms',
  'expires_ms',
];

// The manifest's own columns stand between ours, and may bear any name: also one of ours.
const ownColumns = given.columns.map((name, place) => ({
  name,
  at: given.fields.indexOf('size') + 1 + place,
}));

/** A job over its cells; the fields above are its properties. `place` is that in the manifest. */
class Job {
  constructor(cells, place) {
    this.cells = cells;
    this.place = place;
  }

  own(column) {
    return this.cells[column.at];
  }

  get fullName() {
    return `${this.id}#${this.take}`;
  }

  get hasClip() {
    return this.status === 'done' && this.file !== null;
  }

  /** Its clip was here, was removed since, and can't be fetched again. */
  get isMissing() {
    return this.status === 'done' && this.hint === given.missing_hint;
  }

  /** How long nothing was done for it: until it was rendered, or until now. */
  get waited_ms() {
    if (this.recorded_ms === null) return null;
    const still = this.status === 'failed' || this.status === 'in_doubt' ? null : run.reported_at;
    const until = this.rendering_ms ?? this.accepted_ms ?? this.sent_ms ?? still;
    return until === null ? null : Math.max(0, until - this.recorded_ms);
  }

  get finished_ms() {
    return this.kept_ms ?? this.completed_ms;
  }
}

function giveJobsTheirFields(names, find) {
  for (const name of names) {
    const at = find(name);
    Object.defineProperty(Job.prototype, name, {
      get() {
        return this.cells[at] ?? null;
      },
    });
  }
}

giveJobsTheirFields(LEADING, (name) => given.fields.indexOf(name));
giveJobsTheirFields(TRAILING, (name) => given.fields.lastIndexOf(name));

const jobs = given.jobs.map((cells, place) => new Job(cells, place));
const jobByKey = new Map(jobs.map((job) => [job.key, job]));

/** The clips of the same row, this one too, in the order of their takes. */
function takesOf(job) {
  return jobs.filter((other) => other.id === job.id).sort((one, other) => one.take - other.take);
}

const STATUSES = new Map([
  ['failed', 'Failed'],
  ['in_doubt', 'In doubt'],
  ['done', 'Done'],
  ['rendered', 'Finished, not fetched'],
  ['running', 'At the service'],
  ['submitting', 'Being ordered'],
  ['pending', 'Not bought yet'],
]);

const MISSING = 'missing'; // why a job that is done has no clip

const REASONS = new Map([
  ['rejected', 'Rejected'],
  ['moderated', 'Moderated'],
  ['render_failed', 'Render failed'],
  ['expired', 'Expired'],
  ['gave_up', 'Gave up'],
  ['image_unreadable', 'Image unreadable'],
  ['lost', 'Lost'],
  [MISSING, 'Clip missing'],
]);

const statusWords = (status) => STATUSES.get(status) ?? status;
const reasonWords = (reason) => REASONS.get(reason) ?? reason;

/** Where a job stands, and why it failed if it did. */
const stateWords = (job) =>
  job.status === 'failed' ? reasonWords(job.reason) : statusWords(job.status);
