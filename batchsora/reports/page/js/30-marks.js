// What the person who reviews thinks of each job: keep or reject, and why.

// Reports opened from disk share one store: the name tells the run.
const MARKS = `batchsora marks ${run.name} ${run.began_at}`;
const marksChanged = bell();
// Of a clip: { mark: 'keep', 'reject' or null, note: text }. Those of clips that are not on this
// page are kept as they are: it may be a summary, or the row may come back.
const marks = new Map();

/** A mark is for the clip that was looked at, not for the next one that its job gets. */
const clipOf = (job) => `${job.key} ${job.video_id ?? ''}`;
const clipsHere = new Set(jobs.map(clipOf));

function readMarks() {
  marks.clear();
  const kept = memory.recallJson(MARKS);
  if (!Array.isArray(kept)) return;
  for (const [clip, mark, note] of kept) {
    marks.set(clip, { mark: asMark(mark), note: String(note ?? '') });
  }
}

const asMark = (text) => (text === 'keep' || text === 'reject' ? text : null);
const markOf = (job) => marks.get(clipOf(job))?.mark ?? null;
const noteOf = (job) => marks.get(clipOf(job))?.note ?? '';

function setMark(job, mark) {
  write(job, { mark, note: noteOf(job) });
  marksChanged.ring(job);
  const words = { keep: 'kept', reject: 'rejected' };
  tell(`${job.name}: ${words[mark] ?? 'no mark'}${memory.refused ? `. ${REFUSED}` : ''}`);
}

const REFUSED = 'This browser keeps nothing for this page: export the marks before you close it';

/** Pressing what is pressed already takes it back. */
const toggleMark = (job, mark) => setMark(job, markOf(job) === mark ? null : mark);

function setNote(job, note) {
  write(job, { mark: markOf(job), note });
  marksChanged.ring(job);
}

function write(job, { mark, note }) {
  if (mark === null && note === '') marks.delete(clipOf(job));
  else marks.set(clipOf(job), { mark, note });
  saveMarks();
}

function saveMarks() {
  const kept = [...marks].map(([clip, { mark, note }]) => [clip, mark, note]);
  memory.keep(MARKS, JSON.stringify(kept));
}

function clearMarks() {
  marks.clear();
  saveMarks();
  marksChanged.ring();
}

/** Counts those of this page, and the marks and notes of clips that are `elsewhere`. */
function countMarks() {
  const counted = { keep: 0, reject: 0, elsewhere: 0 };
  for (const [clip, { mark }] of marks) {
    if (!clipsHere.has(clip)) counted.elsewhere += 1;
    else if (mark !== null) counted[mark] += 1;
  }
  return counted;
}

/** The page in another tab marks, too. */
addEventListener('storage', (event) => {
  if (event.key !== MARKS) return;
  readMarks();
  marksChanged.ring();
});

readMarks();
