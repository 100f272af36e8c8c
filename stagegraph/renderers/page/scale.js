// The scale of time: how seconds are said, and where the marks of an axis stand.

const STEPS = [1, 2, 5];

/** Seconds as a person says them: "82.4 s", below a second "17 ms". */
function sayTime(seconds) {
  if (seconds === null || seconds === undefined) return "";
  if (seconds >= 0.9995) return `${seconds.toFixed(1).replace(/\B(?=(\d{3})+(?!\d))/g, ",")} s`;
  return seconds === 0 ? "0 s" : seconds < 0.001 ? "<1 ms" : `${(seconds * 1000).toFixed(0)} ms`;
}

/** About `count` round times from 0 to `wall`. */
function roundTimes(wall, count) {
  const rough = wall / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  const step = [...STEPS.map((each) => each * power), 10 * power].find((each) => each >= rough);
  const times = [];
  for (let number = 0; number * step <= wall && times.length < 200; number += 1) times.push(number * step);
  return { times, step };
}

/** A mark of the axis, with as many digits as the distance of the marks needs. */
function sayMark(time, step) {
  if (time === 0) return "0";
  if (step < 0.001) return `${(time * 1000).toFixed(1)} ms`;
  if (step < 0.5) return step < 0.1 ? `${(time * 1000).toFixed(0)} ms` : `${time.toFixed(1)} s`;
  return `${Number(time.toFixed(1))} s`;
}

/** A share of the wall time as a length in CSS. */
const share = (time) => `${(100 * time) / (data.timeline.wall || 1)}%`;
