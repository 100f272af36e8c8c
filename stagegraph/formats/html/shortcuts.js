// Keys that work everywhere on the page, and the dialog that lists them.

const press = (id) => () => byId(id)?.click();

/** Presses a zoom button of the timeline, or of the graph if there is no timeline or the pointer is on the graph. */
const pressView = (action) => () => {
  const inGraph = document.querySelector(".canvas")?.matches(":hover, :focus-within") || !byId("timeline");
  press(`${inGraph ? "zoom" : "time"}-${action}`)();
};

const SHORTCUTS = [
  { keys: ["/"], words: "Search; Enter goes to the next result, Shift+Enter to the one before", run: () => byId("search").focus() },
  { keys: ["Esc"], event: "Escape", words: "Close the details, clear the search", run: clearAll },
  { keys: ["+"], words: "Zoom in", run: pressView("in") },
  { keys: ["-"], words: "Zoom out", run: pressView("out") },
  { keys: ["0"], words: "Fit everything in view", run: pressView("fit") },
  { keys: ["p"], words: "Next step of the critical path", run: chooseNextOnPath, on: "timeline" },
  { keys: ["c"], words: "Show or hide the critical path", run: press("critical"), on: "critical" },
  { keys: ["n"], words: "Draw what is needed, everything, or as at first", run: () => nextChoice("draw-detail"), on: "graph" },
  { keys: ["l"], words: "Show or hide labels", run: press("draw-labels"), on: "graph" },
  { keys: ["s"], words: "Show or hide steps", run: press("draw-steps"), on: "graph" },
  { keys: ["o"], words: "Draw the selected bake target, or all, with stages or as one box", run: () => toggleTargets(), on: "draw-targets" },
  { keys: ["d"], words: "Turn the graph", run: press("draw-direction"), on: "graph" },
  { keys: ["h"], words: "Show only what is near the selection: 1, 2 or 3 hops, or all", run: () => nextChoice("hops"), on: "graph" },
  { keys: ["t"], words: "Switch between light, dark and system colours", run: press("theme") },
  { keys: ["?"], words: "Show these shortcuts", run: () => byId("shortcuts").showModal() },
];
const HINTS = [[["Tab", "↑ ↓ ← →"], "Move into the graph, and in it"], [["Enter"], "Select the focused item"], [["e"], "In the graph: go to the edges of the focused node"]];

function startShortcuts() {
  const offered = SHORTCUTS.filter((shortcut) => !shortcut.on || byId(shortcut.on));
  const dialog = byId("shortcuts");
  for (const [keys, words] of [...HINTS, ...offered.map(({ keys, words }) => [keys, words])]) {
    dialog.querySelector("dl").append(make("dt", {}, keys.map((key) => make("kbd", {}, key))), make("dd", {}, words));
  }
  byId("help").addEventListener("click", () => dialog.showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open) return;
    const typing = event.target.matches?.("input, textarea, select");
    const shortcut = offered.find((each) => (each.event ?? each.keys[0]) === event.key);
    if (!shortcut || (typing && event.key !== "Escape")) return;
    event.preventDefault();
    shortcut.run();
  });
}

function clearAll() {
  const input = byId("search");
  if (input.value) {
    input.value = "";
    input.dispatchEvent(new Event("input"));
  }
  choose("");
  if (document.activeElement === input) input.blur();
}

/** Selects the step of the critical path after the selected one, or the first. */
function chooseNextOnPath() {
  const path = (data.timeline?.path ?? []).map((id) => `step:${id}`);
  choose(path[(path.indexOf(chosen.key) + 1) % path.length] ?? "");
}
