// The graph: selects items by pointer and keys, and shows one drawing in place of another.

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Makes the drawing interactive; returns its canvas and its panning, or null on a page without a graph. */
function startGraph(parts) {
  const svg = document.querySelector("svg.drawing");
  if (!svg || !parts) return null;
  const canvas = svg.closest(".canvas");
  const panning = startPanning(svg, canvas);
  takeDrawing(readDrawing(svg, parts));
  listenToItems(canvas, panning);
  startHighlight(panning);
  startTips(canvas);
  startGraphButtons(canvas, panning);
  return { canvas, panning };
}

/** Makes `drawing` the one that is shown, and its items buttons. */
function takeDrawing(drawing) {
  shown = drawing;
  drawnLook = "";
  shown.boxes.forEach(makeBoxReact);
  if (!shown.isPrepared) {
    shown.boxes.forEach(markTarget);
    shown.arrows.forEach(makeArrowReact);
  }
  shown.isPrepared = true;
}

/** Shows `drawing`, with its legend, in place of the one before; keeps the selection. */
function replaceDrawing(drawing, graph) {
  shown.svg.replaceWith(drawing.svg);
  document.querySelector(".legend-content").replaceChildren(...drawing.legend);
  takeDrawing(drawing);
  look.point = "";
  graph.panning.replace(drawing.svg);
  choose(isKnown(chosen.key) ? chosen.key : "", false);
  tell("draw");
}

function makeBoxReact({ element, key, label }, number) {
  const tab = number === 0 ? 0 : -1;
  fill(element, { role: "button", "aria-pressed": "false", "aria-label": describe(key, label), tabindex: tab }, []);
}

/** The text of a box for screen readers: name, kind, role, line. */
function describe(key, label) {
  const node = nodes.get(key);
  const words = node ? [node.label, node.kind, node.role] : [steps.get(key)?.name ?? label];
  const members = shown.groups.get(key)?.members.length;
  const line = (node ?? steps.get(key))?.line;
  return [...words, members ? `${members} nodes drawn as one` : "", line ? `line ${line}` : ""].filter(Boolean).join(", ");
}

/** The item whose element, or whose label, contains `target`. */
const itemUnder = (target) => shown.byElement.get(target.closest?.(".node, .frame, .frame-name, .edge, .label"));

function listenToItems(canvas, panning) {
  canvas.addEventListener("click", (event) => {
    if (canvas.classList.contains("moving") || event.target.closest("button")) return;
    const item = itemUnder(event.target);
    if (item && event.target.closest(".frame-name")) togglePart(item.key);
    else if (item) toggle(item.key);
    else if (chosen.key) choose("");
  });
  canvas.addEventListener("keydown", (event) => {
    const item = itemUnder(event.target);
    if (!item || event.altKey || event.ctrlKey || event.metaKey) return;
    if (!pressed(event, item, panning)) return;
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("pointerover", (event) => tell("point", itemUnder(event.target)?.key ?? ""));
  canvas.addEventListener("pointerleave", () => tell("point", ""));
}

/** What a key does on the focused `item`; whether it does anything. */
function pressed(event, item, panning) {
  if (event.key === " " && canToggle(item)) togglePart(item.key);
  else if (event.key === "Enter" || event.key === " ") toggle(item.key);
  else if (event.key.toLowerCase() === "e") focusArrow(focusedBox(item), event.key === "e" ? 1 : -1);
  else if (DIRECTIONS[event.key]) moveFocus(item, DIRECTIONS[event.key], panning);
  else return false;
  return true;
}

/** The id of the box that has the focus, or of the one from which an arrow got it. */
const focusedBox = (item) => (item.id ? item : shown.boxes.find(({ element }) => element.getAttribute("tabindex") === "0")).id;

/** Moves the focus to the nearest box in a direction. */
function moveFocus(from, direction, panning) {
  const next = nearest(from, direction);
  if (!next) return;
  holdFocus(next);
  next.element.focus({ preventScroll: true });
  panning.reveal(boundsOf(next.element));
}

/** Makes `box` the one that Tab reaches. */
function holdFocus(box) {
  shown.svg.querySelector("[tabindex='0']")?.setAttribute("tabindex", -1);
  box.element.setAttribute("tabindex", 0);
}

function nearest(from, [right, down]) {
  const start = middle(from.element);
  let best = null;
  let least = Infinity;
  for (const box of shown.boxes) {
    if (box.element.classList.contains("away")) continue;
    const { x, y } = middle(box.element);
    const along = (x - start.x) * right + (y - start.y) * down;
    const aside = Math.abs((x - start.x) * down) + Math.abs((y - start.y) * right);
    if (along > 1 && along + 2 * aside < least) [best, least] = [box, along + 2 * aside];
  }
  return best;
}

function middle(element) {
  const { x, y, width, height } = element.getBBox();
  return { x: x + width / 2, y: y + height / 2 };
}

function startGraphButtons(canvas, panning) {
  byId("zoom-in").addEventListener("click", () => panning.zoom(1.3));
  byId("zoom-out").addEventListener("click", () => panning.zoom(1 / 1.3));
  byId("zoom-fit").addEventListener("click", panning.fit);
  const button = byId("critical");
  const show = (wanted) => {
    canvas.classList.toggle("show-path", wanted);
    button.setAttribute("aria-pressed", wanted);
  };
  button.addEventListener("click", () => show(!canvas.classList.contains("show-path")));
  show(Boolean(data.showPath));
}
