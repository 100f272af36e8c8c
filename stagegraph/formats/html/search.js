// Searching: every word must be in the name, the lines, the paths or the steps.

function startSearch() {
  const input = byId("search");
  const known = searchable();
  let found = [];
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = words.length ? known.filter((entry) => words.every((word) => entry.text.includes(word))) : [];
    byId("found").textContent = words.length ? `${found.length} found` : "";
    tell("find", words.length ? new Set(found.flatMap((entry) => entry.keys)) : null);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !found.length) return;
    const keys = found.map((entry) => entry.keys[0]);
    choose(keys[(keys.indexOf(chosen.key) + (event.shiftKey ? keys.length - 1 : 1)) % keys.length]);
  });
}

/** What can be found: its text, and the keys that stand for it, its own first. */
function searchable() {
  const lines = ({ line, end }) => (line ? `line ${line} ${end && end !== line ? `lines ${line}–${end}` : ""}` : "");
  const paths = (key) => (edgesInto.get(key) ?? []).map((edge) => edge.text).join(" ");
  const entry = (keys, ...texts) => ({ keys, text: texts.join(" ").toLowerCase() });
  return [
    ...data.nodes.map((node) => entry([node.key], node.label, node.kind, node.role, lines(node), paths(node.key), ...node.sentences, ...node.facts.flat())),
    ...data.steps.map((step) => entry([step.key, ...step.nodes], step.name, lines(step))),
  ];
}
