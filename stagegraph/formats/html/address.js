// A stage in the address of the page: `#stage=builder`, or `#stage=2` if its name is not clear; `#stage=api:builder` and `#target=api` of a bake file.

const ALONE = "node:stage:";
const stages = data.nodes.filter((node) => /^node:(.*\/)?stage:\d+$/.test(node.key));
// Names ignore case; of stages with the same name, BuildKit takes the last.
const stageKeys = new Map(stages.map((node) => [node.label.toLowerCase(), node.key]));
const targetKeys = new Map(bakeTargets.map((node) => [node.label, node.key]));

const wordOf = (key) => {
  const name = nodes.get(key)?.label ?? "";
  if (imageOf.has(key)) return `target=${encodeURIComponent(name)}`;
  if (stageKeys.get(name.toLowerCase()) === key && !/^\d+$/.test(name)) return `stage=${encodeURIComponent(name)}`;
  return key.startsWith(ALONE) ? `stage=${key.slice(ALONE.length)}` : encodeURIComponent(key);
};

address.of = (key) => [key && wordOf(key), openInAddress()].filter(Boolean).join("&");

address.key = (text) => {
  const [, word, name] = /^(target|stage)=(.*)$/s.exec(text) ?? [];
  if (word === "target") return targetKeys.get(name) ?? bakeTargets.find((node) => node.label.split(", ").includes(name))?.key ?? text;
  return word === "stage" ? (stageKeys.get(name.toLowerCase()) ?? ALONE + name) : text;
};

/** Shows what the address names, at the start and when it changes. */
async function startAddress() {
  addEventListener("hashchange", () => follow(false));
  await follow(true);
}

async function follow(isFirst) {
  const key = keyInAddress(known);
  if (!isFirst && !key && !location.hash.includes("open=")) return;
  const hasOpen = location.hash.includes("open=");
  await openAsInAddress();
  if (isFirst || key !== chosen.key) choose(key);
  if (key && !hasOpen) await openAround(key);
}
