// Values as people read them, and as a shell and an address want them. Pure.

// by their names, not by the pictures that Unicode has of them: many a font has none
const NAMED = new Map([
  [0x00, 'NUL'],
  [0x07, 'BEL'],
  [0x08, 'BS'],
  [0x0d, 'CR'],
  [0x1b, 'ESC'],
  [0x7f, 'DEL'],
]);
// control characters, turns of direction, what takes no room, and halves of characters; not the
// line end, the tab, and the joiner inside of many an emoji
const HIDDEN = new RegExp(
  '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f' +
    '\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060\\u2066-\\u2069\\ufeff\\ud800-\\udfff]',
  'gu',
);

/** Shows what would be invisible, or would turn the text around: ⟨ESC⟩, ⟨U+202E⟩. */
function legible(text) {
  return String(text)
    .replaceAll('\r\n', '\n')
    .replace(HIDDEN, (character) => {
      const code = character.codePointAt(0);
      const number = code.toString(16).toUpperCase().padStart(4, '0');
      return `⟨${NAMED.get(code) ?? `U+${number}`}⟩`;
    });
}

const counting = new Intl.NumberFormat('en');
const count = (number) => counting.format(number);
const clips = (number) => `${count(number)} ${number === 1 ? 'clip' : 'clips'}`;

/** Money comes as text, and stays as exact as it came. */
const usd = (text) => (text === null || text === undefined ? 'price unknown' : `${text} USD`);

const pixels = (size) => (size ?? '').replace('x', '×');

function span(seconds) {
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 120) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

function bytes(number) {
  if (number < 1000) return `${number} B`;
  const thousands = number < 1e6;
  return `${(number / (thousands ? 1e3 : 1e6)).toFixed(1)} ${thousands ? 'kB' : 'MB'}`;
}

const byClock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const bySecond = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});
const byDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const byZone = new Intl.DateTimeFormat('en-GB', { hour: 'numeric', timeZoneName: 'short' });

const clock = (ms) => byClock.format(ms);
const second = (ms) => bySecond.format(ms);
const day = (ms) => byDay.format(ms);
const when = (ms) => `${day(ms)}, ${clock(ms)}`;

/** The zone in which this browser tells the time. */
function zone(ms) {
  return byZone.formatToParts(ms).find((part) => part.type === 'timeZoneName')?.value ?? '';
}

/** A word as a POSIX shell takes it. `#` and glob characters mean something to some shells. */
function shellWord(word) {
  if (/^[\w./:@%+,=][\w./:@%+,=-]*$/.test(word)) return word;
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** The job in a command, where `*`, `?` and `[` would be a pattern. */
const jobWord = (job) => shellWord(job.fullName.replace(/[*?[]/g, '[$&]'));

const command = (verb, ...rest) => ['batchsora', verb, shellWord(run.target), ...rest].join(' ');

/** A path beside the page, as an address: a `#` or `?` in a name is part of the name. */
const address = (path) => path.split('/').map(encodeURIComponent).join('/');

/** The address of the image that a clip was made from; null where none may be shown. */
function pictureOf(job) {
  const picture = job.picture === null ? null : (given.pictures[job.picture] ?? null);
  const isOurs = picture !== null && /^(data:image\/|file:|[^:]*$)/.test(picture);
  return isOurs ? picture : null;
}
