// The table of steps: sorted by any column, filtered by the search.

const COLUMNS = [
  { name: "Step", value: (step) => step.text, show: (step) => stepCell(step) },
  { name: "Stage", value: (step) => stageOf(step), show: (step) => stageOf(step) },
  { name: "Line", number: true, value: (step) => step.line, show: (step) => step.line ?? "" },
  { name: "Start", number: true, value: (step) => step.start, show: (step) => sayTime(step.start) },
  { name: "Time", number: true, largestFirst: true, value: (step) => (step.state === "never" ? null : step.time), show: (step) => timeCell(step) },
  { name: "Waited", number: true, largestFirst: true, value: (step) => step.queued || null, show: (step) => sayTime(step.queued || null) },
  { name: "Slack", number: true, largestFirst: true, value: (step) => step.slack, show: (step) => (step.critical ? "" : sayTime(step.slack)) },
  { name: "Saves", number: true, largestFirst: true, value: (step) => step.saving, show: (step) => sayTime(step.saving || null) },
];
const ROWS_PER_BATCH = 200;
const stageOf = (step) => (step.nodes.length ? labelOf(step.nodes[0]) : "");

function stepCell(step) {
  const mark = step.critical ? make("span", { class: "path-mark", title: "on the critical path" }, "●") : "";
  return [mark, make("span", { class: "code" }, step.text)];
}

const timeCell = (step) => (step.state === "ran" ? sayTime(step.time) : STATES[step.state]);

/** Creates rows as the user scrolls to them: thousands of them would make every sort slow. */
function startTable() {
  const table = document.querySelector("#steps table");
  if (!table) return;
  const shown = { order: data.steps, matches: null, wanted: [], count: 0 };
  const rows = new Map();
  const rowOf = (step) => {
    if (!rows.has(step.key)) rows.set(step.key, makeTableRow(step));
    return rows.get(step.key);
  };
  const body = table.tBodies[0];
  const more = (count = ROWS_PER_BATCH) => {
    const next = shown.wanted.slice(shown.count, shown.count + count);
    shown.count += next.length;
    body.append(...next.map(rowOf));
  };
  const refresh = () => {
    Object.assign(shown, { wanted: shown.order.filter((step) => shown.matches?.has(step.key) ?? true), count: 0 });
    body.replaceChildren();
    more();
    if (body.rows.length) body.rows[0].tabIndex = 0;
    sayShown(shown.wanted.length);
  };
  listenToTable(table, more);
  on("choose", (key) => markRow(body, rows.get(key)));
  on("find", (keys) => {
    shown.matches = keys;
    refresh();
  });
  startSorting(table, (order) => {
    shown.order = order;
    refresh();
  });
}

function listenToTable(table, more) {
  const body = table.tBodies[0];
  const frame = table.parentNode;
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row && !event.target.closest("a")) toggle(row.dataset.step);
  });
  body.addEventListener("keydown", moveInTable);
  frame.addEventListener("scroll", () => {
    if (frame.scrollTop + 2 * frame.clientHeight > frame.scrollHeight) more();
  });
  addEventListener("beforeprint", () => more(Infinity));
}

function sayShown(count) {
  const all = data.steps.length;
  byId("steps-shown").textContent = count === all ? `${all}` : `${count} of ${all}`;
}

function markRow(body, row) {
  body.querySelector("[aria-current]")?.removeAttribute("aria-current");
  row?.setAttribute("aria-current", true);
}

function makeTableRow(step) {
  const cells = COLUMNS.map(({ number, show }) => make("td", { class: number ? "number" : false }, show(step)));
  return make("tr", { class: step.state, tabindex: -1, "data-step": step.key }, cells);
}

/** Adds a button to the head of each column; calls `show` with the sorted steps. */
function startSorting(table, show) {
  const by = { column: null, down: false };
  const sort = (column, down) => {
    Object.assign(by, { column, down });
    heads.forEach((head, number) => head.setAttribute("aria-sort", COLUMNS[number] === column ? (down ? "descending" : "ascending") : "none"));
    show(sorted(data.steps, column, down));
  };
  const heads = COLUMNS.map((column) => {
    const click = () => sort(column, by.column === column ? !by.down : Boolean(column.largestFirst));
    const button = make("button", { type: "button", click }, column.name);
    return make("th", { scope: "col", class: column.number ? "number" : false }, button);
  });
  table.tHead.rows[0].append(...heads);
  sort(COLUMNS.at(-1), true);
}

/** `items` sorted by a column; those without a value are last in both directions. */
function sorted(items, { value, number }, down) {
  const compare = number ? (a, b) => a - b : (a, b) => a.localeCompare(b, "en", { numeric: true });
  const known = items.map((item) => [value(item), item]).filter(([each]) => each !== null && each !== "");
  const rest = items.filter((item) => value(item) === null || value(item) === "");
  known.sort(([a], [b]) => (down ? compare(b, a) : compare(a, b)));
  return [...known.map(([, item]) => item), ...rest];
}

function moveInTable(event) {
  const row = event.target.closest("tr");
  if (event.key === "Enter" || event.key === " ") {
    event.preventDefault();
    toggle(row.dataset.step);
  }
  const side = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
  const next = side && row[side];
  if (!next) return;
  event.preventDefault();
  row.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
