// Search: every word must occur in the name, the lines, the paths or the steps.

function startSearch() {
  const input = byId("search");
  const known = searchable();
  let matches = [];
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    matches = words.length ? known.filter((entry) => words.every((word) => entry.text.includes(word))) : [];
    byId("matches").textContent = words.length ? counted(matches.length, "result") : "";
    tell("find", words.length ? new Set(matches.flatMap((entry) => entry.keys)) : null);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !matches.length) return;
    const keys = matches.map((entry) => entry.keys[0]);
    choose(keys[(keys.indexOf(chosen.key) + (event.shiftKey ? keys.length - 1 : 1)) % keys.length]);
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
