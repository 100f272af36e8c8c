// Search: every word must occur in the name, the lines, the paths or the steps.

function startSearch(graph) {
  const input = byId("search");
  const known = searchable();
  let matches = [];
  let first = "";
  const count = () => {
    const at = matches.findIndex((entry) => entry.keys[0] === chosen.key);
    const hidden = graph ? matches.filter((entry) => !entry.keys.some(elementOf)).length : 0;
    const words = counted(matches.length, "result") + (hidden ? `, ${hidden} not drawn` : "");
    byId("matches").textContent = !input.value.trim() ? "" : at < 0 ? words : `${at + 1} of ${words}`;
  };
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    matches = words.length ? known.filter((entry) => words.every((word) => entry.text.includes(word))) : [];
    count();
    tell("find", words.length ? new Set(matches.flatMap((entry) => entry.keys)) : null);
    const before = first;
    first = matches[0]?.keys[0] ?? "";
    const box = first !== before && boxOf(first);
    if (box) graph.panning.reveal(boundsOf(box.element), textSize(box.element));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !matches.length) return;
    const keys = matches.map((entry) => entry.keys[0]);
    const at = keys.indexOf(chosen.key);
    choose(keys[event.shiftKey ? (Math.max(at, 0) + keys.length - 1) % keys.length : (at + 1) % keys.length]);
  });
  on("choose", count);
  on("draw", () => {
    count();
    tell("find", look.found);
  });
}

/** The searchable items: the text of each, and the keys to highlight, its own first. */
function searchable() {
  const lines = ({ line, end }) => (line ? `line ${line} ${end && end !== line ? `lines ${line}–${end}` : ""}` : "");
  const paths = (key) => (edgesInto.get(key) ?? []).map((edge) => edge.text).join(" ");
  const entry = (keys, ...texts) => ({ keys, text: texts.join(" ").toLowerCase() });
  return [
    ...data.nodes.map((node) => entry([node.key], node.label, node.kind, node.role, lines(node), paths(node.key), ...node.sentences, ...node.facts.flat())),
    ...data.steps.map((step) => entry([step.key, ...step.nodes], step.name, lines(step))),
  ];
}
