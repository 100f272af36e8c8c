// The selection in the address of the page: `#stage=builder` for a stage, the key of every other item.

const STAGE = "node:stage:";
const stages = data.nodes.filter((node) => node.key.startsWith(STAGE));
// Names ignore case; of stages with the same name, BuildKit takes the last.
const stageKeys = new Map(stages.map((node) => [node.label.toLowerCase(), node.key]));

/** The part of an address that selects `key`: a stage by its name if that is clear, or by its number. */
function addressOf(key) {
  if (!key.startsWith(STAGE)) return `#${encodeURIComponent(key)}`;
  const name = nodes.get(key)?.label ?? "";
  const isClear = stageKeys.get(name.toLowerCase()) === key && !/^\d+$/.test(name);
  return `#stage=${encodeURIComponent(isClear ? name : key.slice(STAGE.length))}`;
}

/** The key that the address of the page selects, "" for none, or null if the page has no such item. */
function keyInAddress() {
  if (location.hash.length < 2) return "";
  try {
    const key = keyOfAddress(decodeURIComponent(location.hash.slice(1)));
    return isKnown(key) ? key : null;
  } catch {
    return null; // not a valid escape
  }
}

function keyOfAddress(text) {
  if (!text.startsWith("stage=")) return text;
  const name = text.slice("stage=".length);
  return stageKeys.get(name.toLowerCase()) ?? STAGE + name;
}

/** Follows links to other items of the same page. */
function startAddress() {
  addEventListener("hashchange", () => {
    const key = keyInAddress();
    if (key !== null && key !== chosen.key) choose(key);
  });
}
