// An output that comes alive: <labkit-live data-mark> in a page, and the box that a kernel's model has for it.
//
// The output itself is a still picture, which a saved notebook keeps. Where there is a kernel its model makes
// a box, and the box lies in the shadow of every element of that mark, also of one that an update put there.

function part(tag, kind = "", text = "", attributes = {}) {
  const made = filled(document.createElement(tag), text, attributes);
  if (kind) made.className = kind;
  return made;
}

function filled(made, text, attributes) {
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

const live = (globalThis.labkitLive ??= { boxes: new Map(), places: new Set() });

function join(place) {
  const box = live.boxes.get(place.dataset.mark);
  if (!box || place.shadowRoot?.contains(box.element)) return;
  const shadow = place.shadowRoot ?? place.attachShadow({ mode: "open" });
  const left = box.element.getRootNode().host;  // another view of the output: it shows the still picture again
  // For listeners of the page the target of a key is this element: the mark on it keeps all keys of the box.
  place.setAttribute("data-lm-suppress-shortcuts", "true");
  const kept = remembered(box.element);
  shadow.replaceChildren(box.element);
  left?.shadowRoot.replaceChildren(document.createElement("slot"));
  restore(kept);
  box.moved?.();
  place.addEventListener("keydown", event => {
    event.stopPropagation();
    if (event.key === "Escape" && !event.defaultPrevented) place.closest(".jp-Cell")?.focus();
  });
  place.addEventListener("keydown", goOn, true);
}

/** Shift+Enter goes on to the next cell, with Ctrl or Alt Enter presses nothing; the terminal's line is its own. */
function goOn(event) {
  const held = event.shiftKey || event.ctrlKey || event.altKey;
  if (event.key !== "Enter" || !held || event.composedPath()[0].form) return;
  event.preventDefault();
  event.stopPropagation();
  if (event.shiftKey) event.currentTarget.closest(".jp-Cell")?.nextElementSibling?.focus();
}

/** What is lost when an element is moved: the focus in it, and how far its parts are scrolled. */
function remembered(element) {
  const scrolled = [element, ...element.querySelectorAll("*")].filter(each => each.scrollTop || each.scrollLeft);
  return {
    focus: element.labkitFocus,
    scrolled: scrolled.map(each => [each, each.scrollTop, each.scrollLeft]),
  };
}

function restore({ focus, scrolled }) {
  for (const [each, top, left] of scrolled) Object.assign(each, { scrollTop: top, scrollLeft: left });
  focus?.focus({ preventScroll: true });
}

/** Remember what has the focus in a box. A box that is taken out of the page loses it as if the reader had gone
    elsewhere; whether he has is known when the box is still where it was. */
function watchFocus(element) {
  element.addEventListener("focusin", event => { element.labkitFocus = event.target; });
  element.addEventListener("focusout", event => {
    const root = element.getRootNode();
    setTimeout(() => {
      const stays = element.isConnected && element.getRootNode() === root;
      if (stays && !root.activeElement && element.labkitFocus === event.target) element.labkitFocus = null;
    });
  });
}

if (!customElements.get("labkit-live")) {
  customElements.define("labkit-live", class extends HTMLElement {
    connectedCallback() { live.places.add(this); join(this); }
    disconnectedCallback() {
      live.places.delete(this);
      const others = [...live.places].filter(place => place.dataset.mark === this.dataset.mark);
      if (this.shadowRoot?.contains(live.boxes.get(this.dataset.mark)?.element) && others.length) join(others.at(-1));
    }
  });
}

/** Make a model's box: its root, what tells the kernel, and the line that says, once none hears it, what to do. */
function boxOf(model, kind = "") {
  const element = part("div"), root = part("section", `box ${kind}`, "", { "aria-label": model.get("label") });
  const lost = part("p", "lost", "The kernel was restarted: run the cell again.", { role: "status" });
  lost.hidden = true;
  element.append(part("style", "", model.get("css")), lost, root);
  model.on("comm_live_update", () => { lost.hidden = model.comm_live; });
  const tell = message => { try { model.send(message); } catch { lost.hidden = false; } };
  return { element, root, lost, tell };
}

/** Give the box of a mark to all elements that wait for it; return what takes it away. */
function alive(mark, box) {
  watchFocus(box.element);
  live.boxes.set(mark, box);
  for (const place of live.places) if (place.dataset.mark === mark) join(place);
  return () => { live.boxes.delete(mark); box.end(); };
}
