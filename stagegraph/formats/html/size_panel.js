// The panel of the sizes page: the part that is chosen, and what is in it; and the search.

const MOST_ROWS = 60;
let foundSizes = []; // the nodes that the search finds

function startSizePanel() {
  on("choose", showSize);
  const input = byId("search");
  input.addEventListener("input", () => find(input.value.trim().toLowerCase()));
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !foundSizes.length) return;
    const keys = foundSizes.map((node) => node.key);
    const step = event.shiftKey ? -1 : 1;
    choose(keys[(keys.indexOf(chosen.key) + step + keys.length) % keys.length]);
  });
}

function find(text) {
  const matches = (node) => node.parent && node.name.toLowerCase().includes(text);
  foundSizes = text ? [...sizeNodes.values()].filter(matches) : [];
  const words = foundSizes.length === 1 ? "1 result" : `${foundSizes.length} results`;
  byId("matches").textContent = text ? words : "";
  tell("find", foundSizes);
}

function showSize(key) {
  const node = sizeNodes.get(key) ?? data.tree;
  const share = data.tree.bytes ? ((100 * node.bytes) / data.tree.bytes).toFixed(1) : "0.0";
  const rows = (node.children ?? []).slice(0, MOST_ROWS);
  const rest = (node.children ?? []).length - rows.length;
  byId("panel").replaceChildren(
    make("section", {},
      make("div", { class: "head" }, make("span", { class: "kind" }, node.kind), make("h2", {}, node.name)),
      make("p", {}, `${node.size}, ${share}% of all bytes, ${node.files} ${node.files === 1 ? "file" : "files"}`),
      node.part?.line ? make("p", {}, "Written by ", lineMark(node.part.line)) : null,
      node.part?.kind === "hidden" ? make("p", {}, "These bytes are downloaded, but are not in the image.") : null,
    ),
    rows.length
      ? make("section", {}, make("h3", {}, "In it"), make("ul", {}, rows.map((child) => sizeRow(child, node))))
      : "",
    rest > 0 ? make("p", {}, `and ${rest} smaller`) : "",
  );
}

function sizeRow(child, parent) {
  const bar = make("span", { class: "share" });
  bar.style.width = `${parent.bytes ? (100 * child.bytes) / parent.bytes : 0}%`;
  return make("li", { class: "size-row" },
    make("button", { type: "button", class: "chooser", click: () => choose(child.key) }, child.name),
    make("span", { class: "number" }, child.size),
    make("span", { class: "shares" }, bar),
  );
}
