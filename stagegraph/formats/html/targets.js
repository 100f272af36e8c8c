// The bake targets: each is a box, or opened, with the stages of its Dockerfile in a frame.
// A part is a Dockerfile with its options: several targets that share it open together.

const bakeTargets = data.nodes.filter((node) => node.members);
const imageOf = new Map(bakeTargets.map((node) => [node.key, node.image]));
const targetsOf = grouped(bakeTargets.filter((node) => node.part !== null), (node) => node.part);
const partOf = new Map(bakeTargets.filter((node) => node.part !== null).flatMap((node) => [node.key, ...node.members].map((key) => [key, node.part])));
const frameKeys = data.drawings?.parts ?? [];
const ALL_PARTS = frameKeys.map((_, number) => number);

/** The key of a frame or a box: a frame with one target stands for it. */
function keyOfBox(key) {
  const own = targetsOf.get(frameKeys.indexOf(key)) ?? [];
  return own.length === 1 ? own[0].key : key;
}

/** The number of the part that a target, a stage or a frame belongs to; undefined if it has none. */
const partNumber = (key) => partOf.get(key) ?? (frameKeys.includes(key) ? frameKeys.indexOf(key) : undefined);

/** The numbers of the opened parts in the name of a drawing. */
const openedParts = (word) => (word === "targets" ? [] : word === "stages" ? ALL_PARTS : word.split("-").map(Number));

function openedWord(parts) {
  if (!frameKeys.length) return "";
  return parts.length === 0 ? "targets" : parts.length === frameKeys.length ? "stages" : parts.join("-");
}

/** The opened parts of what is shown; the steps of stages are drawn in all of them. */
function openedNow() {
  const state = stateOf(switches.name);
  return state.steps ? ALL_PARTS : state.opened;
}

/** The first of `sets` of opened parts that can be drawn, with the other switches as they are or as at first; or null. */
function drawable(sets) {
  const [now, first] = [stateOf(switches.name), stateOf(drawings.shown)];
  const states = sets.flatMap((opened) => [now, first].map((state) => ({ ...state, steps: false, opened })));
  return states.find(isOffered) ?? null;
}

/** The state of the switches in which a part is opened, or closed; null if that is not in the page. */
function otherState(part) {
  const opened = openedNow();
  if (opened.includes(part)) return drawable([opened.filter((other) => other !== part), []]);
  return drawable([[...opened, part].sort((a, b) => a - b), [part], ALL_PARTS]);
}

/** Opens the part of the item `key`, or closes it, and selects the item. */
async function togglePart(key) {
  const part = switches && partNumber(key);
  const state = part !== undefined && part !== null ? otherState(part) : null;
  if (!state) return;
  const isFocused = shown.svg.contains(document.activeElement);
  await switches.show(nameOf(state));
  choose(isKnown(key) ? key : targetsOf.get(part)[0].key);
  const box = boxOf(chosen.key);
  if (!isFocused || !box) return;
  holdFocus(box);
  box.element.focus({ preventScroll: true });
}

/** Draws the stages of the target that the item `key` is in, if that target is one box. */
async function openAround(key) {
  const part = partOf.get(key);
  if (part === undefined || imageOf.has(key) || openedNow().includes(part)) return;
  const state = otherState(part);
  if (state) await switches.show(nameOf(state));
  choose(key);
}

/** Whether `item` is a closed target, or the frame of an opened one. */
const canToggle = (item) => switches !== null && !item.source && !item.frame && (imageOf.has(item.key) || frameKeys.includes(item.key));

/** Marks what opens and closes: a plus in the corner of a closed target, a minus before the title of an opened one. */
function markTarget(box) {
  const isFrame = box.name !== null && partNumber(box.key) !== undefined;
  if (!isFrame && !imageOf.has(box.key)) return;
  box.element.setAttribute("aria-expanded", isFrame);
  if (isFrame) {
    (box.name.querySelector("text") ?? box.name).prepend("− ");
    box.name.classList.add("closes");
    return;
  }
  const { x, y, width } = box.element.querySelector(".shape").getBBox();
  const [cx, cy] = [x + width - 1, y + 1];
  box.element.append(makeShape("g", { class: "opens", "aria-hidden": "true" }, makeShape("circle", { cx, cy, r: 6.5 }), makeShape("path", { d: `M${cx - 3.5},${cy}h7M${cx},${cy - 3.5}v7` })));
}

/** `open=api,web`: what is open, if it is not what is open at first. */
function openInAddress() {
  if (switches === null || !frameKeys.length) return "";
  const word = openedWord(openedNow());
  if (word === openedWord(stateOf(drawings.shown).opened)) return "";
  if (word === "targets" || word === "stages") return `open=${word === "targets" ? "-" : "*"}`;
  return `open=${openedNow().map((part) => encodeURIComponent(targetsOf.get(part)?.[0].label ?? part)).join(",")}`;
}

/** Opens the targets that the address of the page names. */
async function openAsInAddress() {
  const [, names] = /(?:^#|&)open=([^&]*)$/.exec(location.hash) ?? [];
  if (names === undefined || switches === null || !frameKeys.length) return;
  const wanted = new Set(names.split(",").map(decoded));
  const parts = ALL_PARTS.filter((part) => targetsOf.get(part)?.some((node) => wanted.has(node.label)));
  const state = drawable([names === "-" ? [] : names === "*" ? ALL_PARTS : parts]);
  if (state && (parts.length || names === "-" || names === "*")) await switches.show(nameOf(state));
}

/** The button that opens or closes the target of the item `key`; empty if it cannot. */
function partButton(key) {
  const part = switches ? partNumber(key) : undefined;
  if (part === undefined) return "";
  const isOpen = openedNow().includes(part);
  if (isOpen && partOf.has(key) && !imageOf.has(key)) return "";
  const words = isOpen ? "Draw it as one box" : imageOf.has(key) ? "Draw its stages" : "Draw it";
  const button = make("button", { type: "button", class: "unfold", click: () => togglePart(key) }, words);
  if (!otherState(part)) fill(button, { disabled: true, title: NOT_IN_PAGE }, []);
  return button;
}

/** The details of a frame that several targets share. */
function frameDetails(key) {
  const own = targetsOf.get(frameKeys.indexOf(key));
  if (!own) return null;
  return [head("Dockerfile", make("h2", {}, own.map((node) => node.label).join(", ")), "", ""), partButton(key), section(counted(own.length, "bake target"), list(own.map((node) => chooser(node.key, node.label, "name"))))];
}

/** The select for all targets at once, if the page is of a bake or compose file. */
function startTargets(graph) {
  if (!frameKeys.length) return;
  const select = make("select", { id: "draw-targets", "aria-keyshortcuts": "o", change: (event) => showAll(event.target.value) });
  for (const [value, words] of [["targets", "one box each"], ["some", "some with stages"], ["stages", "with stages"]]) select.append(make("option", { value }, words));
  byId("draw-detail").parentNode.after(make("label", {}, "Targets ", select));
  graph.canvas.addEventListener("dblclick", (event) => {
    const item = itemUnder(event.target);
    if (item && partNumber(item.key) !== undefined && (item.frame === undefined || item.frame === "")) togglePart(item.key);
  });
  on("draw", showTargets);
}

function showAll(word) {
  const state = drawable([openedParts(word)]);
  if (state) switches.show(nameOf(state));
}

/** Opens or closes the selected target, or all targets. */
function toggleTargets() {
  if (partNumber(chosen.key) !== undefined) togglePart(chosen.key);
  else showAll(openedNow().length ? "targets" : "stages");
}

function showTargets() {
  const select = byId("draw-targets");
  if (!select) return;
  const word = openedWord(openedNow());
  select.value = word === "targets" || word === "stages" ? word : "some";
  for (const option of select.options) option.disabled = option.value === "some" || !drawable([openedParts(option.value)]);
}
