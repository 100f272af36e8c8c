// Formats times and computes the marks of the time axis.

const STEPS = [1, 2, 5];
const MINUTES = [30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400]; // seconds

/** Seconds with about three digits, as everywhere in stagegraph: "16 ms", "1.74 s", "53.5 s", "2m 05s". */
function sayTime(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds < 0.1) return seconds >= 0.0005 || seconds === 0 ? `${(seconds * 1000).toFixed(0)} ms` : "<1 ms";
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 99.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  const two = (number) => String(number).padStart(2, "0");
  return minutes < 60 ? `${minutes}m ${two(whole % 60)}s` : `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`;
}

/** About `count` round times from 0 to `wall`. */
function roundTimes(wall, count) {
  const rough = wall / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const steps = rough > 20 ? MINUTES : [...STEPS.map((each) => each * power), 10 * power];
  const step = steps.find((each) => each >= rough) ?? rough;
  const times = [];
  for (let number = 0; number * step <= wall && times.length < 200; number += 1) times.push(number * step);
  return { times, step };
}

/** The text of a mark, with as many digits as the distance between marks needs. */
function sayMark(time, step) {
  if (time === 0) return "0";
  if (step < 0.1) return `${Number((time * 1000).toFixed(2))} ms`;
  return step < 60 ? `${Number(time.toFixed(1))} s` : `${Number((time / 60).toFixed(1))} min`;
}

/** A share of the wall time as a length in CSS. */
const share = (time) => `${(100 * time) / (data.timeline.wall || 1)}%`;
