// A stage in the address of the page: `#stage=builder`, or `#stage=2` if its name is not clear.

const STAGE = "node:stage:";
const stages = data.nodes.filter((node) => node.key.startsWith(STAGE));
// Names ignore case; of stages with the same name, BuildKit takes the last.
const stageKeys = new Map(stages.map((node) => [node.label.toLowerCase(), node.key]));

address.of = (key) => {
  if (!key.startsWith(STAGE)) return encodeURIComponent(key);
  const name = nodes.get(key)?.label ?? "";
  const isClear = stageKeys.get(name.toLowerCase()) === key && !/^\d+$/.test(name);
  return `stage=${encodeURIComponent(isClear ? name : key.slice(STAGE.length))}`;
};

address.key = (text) => {
  if (!text.startsWith("stage=")) return text;
  const name = text.slice("stage=".length);
  return stageKeys.get(name.toLowerCase()) ?? STAGE + name;
};

/** Selects what a link to the same page names. */
function startAddress() {
  addEventListener("hashchange", () => {
    const key = keyInAddress(known);
    if (key && key !== chosen.key) choose(key);
  });
}
