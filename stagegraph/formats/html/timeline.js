// The timeline: selects bars by pointer and keys, zooms, and draws the critical path through the rows.

const MAX_TIME_SCALE = 400;
let timeScale = 1;

function startTimeline(timeline) {
  if (!timeline) return;
  const sheet = document.querySelector(".time-sheet");
  const { made, bars } = makeRows(timeline.rows);
  const rows = sheet.querySelector(".rows");
  rows.append(...made);
  rows.append(makePathLines());
  listenToBars(rows, bars);
  startTimeZoom(sheet);
  startConcurrency(sheet, timeline);
  drawPathLines(bars, timeline.path);
  const names = [...rows.querySelectorAll(".bar-name")];
  const observer = new ResizeObserver(() => {
    drawAxis(sheet);
    const width = sheet.querySelector(".lane")?.clientWidth ?? 0;
    names.forEach((name) => placeName(name, width));
  });
  observer.observe(sheet);
}

function listenToBars(rows, bars) {
  const first = bars.values().next().value;
  first?.setAttribute("tabindex", 0);
  let at = first;
  const hold = (bar) => {
    at?.setAttribute("tabindex", -1);
    at = bar;
    bar.setAttribute("tabindex", 0);
  };
  rows.addEventListener("click", (event) => {
    const bar = event.target.closest(".bar");
    if (!bar) return;
    hold(bar);
    toggle(bar.dataset.step);
  });
  rows.addEventListener("keydown", (event) => {
    const next = event.target.matches(".bar") && barBeside(event, [...bars.values()]);
    if (!next) return;
    event.preventDefault();
    hold(next);
    next.focus();
  });
  rows.addEventListener("pointerover", (event) => tell("point", event.target.closest(".bar")?.dataset.step ?? ""));
  rows.addEventListener("pointerleave", () => tell("point", ""));
  showBarState(rows, bars);
}

/** The bar to which an arrow key moves: in the same lane, or the nearest in time in the next lane. */
function barBeside(event, bars) {
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  const lane = event.target.parentNode;
  const inLane = (each) => [...each.querySelectorAll(".bar")];
  const own = inLane(lane);
  const index = own.indexOf(event.target);
  if (event.key === "ArrowRight") return own[index + 1];
  if (event.key === "ArrowLeft") return own[index - 1];
  if (event.key === "Home") return own[0];
  if (event.key === "End") return own.at(-1);
  const direction = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!direction) return null;
  const lanes = [...new Set(bars.map((bar) => bar.parentNode))].sort((a, b) => (a.compareDocumentPosition(b) & 4 ? -1 : 1));
  const next = lanes[lanes.indexOf(lane) + direction];
  return next && closestInTime(inLane(next), steps.get(event.target.dataset.step).start);
}

function closestInTime(bars, time) {
  const away = (bar) => Math.abs(steps.get(bar.dataset.step).start - time);
  return bars.reduce((best, bar) => (away(bar) < away(best) ? bar : best));
}

function showBarState(rows, bars) {
  let chosenBar = null;
  on("choose", (key) => {
    chosenBar?.classList.remove("chosen");
    chosenBar?.setAttribute("aria-pressed", false);
    chosenBar = bars.get(key) ?? null;
    chosenBar?.classList.add("chosen");
    chosenBar?.setAttribute("aria-pressed", true);
    const inStage = new Set((stepsOf.get(key) ?? []).map((pair) => pair.step.key));
    rows.classList.toggle("one-stage", inStage.size > 0);
    for (const [step, bar] of bars) bar.classList.toggle("in-stage", inStage.has(step));
    const first = chosenBar ?? bars.get([...bars.keys()].find((step) => inStage.has(step)));
    if (first) reveal(first);
  });
  on("find", (keys) => {
    rows.classList.toggle("searching", Boolean(keys));
    for (const [step, bar] of bars) bar.classList.toggle("match", Boolean(keys?.has(step)));
  });
}

/** Scrolls the timeline, but not the page, until a bar is visible. */
function reveal(bar) {
  const frame = bar.closest(".time-frame");
  const { left, right, top, bottom } = bar.getBoundingClientRect();
  const seen = frame.getBoundingClientRect();
  const label = frame.querySelector(".row-label").offsetWidth;
  const [head, foot] = [".axis", ".running"].map((name) => frame.querySelector(name).offsetHeight);
  if (left < seen.left + label || right > seen.right) frame.scrollLeft += left - seen.left - label - 40;
  if (top < seen.top + head || bottom > seen.bottom - foot) frame.scrollTop += top - (seen.top + seen.bottom) / 2;
}

function startTimeZoom(sheet) {
  const frame = sheet.parentNode;
  const zoom = (factor, at = 0.5) => {
    const before = frame.scrollLeft + frame.clientWidth * at;
    const old = timeScale;
    timeScale = Math.min(MAX_TIME_SCALE, Math.max(1, timeScale * factor));
    sheet.style.setProperty("--enlarged", timeScale);
    frame.scrollLeft = (before * timeScale) / old - frame.clientWidth * at;
  };
  byId("time-in").addEventListener("click", () => zoom(1.5));
  byId("time-out").addEventListener("click", () => zoom(1 / 1.5));
  byId("time-fit").addEventListener("click", () => zoom(0));
  const zoomByWheel = (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), (event.clientX - frame.getBoundingClientRect().left) / frame.clientWidth);
  };
  frame.addEventListener("wheel", zoomByWheel, { passive: false });
}

function drawAxis(sheet) {
  const axis = sheet.querySelector(".axis");
  const { times, step } = roundTimes(data.timeline.wall, axis.clientWidth / 90);
  const marks = times.map((time) => {
    const mark = make("span", { class: "mark" }, make("b", {}, sayMark(time, step)));
    mark.style.left = share(time);
    return mark;
  });
  axis.replaceChildren(...marks);
}

function makePathLines() {
  return make("div", { class: "path-lines", "aria-hidden": "true" });
}

/** Draws a line from the end of each step of the path to the next step if that is in another row. */
function drawPathLines(bars, path) {
  const lines = document.querySelector(".path-lines");
  const top = (bar) => bar.parentNode.offsetTop + bar.closest(".row").offsetTop;
  const drawn = path.map((id) => bars.get(`step:${id}`)).filter(Boolean);
  for (let index = 1; index < drawn.length; index += 1) {
    const [from, to] = [top(drawn[index - 1]), top(drawn[index])];
    if (from === to) continue;
    const line = make("i", {});
    line.style.left = share(steps.get(drawn[index].dataset.step).start);
    line.style.top = `${Math.min(from, to) + 14}px`;
    line.style.height = `${Math.abs(to - from)}px`;
    lines.append(line);
  }
}
