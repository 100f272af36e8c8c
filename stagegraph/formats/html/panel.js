// The panel: an overview of the build, or the details of the selected item.

const nodes = byKey(data.nodes);
const steps = byKey(data.steps);
const targets = new Set(data.targets);
const edgesFrom = grouped(data.edges, (edge) => edge.source);
const edgesInto = grouped(data.edges, (edge) => edge.target);
const stepsOf = grouped(
  data.steps.flatMap((step) => step.nodes.map((node) => ({ node, step }))),
  (pair) => pair.node,
);

function startPanel() {
  const panel = byId("panel");
  on("choose", (key) => {
    const node = nodes.get(key);
    const step = steps.get(key);
    const group = shown?.groups.get(key);
    const arrow = shown?.arrowOf.get(key);
    const details = (node && nodeDetails(node)) ?? (step && stepDetails(step)) ?? (group && groupDetails(group)) ?? (arrow && arrowDetails(arrow)) ?? frameDetails(key);
    panel.replaceChildren(...(details ?? overviewDetails()));
    panel.classList.toggle("details", Boolean(details));
    panel.scrollTop = 0;
  });
}

/** A button that selects `key`, or only its text if the page has no such item. */
function chooser(key, text, name = "") {
  if (!isKnown(key)) return make("span", { class: name }, text);
  const listen = { click: () => choose(key), pointerenter: () => tell("point", key), pointerleave: () => tell("point", "") };
  return make("button", { type: "button", class: `chooser ${name}`, ...listen }, text);
}

function section(heading, ...content) {
  return make("section", {}, make("h3", {}, heading), ...content);
}

function list(items, tag = "ul") {
  return make(tag, {}, items.map((item) => make("li", {}, item)));
}

function overviewDetails() {
  return data.overview.map(({ heading, sentences, rows }) => {
    const rest = rows.map(([what, detail, key]) => [chooser(key, what, nameStyle(key)), make("span", { class: "detail" }, detail)]);
    return section(heading, sentences.map((sentence) => make("p", {}, sentence)), rows.length ? list(rest) : "");
  });
}

const nameStyle = (key) => (key.startsWith("step:") ? "code" : "name");

function head(kind, title, chip, line) {
  const close = make("button", { type: "button", class: "close", "aria-label": "Close the details", click: () => choose("") }, "×");
  return make("div", { class: "head" }, make("p", { class: "kind" }, kind), close, title, make("p", { class: "marks" }, chip, line));
}

function facts(pairs) {
  return pairs.length ? make("dl", {}, pairs.map(([name, value]) => [make("dt", {}, name), make("dd", {}, value)]).flat()) : "";
}

function nodeDetails(node) {
  const chip = make("span", { class: `chip ${node.style}` }, node.role);
  const inside = (node.members ?? [node.key]).flatMap((key) => stepsOf.get(key) ?? []);
  const start = node.image ?? node.key;
  const path = targets.has(start) ? null : shortestPath(start, targets, edgesFrom);
  return [
    head(node.kind, make("h2", {}, node.label), chip, lineMark(node.line, node.end, node.link)),
    ...node.sentences.map((sentence) => make("p", {}, sentence)),
    facts(node.facts),
    partButton(node.key),
    switches && !boxOf(node.key) && canUnfold() ? make("button", { type: "button", class: "unfold", click: () => unfold([node.key]) }, "Draw it") : "",
    path ? section("Why it is needed", list(path.map(pathItem), "ol")) : "",
    edgeSection("Reads", edgesOf(node, edgesInto, "source"), "source"),
    edgeSection("Read by", edgesOf(node, edgesFrom, "target"), "target"),
    inside.length ? section(counted(inside.length, "step"), list(inside.map((pair) => stepItem(pair.step)), "ol")) : "",
  ];
}

function groupDetails(group) {
  const members = group.members.map((key) => nodes.get(key)).filter(Boolean);
  const items = members.map((node) => [chooser(node.key, node.label, "name"), " ", lineMark(node.line, node.end, node.link), make("span", { class: "detail" }, [node.role, ...node.facts.map((fact) => fact.join(" "))].join(" · "))]);
  const open = canUnfold() ? make("button", { type: "button", class: "unfold", click: () => unfold(group.members) }, "Draw each of them") : "";
  return [head("Group", make("h2", {}, group.label), "", ""), open, section(`${members.length} nodes`, list(items))];
}

function arrowDetails(arrow) {
  const [source, target] = [arrow.source, arrow.target].map((id) => shown.byId.get(id));
  const reasons = reasonsOf(arrow).map((edge) => [make("code", {}, edge.text), sizeText(edge), " ", lineMark(edge.line, edge.end, edge.link)]);
  const end = (box) => list([chooser(box.key, box.label, nameStyle(box.key))]);
  return [
    head("Edge", make("h2", {}, endsText(arrow)), "", ""),
    reasons.length ? section("Made by", list(reasons)) : make("p", {}, "Several edges are drawn as one."),
    section("From", end(source)),
    section("To", end(target)),
  ];
}

/** The edges at one end of a node; of a bake target those that leave it. */
function edgesOf(node, edges, other) {
  if (!node.members) return edges.get(node.key);
  const inside = new Set(node.members);
  const found = node.members.flatMap((key) => edges.get(key) ?? []).filter((edge) => !inside.has(edge[other]));
  return found.length ? found : null;
}

const counted = (count, word, words = `${word}s`) => `${count} ${count === 1 ? word : words}`;

const labelOf = (key) => nodes.get(key)?.label ?? steps.get(key)?.text ?? key;

const sizeText = (edge) => (edge.size ? ` ${edge.size}` : "");

const pathItem = (edge) => [chooser(edge.target, labelOf(edge.target), "name"), " by ", make("code", {}, edge.text), " ", lineMark(edge.line, edge.end, edge.link)];

function edgeSection(heading, edges, end) {
  if (!edges) return "";
  const ends = grouped(edges, (edge) => edge[end]);
  const items = [...ends].map(([key, parallel]) => [
    chooser(key, labelOf(key), "name"),
    parallel.map((edge) => make("span", { class: `read${edge.needed ? "" : " faint"}` }, make("code", {}, edge.text), sizeText(edge), " ", lineMark(edge.line, edge.end, edge.link))),
  ]);
  return section(heading, list(items));
}

const stepItem = (step) => [chooser(step.key, step.text, step.critical ? "code critical" : "code"), " ", lineMark(step.line, step.end, step.link)];

/** All lines of a step: the same instruction in several stages is one step. */
const stepLines = (step) => [lineMark(step.line, step.end, step.link), ...(step.lines ?? []).map((line) => [" ", lineMark(line, line, step.link)])];

function stepDetails(step) {
  const users = data.steps.filter((other) => other.inputs.includes(step.key));
  const chip = step.critical ? make("span", { class: "chip critical" }, "critical path") : "";
  const others = (keys) => list(keys.map((key) => steps.get(key)).filter(Boolean).map(stepItem));
  return [
    head(step.position ? `Step ${step.position}` : "Step", make("h2", { class: "code" }, step.text), chip, stepLines(step)),
    facts(step.facts ?? []),
    step.nodes.length ? section("Belongs to", list(step.nodes.map((key) => chooser(key, labelOf(key), "name")))) : "",
    step.inputs.length ? section("Waits for", others(step.inputs)) : "",
    users.length ? section("Followed by", others(users.map((user) => user.key))) : "",
  ];
}
