// The bars of the timeline: one for each step that ran or came from the cache.

const STATES = {
  ran: "",
  cached: "cached",
  failed: "failed",
  canceled: "canceled",
  unfinished: "unfinished",
  never: "not run",
};

const LETTER = 7; // pixels, of the font of names
const LEAST_ROOM = 34; // pixels; less would show only two letters

/** The rows of the timeline, and the bars by the keys of their steps. */
function makeRows(rows) {
  const bars = new Map();
  const made = rows.map((row) => makeRow(row, bars));
  return { made, bars };
}

function makeRow(row, bars) {
  const name = row.key ? chooser(row.key, row.label) : make("span", {}, row.label);
  const label = make("div", { class: "row-label" }, name, row.detail ? make("small", {}, row.detail) : "");
  const lanes = row.lanes.map((lane) => makeLane(lane, bars));
  return make("div", { class: "row", role: "group", "aria-label": `${row.label} ${row.detail}`.trim() }, label, make("div", { class: "lanes" }, lanes));
}

function makeLane(ids, bars) {
  const lane = make("div", { class: "lane" });
  const inLane = ids.map((id) => steps.get(`step:${id}`));
  let beside = 0;
  inLane.forEach((step, index) => {
    const before = inLane[index - 1];
    const next = inLane[index + 1];
    // Steps from the cache take no time: those of one moment are drawn next to each other.
    beside = before && step.state === "cached" && before.state === "cached" && step.start - before.stop < 1e-4 ? beside + 1 : 0;
    if (step.queued > data.timeline.wall / 500) lane.append(makeQueue(step));
    const bar = makeBar(step, beside);
    bars.set(step.key, bar);
    lane.append(bar);
    if (step.state !== "cached" || !next) lane.append(makeName(step, next, beside));
  });
  return lane;
}

function makeBar(step, beside) {
  const classes = ["bar", step.state, step.critical ? "critical" : ""].filter(Boolean).join(" ");
  const bar = make("button", { type: "button", class: classes, tabindex: -1, title: tooltip(step), "aria-label": tooltip(step), "aria-pressed": "false", "data-step": step.key });
  bar.style.left = beside ? `calc(${share(step.start)} + ${beside * 7}px)` : share(step.start);
  bar.style.width = share(step.stop - step.start);
  if (step.pieces.length > 1) bar.append(...gaps(step));
  return bar;
}

/** Where a step of several intervals did not run. */
function gaps(step) {
  const whole = step.stop - step.start || 1;
  return step.pieces.slice(1).map(([start], number) => {
    const gap = make("i", { class: "gap" });
    const end = step.pieces[number][1];
    gap.style.left = `${(100 * (end - step.start)) / whole}%`;
    gap.style.width = `${(100 * (start - end)) / whole}%`;
    return gap;
  });
}

function makeQueue(step) {
  const queue = make("i", { class: "queue" });
  queue.style.left = share(Math.max(0, step.start - step.queued));
  queue.style.width = share(Math.min(step.queued, step.start));
  return queue;
}

/** The name of a step; `placeName` puts it into its bar or after it. */
function makeName(step, next, beside) {
  const name = make("span", { class: "bar-name", "aria-hidden": "true" }, step.text.slice(0, 160));
  const until = next ? next.start - Math.min(next.queued, next.start) : data.timeline.wall;
  const least = step.state === "cached" ? (beside + 1) * 7 + 2 : 4; // pixels of a bar that takes hardly any time
  return Object.assign(name, { step, until: Math.max(until, step.stop), least, wanted: name.textContent.length * LETTER + 12 });
}

/** Puts a name where no border crosses it: into its bar if it fits, else where there is more room: in it or after it. */
function placeName(name, width) {
  const pixels = (time) => (time * width) / (data.timeline.wall || 1);
  const { start, stop, state } = name.step;
  const end = Math.max(pixels(stop), pixels(start) + name.least);
  const inside = state === "cached" ? 0 : pixels(stop - start) - 3;
  const after = pixels(name.until) - end - 3;
  const isInside = inside >= name.wanted || inside >= after;
  const room = isInside ? inside : Math.min(after, name.wanted);
  name.style.left = `${isInside ? pixels(start) + 1.5 : end + 1}px`;
  name.style.width = `${Math.max(0, room)}px`;
  name.classList.toggle("outside", !isInside);
  name.classList.toggle("narrow", room < LEAST_ROOM);
}

function tooltip(step) {
  const words = [step.name, sayTime(step.time), STATES[step.state], step.line ? `line ${step.line}` : "", step.critical ? "on the critical path" : ""];
  return words.filter(Boolean).join(", ");
}
