// The timeline's scale: milliseconds to a part of the width, with the hours cut out in which
// nothing went on. Pure.

const CUT = 0.03; // of the width: what a cut takes
const WORTH_CUTTING = 0.15; // of the busy time: a shorter break tells something
const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400];

/** The scale over these spans: `at(ms)` from 0 to 1, at most so many `ticks`, busy `parts`. */
function clockScale(spans, most) {
  const busy = mergedSpans(spans);
  const total_ms = busy.reduce((sum, { from, until }) => sum + until - from, 0) || 1;
  const parts = joinedParts(busy, Math.max(total_ms * WORTH_CUTTING, 1000));
  const shown_ms = parts.reduce((sum, { from, until }) => sum + until - from, 0) || 1;
  const free = 1 - CUT * Math.max(0, parts.length - 1);
  let left = 0;
  for (const part of parts) {
    part.left = left;
    part.width = (free * (part.until - part.from)) / shown_ms;
    left += part.width + CUT;
  }
  return {
    parts,
    at: (ms) => placeIn(parts, ms),
    ticks: ticksOf(parts, tickStep(shown_ms, most), 0.7 / most),
  };
}

function mergedSpans(spans) {
  const merged = [];
  for (const { from, until } of spans.toSorted((one, other) => one.from - other.from)) {
    const last = merged.at(-1);
    if (last !== undefined && from <= last.until) last.until = Math.max(last.until, until);
    else merged.push({ from, until });
  }
  return merged;
}

function joinedParts(busy, worth_ms) {
  const parts = [];
  for (const { from, until } of busy) {
    const last = parts.at(-1);
    if (last !== undefined && from - last.until < worth_ms) last.until = until;
    else parts.push({ from, until });
  }
  return parts;
}

function placeIn(parts, ms) {
  for (const [number, { from, until, left, width }] of parts.entries()) {
    if (ms < from) return number === 0 ? 0 : left - CUT / 2; // within a cut
    if (ms <= until) return left + (width * (ms - from)) / (until - from || 1);
  }
  return 1;
}

function tickStep(shown_ms, most) {
  return 1000 * (STEPS_S.find((step_s) => shown_ms / 1000 / step_s <= most) ?? STEPS_S.at(-1));
}

function ticksOf(parts, step_ms, least) {
  const ticks = [];
  for (const { from, until } of parts) {
    for (let ms = Math.ceil(from / step_ms) * step_ms; ms <= until; ms += step_ms) {
      const at = placeIn(parts, ms);
      if (ticks.length === 0 || at - ticks.at(-1).at > least) ticks.push({ ms, at });
    }
  }
  return ticks;
}
