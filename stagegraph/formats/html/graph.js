// The graph: selects nodes by pointer and keys, and highlights the paths from a node to the target.

const DIRECTIONS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Makes the drawing of `graph` interactive; returns its boxes and its panning, or null on a page without a graph. */
function startGraph(graph) {
  const svg = document.querySelector("svg.drawing");
  if (!svg || !graph) return null;
  const canvas = svg.closest(".canvas");
  const boxes = graph.boxes.map(([id, key, label]) => ({ element: byId(id), id, key, label }));
  const panning = startPanning(svg, canvas);
  const elementIds = new Map([...Object.entries(graph.inside), ...graph.boxes.map(([id, key]) => [key, id])]);
  graph.critical.forEach((id) => byId(id).classList.add("critical"));
  boxes.forEach((box, number) => makeBoxReact(box, number, canvas));
  svg.addEventListener("keydown", (event) => moveFocus(event, boxes, panning));
  svg.addEventListener("click", (event) => clearByClick(event, canvas));
  svg.addEventListener("pointerover", (event) => tell("point", keyUnder(event.target, boxes)));
  svg.addEventListener("pointerleave", () => tell("point", ""));
  showState(svg, boxes, elementIds, graph.arrows, panning);
  startGraphButtons(canvas, panning);
  return { boxes, panning };
}

function makeBoxReact(box, number, canvas) {
  const { element, key, label } = box;
  fill(element, { role: "button", "aria-pressed": "false", "aria-label": describe(key, label) }, []);
  element.setAttribute("tabindex", number === 0 ? 0 : -1);
  element.addEventListener("click", (event) => {
    event.stopPropagation();
    if (!canvas.classList.contains("moving")) toggle(key);
  });
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    toggle(key);
  });
}

/** The text of a box for screen readers: name, kind, role, line. */
function describe(key, label) {
  const node = nodes.get(key);
  const words = node ? [node.label, node.kind, node.role] : [steps.get(key)?.name ?? label];
  const line = (node ?? steps.get(key))?.line;
  return [...words, line ? `line ${line}` : ""].filter(Boolean).join(", ");
}

function clearByClick(event, canvas) {
  if (!canvas.classList.contains("moving") && chosen.key && !event.target.closest("[role=button]")) choose("");
}

function keyUnder(target, boxes) {
  const element = target.closest("[role=button]");
  return boxes.find((box) => box.element === element)?.key ?? "";
}

/** Moves the focus to the nearest box in the direction of an arrow key. */
function moveFocus(event, boxes, panning) {
  const direction = DIRECTIONS[event.key];
  const from = boxes.find((box) => box.element === document.activeElement);
  if (!direction || !from || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const next = nearest(from, boxes, direction);
  if (!next) return;
  from.element.setAttribute("tabindex", -1);
  next.element.setAttribute("tabindex", 0);
  next.element.focus({ preventScroll: true });
  panning.reveal(boundsOf(next.element));
}

function nearest(from, boxes, [right, down]) {
  const start = middle(from.element);
  let best = null;
  let least = Infinity;
  for (const box of boxes) {
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

/** The rectangle of an element, in the coordinates of the view box. */
function boundsOf(element) {
  const box = element.getBBox();
  const { e, f } = element.parentNode.transform.baseVal.consolidate().matrix;
  return { x: box.x + e, y: box.y + f, width: box.width, height: box.height };
}

/** Sets the classes of the drawing when the selection, the pointer or the search results change. */
function showState(svg, boxes, elementIds, arrows, panning) {
  const lines = arrows.map(([source, target, needed], number) => ({ source, target, needed, parts: [byId(`e${number}`), byId(`l${number}`)] }));
  // A step without an element belongs to the element of its stage.
  const elementOf = (key) => elementIds.get(key) ?? elementIds.get(steps.get(key)?.nodes[0]);
  const trace = (key) => showPaths(svg, boxes, lines, elementOf(key));
  on("point", (key) => trace(key || chosen.key));
  on("choose", (key) => {
    for (const box of boxes) {
      const is = elementOf(key) === box.id;
      box.element.classList.toggle("chosen", is);
      box.element.setAttribute("aria-pressed", is);
      if (is) panning.reveal(boundsOf(box.element));
    }
    trace(key);
  });
  on("find", (keys) => {
    const matches = keys && new Set([...keys].map(elementOf));
    svg.classList.toggle("searching", Boolean(keys));
    for (const box of boxes) box.element.classList.toggle("match", Boolean(matches?.has(box.id)));
  });
}

/** Highlights what `start` leads to: along needed edges, or along all edges if it is not needed. */
function showPaths(svg, boxes, lines, start) {
  const needed = lines.filter((line) => line.needed);
  const isNeeded = needed.some((line) => line.source === start || line.target === start);
  const along = isNeeded ? needed : lines;
  const next = new Map([...grouped(along, (line) => line.source)].map(([id, list]) => [id, list.map((line) => line.target)]));
  const on = start ? reachable(start, next) : new Set();
  svg.classList.toggle("tracing", on.size > 0);
  for (const box of boxes) box.element.classList.toggle("on", on.has(box.id));
  for (const line of lines) {
    const isOn = on.has(line.source) && (line.needed || !isNeeded);
    line.parts.forEach((part) => part?.classList.toggle("on", isOn));
  }
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
