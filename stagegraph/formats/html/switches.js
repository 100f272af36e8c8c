// The switches: other drawings of the same graph, which the program made; from the page, or from the server that serves it.

const DETAILS = { default: "default", needed: "what is needed", all: "everything" };
const ARROWS = { TB: ["↓", "downwards"], BT: ["↑", "upwards"], LR: ["→", "to the right"], RL: ["←", "to the left"] };
const TURNED = { TB: "LR", LR: "TB", BT: "RL", RL: "BT" };
const drawings = data.drawings;
/** Shows drawings by their names; null on a page without other drawings. */
let switches = null;

const NOT_IN_PAGE = "Not in this page: use stagegraph serve";

const nameOf = ({ detail, labels, steps, direction, opened }) => [detail, labels ? "labels" : "plain", steps ? "steps" : "stages", direction, openedWord(opened)].filter(Boolean).join(".");

function stateOf(name) {
  const [detail, labels, steps, direction, opened] = name.split(".");
  return { detail, labels: labels === "labels", steps: steps === "steps", direction, opened: opened ? openedParts(opened) : [] };
}

function startSwitches(graph) {
  if (!graph) return;
  document.querySelector(".switches").hidden = false;
  const drawn = new Map([[keyOfDrawing(drawings.shown), { ...shown, legend: [...document.querySelector(".legend-content").childNodes] }]]);
  takeDrawing(drawn.get(keyOfDrawing(drawings.shown)));
  switches = { name: drawings.shown, show: (name) => showDrawing(name, drawn, graph) };
  const change = (part) => switches.show(nameOf({ ...stateOf(switches.name), ...part }));
  for (const detail of drawings.details) byId("draw-detail").append(make("option", { value: detail }, DETAILS[detail]));
  byId("draw-detail").addEventListener("change", (event) => change({ detail: event.target.value }));
  for (const [id, part] of [["labels", flip("labels")], ["steps", flip("steps")], ["direction", turn]]) {
    byId(`draw-${id}`).addEventListener("click", (event) => {
      if (event.currentTarget.getAttribute("aria-disabled") !== "true") change(part(stateOf(switches.name)));
    });
  }
  startTargets(graph);
  showSwitches();
}

const flip = (part) => (state) => ({ [part]: !state[part] });
const turn = (state) => ({ direction: TURNED[state.direction] });

/** What tells equal drawings: their number in the page, or their name if the server draws them. */
const keyOfDrawing = (name) => (drawings.served ? name : drawings.names[name]);

async function showDrawing(name, drawn, graph) {
  const key = keyOfDrawing(name);
  const before = switches.name;
  const message = byId("drawn");
  switches.name = name;
  showSwitches();
  graph.canvas.setAttribute("aria-busy", "true");
  try {
    if (!drawn.has(key)) drawn.set(key, unpacked(drawings.served ? await fetched(name) : await inflated(drawings.packed[key])));
    if (switches.name === name && drawn.get(key) !== shown) replaceDrawing(drawn.get(key), graph);
    message.textContent = `Drawn: ${counted(shown.boxes.length, "box", "boxes")}, ${counted(shown.arrows.length, "arrow")}`;
    message.className = "hidden";
  } catch (error) {
    message.textContent = `Not drawn: ${error.message}`;
    message.className = "";
    if (switches.name === name) switches.name = before;
    showSwitches();
  }
  graph.canvas.removeAttribute("aria-busy");
}

async function inflated(packed) {
  const bytes = Uint8Array.from(atob(packed), (char) => char.charCodeAt(0));
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"))).text();
}

async function fetched(name) {
  const answer = await fetch(`drawing?${new URLSearchParams({ name, version: data.live })}`);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.text();
}

/** A drawing from its JSON; its SVG and legend are from the program, like those in the page. */
function unpacked(text) {
  const { svg, legend, graph } = JSON.parse(text);
  const parsed = (html) => [...new DOMParser().parseFromString(html, "text/html").body.childNodes];
  return { ...readDrawing(document.adoptNode(parsed(svg)[0]), graph), legend: parsed(legend).map((each) => document.adoptNode(each)) };
}

/** Shows the state of the switches, and which of them change nothing or are not in the page. */
function showSwitches() {
  const state = stateOf(switches.name);
  const select = byId("draw-detail");
  for (const option of select.options) option.disabled = !isOffered({ ...state, detail: option.value });
  select.value = state.detail;
  showSwitch(byId("draw-labels"), { ...state, labels: !state.labels }, state.labels);
  showSwitch(byId("draw-steps"), { ...state, steps: !state.steps }, state.steps);
  showSwitch(byId("draw-direction"), { ...state, ...turn(state) }, null);
  const [sign, words] = ARROWS[state.direction];
  byId("draw-direction").textContent = sign;
  byId("draw-direction").setAttribute("aria-label", `Direction: ${words}`);
  showTargets();
}

const isOffered = (state) => drawings.served || nameOf(state) in drawings.names;

function showSwitch(button, other, pressed) {
  const isSame = isOffered(other) && !drawings.served && keyOfDrawing(nameOf(other)) === keyOfDrawing(switches.name);
  const why = isSame ? "This changes nothing in this graph" : isOffered(other) ? "" : NOT_IN_PAGE;
  if (pressed !== null) button.setAttribute("aria-pressed", pressed);
  button.setAttribute("aria-disabled", Boolean(why));
  button.title = why;
}

/** Selects the next choice of a select that is offered. */
function nextChoice(id) {
  const select = byId(id);
  const choices = [...select.options].filter((option) => !option.disabled);
  select.value = choices[(choices.indexOf(select.selectedOptions[0]) + 1) % choices.length].value;
  select.dispatchEvent(new Event("change"));
}

/** Whether the members of a group can be drawn one by one. */
const canUnfold = () => switches !== null && stateOf(switches.name).detail !== "all" && drawings.details.includes("all") && isOffered({ ...stateOf(switches.name), detail: "all" });

/** Draws everything, and selects the first of `members`. */
async function unfold(members) {
  await switches.show(nameOf({ ...stateOf(switches.name), detail: "all" }));
  choose(members[0]);
}
