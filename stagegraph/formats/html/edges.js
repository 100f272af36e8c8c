// The arrows: each tells the instructions that make it, under the pointer, focused or selected.

const MOST_IN_TIP = 6;

/** The instructions that make an arrow: text and lines. */
function reasonsOf(arrow) {
  const target = shown.byId.get(arrow.target).key;
  const direct = shown.edges.get(`${arrow.source} ${arrow.target} ${arrow.kind}`);
  return direct ?? reasonsOfSteps(shown.byId.get(arrow.source).key, target);
}

/** Between steps: the edge of the same line, the FROM of another stage, or the instruction of the later step. */
function reasonsOfSteps(source, target) {
  const step = steps.get(target);
  if (!step) return [];
  const before = new Set(steps.get(source)?.nodes ?? [source]);
  const between = step.nodes.flatMap((node) => (edgesInto.get(node) ?? []).filter((edge) => before.has(edge.source)));
  const same = between.filter((edge) => edge.line >= step.line && edge.line <= (step.end ?? step.line));
  if (same.length) return same;
  const bases = between.filter((edge) => edge.kind === "from");
  return bases.length ? bases : [{ text: step.text, line: step.line, end: step.end }];
}

const lineText = ({ line, end }) => (line ? `, line${end && end !== line ? `s ${line}–${end}` : ` ${line}`}` : "");

/** "COPY /app → /, line 8", for each instruction. */
function reasonTexts(arrow) {
  const texts = reasonsOf(arrow).map((edge) => edge.text + lineText(edge));
  return texts.length ? texts : ["Several edges are drawn as one."];
}

const endsText = (arrow) => `${shown.byId.get(arrow.source).label} → ${shown.byId.get(arrow.target).label}`;

/** Makes an arrow a button with a wider line under the pointer. */
function makeArrowReact(arrow) {
  const { element, labelElement } = arrow;
  for (const title of [element, labelElement].filter(Boolean).map((each) => each.querySelector("title"))) title?.remove();
  fill(element, { role: "button", tabindex: -1, "aria-pressed": "false", "aria-label": `${endsText(arrow)}: ${reasonTexts(arrow).join("; ")}` }, []);
  for (const line of element.querySelectorAll(".line")) {
    const hit = line.cloneNode();
    hit.removeAttribute("stroke-dasharray");
    hit.setAttribute("class", "hit");
    element.append(hit);
  }
}

/** Shows the instructions of the arrow under the pointer, or of the focused one, next to it. */
function startTips(canvas) {
  const tip = canvas.querySelector(".tip");
  const hide = () => {
    tip.hidden = true;
  };
  canvas.addEventListener("pointermove", (event) => {
    const arrow = arrowUnder(event.target);
    if (!arrow || canvas.classList.contains("moving")) return hide();
    showTip(tip, arrow, canvas, event.clientX, event.clientY);
  });
  canvas.addEventListener("pointerleave", hide);
  canvas.addEventListener("focusin", (event) => {
    const arrow = arrowUnder(event.target);
    if (!arrow || !event.target.matches(":focus-visible")) return hide();
    const { left, top, width, height } = event.target.getBoundingClientRect();
    showTip(tip, arrow, canvas, left + width / 2, top + height / 2);
  });
  canvas.addEventListener("focusout", hide);
  on("draw", hide);
}

function arrowUnder(target) {
  const item = shown.byElement.get(target.closest?.(".edge, .label"));
  return item && shown.arrowOf.get(item.key);
}

function showTip(tip, arrow, canvas, clientX, clientY) {
  const texts = reasonTexts(arrow);
  const rest = texts.length - MOST_IN_TIP;
  const lines = texts.slice(0, MOST_IN_TIP).map((text) => make("code", {}, text));
  tip.replaceChildren(make("strong", {}, endsText(arrow)), ...lines, rest > 0 ? make("span", {}, `and ${rest} more`) : "");
  tip.hidden = false;
  const frame = canvas.getBoundingClientRect();
  const left = Math.min(clientX - frame.left + 14, frame.width - tip.offsetWidth - 8);
  const below = clientY - frame.top + 16;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${below + tip.offsetHeight < frame.height ? below : Math.max(8, below - tip.offsetHeight - 28)}px`;
}

/** Moves the focus from a box to its arrows, one after the other; `step` is 1 or -1. */
function focusArrow(from, step) {
  const at = shown.arrowOf.get(shown.byElement.get(document.activeElement)?.key);
  const list = shown.arrows.filter((arrow) => arrow.source === from || arrow.target === from);
  const next = list[(list.indexOf(at) + (at || step > 0 ? step : 0) + list.length) % list.length];
  next?.element.focus({ preventScroll: true });
}
