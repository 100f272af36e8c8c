// The drawing that is shown: its boxes and arrows, and which element stands for which item.

let shown = null;

/** The items of `svg`, whose elements `parts` names: boxes (frames too), arrows, groups. */
function readDrawing(svg, parts) {
  const element = (id) => svg.getElementById(id);
  const names = [...svg.querySelectorAll(".frame-name")];
  const boxes = parts.boxes.map(([id, key, label, frame]) => ({ id, key: keyOfBox(key), label, frame, element: element(id), name: id[0] === "f" ? names[Number(id.slice(1))] : null }));
  const keys = new Map(boxes.map(({ id, key }) => [id, key]));
  const arrows = readArrows(parts.arrows, keys, element);
  parts.critical.forEach((id) => element(id).classList.add("critical"));
  return {
    svg,
    boxes,
    arrows,
    byId: new Map(boxes.map((box) => [box.id, box])),
    byElement: new Map([...boxes, ...arrows].flatMap((item) => [item.element, item.labelElement, item.name].filter(Boolean).map((each) => [each, item]))),
    arrowOf: byKey(arrows),
    groups: byKey(parts.groups),
    ids: new Map([...Object.entries(parts.inside), ...boxes.map(({ id, key }) => [key, id])]),
    next: neighbours(arrows, "source", "target"),
    previous: neighbours(arrows, "target", "source"),
    ...edgesOfElements(parts.inside, keys),
  };
}

function readArrows(arrows, keys, element) {
  const seen = new Map();
  return arrows.map(([source, target, kind], number) => {
    const ends = `edge:${keys.get(source)}>${keys.get(target)}`;
    const count = (seen.get(ends) ?? 0) + 1;
    seen.set(ends, count);
    return { key: count > 1 ? `${ends}>${count}` : ends, source, target, kind, element: element(`e${number}`), labelElement: element(`l${number}`) };
  });
}

const neighbours = (arrows, from, to) => new Map([...grouped(arrows, (arrow) => arrow[from])].map(([id, list]) => [id, list.map((arrow) => arrow[to])]));

/** The edges of the report by the elements of their ends and their kind. */
function edgesOfElements(inside, keys) {
  const ids = new Map([...Object.entries(inside), ...[...keys].map(([id, key]) => [key, id])]);
  return { edges: grouped(data.edges, (edge) => `${ids.get(edge.source)} ${ids.get(edge.target)} ${edge.kind}`) };
}

/** The id of the element that stands for `key`; a step without one belongs to its stage, a bake target to its image. */
const elementOf = (key) => shown?.ids.get(key) ?? shown?.ids.get(steps.get(key)?.nodes[0] ?? imageOf.get(key));

const boxOf = (key) => shown?.byId.get(elementOf(key));

/** Whether the page has an item `key`. */
const isKnown = (key) => nodes.has(key) || steps.has(key) || frameKeys.includes(key) || Boolean(shown?.groups.has(key) || shown?.arrowOf.has(key));

const known = { has: isKnown };

/** The rectangle of an element, in the coordinates of the view box. */
function boundsOf(element) {
  const box = (element.querySelector(".shape") ?? element).getBBox(); // without its number on the critical path
  const { e, f } = element.parentNode.transform.baseVal.consolidate().matrix;
  return { x: box.x + e, y: box.y + f, width: box.width, height: box.height };
}

/** The rectangle around several elements. */
function boundsOfAll(elements) {
  const all = elements.map(boundsOf);
  const x = Math.min(...all.map((box) => box.x));
  const y = Math.min(...all.map((box) => box.y));
  return { x, y, width: Math.max(...all.map((box) => box.x + box.width)) - x, height: Math.max(...all.map((box) => box.y + box.height)) - y };
}

/** The smallest text of an element, in points. */
const textSize = (element) => Math.min(...[...element.querySelectorAll("text")].map((text) => parseFloat(getComputedStyle(text).fontSize)));
