// Pans and zooms a drawing by its view box.

const MAX_SCALE = 4;
const MIN_TEXT = 12.2; // pixels; text of what was searched for is at least as large
const FIT_AT_MOST = 1.5; // pixels per point, so that a small graph does not fill the window

const sizeOf = ({ viewBox: { baseVal: box } }) => ({ x: box.x, y: box.y, width: box.width, height: box.height });

/** Makes `svg` pan and zoom inside `canvas`; returns the functions for buttons and keys. */
function startPanning(svg, canvas) {
  const sizes = new Map([[svg, sizeOf(svg)]]);
  let whole = sizes.get(svg);
  const view = { x: 0, y: 0, scale: 1, fitted: true }; // fitted: until the user moves it

  function show() {
    svg.setAttribute("viewBox", [view.x, view.y, canvas.clientWidth / view.scale, canvas.clientHeight / view.scale].join(" "));
    canvas.classList.toggle("near", view.scale > fitScale() * 1.01);
  }
  function fitScale() {
    return Math.min(canvas.clientWidth / whole.width, canvas.clientHeight / whole.height, FIT_AT_MOST);
  }
  function fit() {
    view.scale = fitScale();
    centre(whole.x + whole.width / 2, whole.y + whole.height / 2);
    view.fitted = true;
  }
  function centre(middleX, middleY) {
    view.x = middleX - canvas.clientWidth / view.scale / 2;
    view.y = middleY - canvas.clientHeight / view.scale / 2;
    view.fitted = false;
    show();
  }
  function zoom(factor, left = canvas.clientWidth / 2, top = canvas.clientHeight / 2) {
    const scale = Math.min(MAX_SCALE, Math.max(fitScale() / 2, view.scale * factor));
    view.x += left / view.scale - left / scale;
    view.y += top / view.scale - top / scale;
    view.scale = scale;
    view.fitted = false;
    show();
  }
  function move(byX, byY) {
    view.x -= byX / view.scale;
    view.y -= byY / view.scale;
    view.fitted = false;
    show();
  }
  /** The height of the canvas that the sheet of details does not cover on a narrow screen. */
  function freeHeight() {
    const { top, height } = canvas.getBoundingClientRect();
    const panel = byId("panel");
    return getComputedStyle(panel).position === "fixed" ? Math.max(80, Math.min(height, panel.getBoundingClientRect().top - top)) : height;
  }
  /** Centres the view on `box` (in points) unless it is visible already, and zooms in until text of `size` points is legible. */
  function reveal(box, size = 0) {
    const legible = size ? Math.min(MAX_SCALE, MIN_TEXT / size) : 0;
    const left = (box.x - view.x) * view.scale;
    const top = (box.y - view.y) * view.scale;
    const [right, bottom] = [left + box.width * view.scale, top + box.height * view.scale];
    if (view.scale >= legible && left >= 0 && top >= 0 && right <= canvas.clientWidth && bottom <= freeHeight()) return;
    view.scale = Math.max(view.scale, legible);
    centre(box.x + box.width / 2, box.y + box.height / 2 + (canvas.clientHeight - freeHeight()) / 2 / view.scale);
  }
  /** Fits `box` (in points). */
  function frame(box) {
    view.scale = Math.min((canvas.clientWidth - 32) / box.width, (freeHeight() - 32) / box.height, FIT_AT_MOST);
    centre(box.x + box.width / 2, box.y + box.height / 2 + (canvas.clientHeight - freeHeight()) / 2 / view.scale);
  }
  /** Shows another drawing, as a whole. */
  function replace(other) {
    svg = other;
    if (!sizes.has(other)) sizes.set(other, sizeOf(other));
    whole = sizes.get(other);
    fit();
  }
  /** Shows the view `wanted`, as `state` returned it. */
  function restore(wanted) {
    Object.assign(view, wanted);
    if (view.fitted) fit();
    else show();
  }
  new ResizeObserver(() => restore(view)).observe(canvas);
  fit();
  const panning = { fit, zoom, move, reveal, frame, replace, restore, state: () => ({ ...view }) };
  listenToPointers(canvas, panning);
  listenToWheel(canvas, panning);
  return panning;
}

/** Pans with one finger or the mouse, zooms with two fingers. */
function listenToPointers(canvas, panning) {
  const fingers = new Map();
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button === 0) fingers.set(event.pointerId, event);
  });
  addEventListener("pointermove", (event) => {
    const before = fingers.get(event.pointerId);
    if (!before) return;
    if (fingers.size === 2) pinch(fingers, event, canvas, panning);
    else panning.move(event.clientX - before.clientX, event.clientY - before.clientY);
    canvas.classList.add("moving");
    fingers.set(event.pointerId, event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    addEventListener(name, (event) => {
      fingers.delete(event.pointerId);
      // After the click that ends the move, so that the click selects nothing.
      setTimeout(() => canvas.classList.remove("moving"));
    });
  }
}

function pinch(fingers, event, canvas, panning) {
  const [other] = [...fingers.values()].filter((finger) => finger.pointerId !== event.pointerId);
  const before = fingers.get(event.pointerId);
  const distance = (finger) => Math.hypot(finger.clientX - other.clientX, finger.clientY - other.clientY);
  const frame = canvas.getBoundingClientRect();
  const middleX = (event.clientX + other.clientX) / 2 - frame.left;
  const middleY = (event.clientY + other.clientY) / 2 - frame.top;
  panning.zoom(distance(event) / Math.max(1, distance(before)), middleX, middleY);
}

/** Zooms with the wheel; if the page itself scrolls, only with Ctrl or Command. */
function listenToWheel(canvas, panning) {
  const pageScrolls = () => document.documentElement.scrollHeight > innerHeight + 1;
  const zoom = (event) => {
    if (!event.ctrlKey && !event.metaKey && pageScrolls()) return;
    event.preventDefault();
    const frame = canvas.getBoundingClientRect();
    const amount = event.deltaY * (event.deltaMode ? 16 : 1);
    panning.zoom(Math.exp(-amount / 400), event.clientX - frame.left, event.clientY - frame.top);
  };
  canvas.addEventListener("wheel", zoom, { passive: false });
}
