// How render times are spread: a drawing; the table beside it has the numbers.

const WIDE = 360;
const HIGH = 136;
const FOOT = 18;
const HEAD = 28; // two lines of letters: what the levels are called

function histogram({ buckets, median_s, p90_s }, title) {
  if (!buckets.length) return null;
  const [first, last] = [buckets[0][0], buckets.at(-1)[1]];
  const most = Math.max(...buckets.map(([, , number]) => number));
  const x = (seconds) => ((seconds - first) / (last - first || 1)) * WIDE;
  const y = (number) => (number / most) * (HIGH - FOOT - HEAD);
  const bars = buckets.map(([from, until, number]) =>
    drawn(
      'rect.bin',
      {
        x: x(from) + 1,
        y: HIGH - FOOT - y(number),
        width: Math.max(1, x(until) - x(from) - 2),
        height: y(number),
      },
      drawn('title', `${span(from)} to ${span(until)}: ${clips(number)}`),
    ),
  );
  return drawn(
    'svg.histogram',
    {
      viewBox: `0 0 ${WIDE} ${HIGH}`,
      role: 'img',
      'aria-label': `${title}; the table has the numbers`,
    },
    bars,
    drawn('line.ground', { x1: 0, x2: WIDE, y1: HIGH - FOOT, y2: HIGH - FOOT }),
    lineAt(x(median_s), 'median'),
    lineAt(x(p90_s), 'p90'),
    drawn('text', { x: 0, y: HIGH - 4 }, span(first)),
    drawn('text', { x: WIDE, y: HIGH - 4, 'text-anchor': 'end' }, span(last)),
  );
}

function lineAt(x, words) {
  const anchor = x > WIDE / 2 ? 'end' : 'start';
  return [
    drawn('line', {
      class: `level ${words}`,
      x1: x,
      x2: x,
      y1: words === 'p90' ? 3 : 15,
      y2: HIGH - FOOT,
    }),
    drawn(
      'text',
      { x: x + (anchor === 'end' ? -4 : 4), y: words === 'p90' ? 10 : 23, 'text-anchor': anchor },
      words,
    ),
  ];
}
