// The stage's picture: a tile for each box of a scene, known by its key, that moves to where it belongs.
//
// All tiles lie in one flat group, so that one that has the focus never changes its parent and so never loses
// it. What stands where is the scene's; this turns columns and rows into pixels, as still.py does.

const ROW = 30, HEIGHT = 26, MARGIN = 12, HEAD = 24, BLOB = 110, LEAST = 148, MOST = 420, MOVE = 450, MANY = 250;
const SHELVES = { blob: "Registry (compressed)", cache: "Local cache and containers (unpacked)", volume: "Volumes" };
const SVG = "http://www.w3.org/2000/svg";
const STATUS = { running: "●", created: "◌", exited: "○" };

const shape = (tag, attributes = {}, text = "") => filled(document.createElementNS(SVG, tag), text, attributes);
const kindOf = key => key.slice(0, key.indexOf(":"));
const shelfOf = key => ({ blob: "blob", volume: "volume" })[kindOf(key)] ?? "cache";
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Where each tile of a scene is, in a width: its place by key, the shelves' headings, the size of it all. */
function layout(scene, width, most) {
  const room = width - 2 * MARGIN, heads = [], places = new Map();
  const column = Math.min(Math.max(room / Math.max(scene.columns, 1), LEAST), most);
  let top = 0;
  const line = (kind, wide) => {
    const tiles = scene.tiles.filter(tile => shelfOf(tile.key) === kind);
    if (!tiles.length) return;
    const across = Math.max(1, Math.floor(room / wide));
    heads.push({ kind, y: top });
    tiles.forEach((tile, n) => places.set(tile.key, {
      x: MARGIN + (n % across) * wide, y: top + HEAD + Math.floor(n / across) * ROW, width: wide - 4,
    }));
    top += HEAD + Math.ceil(tiles.length / across) * ROW + 8;
  };
  const half = Math.ceil(scene.tiles.filter(tile => kindOf(tile.key) === "blob").length / 2);
  line("blob", Math.min(BLOB, Math.max(room / half, 48)));  // in two rows: the cache is below them
  heads.push({ kind: "cache", y: top });
  top += HEAD + scene.rows * ROW;
  for (const tile of scene.tiles.filter(each => shelfOf(each.key) === "cache")) {
    places.set(tile.key, {
      x: MARGIN + tile.column * column, y: top - (tile.row + 1) * ROW, width: tile.span * column - 4,
    });
  }
  top += scene.columns ? 8 : ROW;
  line("volume", 220);
  const right = Math.max(0, ...[...places.values()].map(place => place.x + place.width));
  return { places, heads, width: Math.max(width, right + MARGIN), height: top + 4 };
}

const pen = document.createElement("canvas").getContext("2d");

/** Cut a text to a number of pixels in a font; give it with its width. */
function cut(text, pixels, font) {
  pen.font = font;
  const wide = words => pen.measureText(words).width;
  if (wide(text) <= pixels) return [text, wide(text)];
  let least = 0, most = text.length;
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (wide(`${text.slice(0, middle)}…`) <= pixels) least = middle;
    else most = middle - 1;
  }
  const kept = least ? `${text.slice(0, least)}…` : "";
  return [kept, wide(kept)];
}

export class Picture {
  /** `open(key)` is called for a tile that is pressed; `label` names the picture, `most` is a column's width. */
  constructor(label, open, most = MOST) {
    Object.assign(this, { open, most });
    this.scene = { tiles: [], columns: 0, rows: 0 };
    this.tiles = new Map();
    this.moving = new WeakMap();
    this.element = part("div", "picture");
    this.svg = shape("svg", { role: "group", "aria-label": label });
    this.heads = shape("g", { "aria-hidden": "true" });
    this.group = shape("g");
    this.svg.append(this.heads, this.group);
    this.empty = part("p", "empty", "Nothing is here yet. Try: docker pull nginx");
    this.element.append(this.empty, this.svg);
    this.said = part("div", "said", "", { role: "status" });
    this.element.append(this.said);
    this.group.addEventListener("click", event => this.press(event.target.closest("[data-key]")));
    this.group.addEventListener("keydown", event => this.key(event));
    this.sized = new ResizeObserver(() => this.draw(this.scene, true));
    this.sized.observe(this.element);
  }

  press(tile) {
    if (!tile) return;
    this.focus(tile);
    this.open(tile.dataset.key);
  }

  focus(tile) {
    for (const each of this.tiles.values()) each.setAttribute("tabindex", each === tile ? "0" : "-1");
    tile.focus({ preventScroll: true });
    tile.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  key(event) {
    const from = event.target.closest("[data-key]");
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" || event.key === " ") this.press(from);
    else if (event.key.startsWith("Arrow")) this.walk(from.dataset.key, event.key);
    else return;
    event.preventDefault();
  }

  /** Go to the nearest tile in a direction. */
  walk(key, arrow) {
    const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[arrow];
    const here = this.at.places.get(key), middle = here.x + here.width / 2;
    let best = null, least = Infinity;
    for (const [other, place] of this.at.places) {
      if (other === key) continue;
      // From a wide tile up or down: the one whose edge is over it is as near as the one over its middle.
      const across = Math.max(0, place.x - middle, middle - place.x - place.width);
      const far = dx ? dx * (place.x + place.width / 2 - middle) : dy * (place.y - here.y);
      const aside = dx ? Math.abs(place.y - here.y) : across;
      if (far > 1 && far + 4 * aside < least) [best, least] = [other, far + 4 * aside];
    }
    if (best) this.focus(this.tiles.get(best));
  }

  /** Show a scene; what moves and is not new goes there from where it is, also from mid-motion. */
  draw(scene, atOnce = false) {
    const width = this.element.clientWidth;
    if (!width) { this.scene = scene; return; }
    // Asked once: each time the page is laid out for the answer. What is more than many nobody can follow.
    atOnce ||= still() || scene.tiles.length > MANY;
    this.fonts = ["ui", "code"].map(kind => getComputedStyle(this.element).getPropertyValue(`--${kind}`));
    const before = this.at?.places ?? new Map();
    this.scene = scene;
    this.at = layout(scene, width, this.most);
    this.empty.hidden = scene.tiles.length > 0;
    this.svg.style.display = scene.tiles.length ? "" : "none";
    for (const name of ["width", "height"]) this.svg.setAttribute(name, this.at[name]);
    this.heads.replaceChildren(...this.at.heads.map(head =>
      shape("text", { x: MARGIN, y: head.y + 16, class: "head" }, SHELVES[head.kind])));
    const gone = [...this.tiles.keys()].filter(key => !this.at.places.has(key));
    const known = scene.tiles.filter(tile => this.tiles.has(tile.key));
    // All is read before anything is written: a page that is asked and changed by turns is laid out each time.
    const from = new Map(known.map(tile => [tile.key, this.where(this.tiles.get(tile.key))]));
    this.blobs = new Map(scene.tiles.filter(tile => kindOf(tile.key) === "blob").map(tile => [tile.name, tile.key]));
    const left = gone.find(key => this.tiles.get(key) === this.element.getRootNode().activeElement);
    for (const key of gone) this.leave(key, atOnce);
    let wait = 0;
    for (const tile of scene.tiles) {
      const place = this.at.places.get(tile.key), was = from.get(tile.key);
      const found = this.tiles.get(tile.key) ?? this.make(tile);
      this.fill(found, tile, place);
      if (was) this.move(found, was, place, atOnce);
      else this.arrive(found, tile, place, atOnce ? -1 : 60 * wait++, before);
    }
    const first = this.tiles.values().next().value;
    if (!this.group.querySelector('[tabindex="0"]')) first?.setAttribute("tabindex", "0");
    // A fold's key has that of the first layer in it.
    if (left && first) this.focus(this.tiles.get(left.slice("fold:".length)) ?? first);
  }

  where(tile) {
    const matrix = new DOMMatrix(getComputedStyle(tile).transform);
    return { x: matrix.e, y: matrix.f };
  }

  make(tile) {
    const made = shape("g", { role: "button", tabindex: "-1", "data-key": tile.key, class: `tile ${kindOf(tile.key)}` });
    made.append(shape("rect", { rx: 5, height: HEIGHT, class: "body" }), shape("rect", { rx: 5, class: "bar" }));
    for (const name of ["mark", "name", "note", "size"]) made.append(shape("text", { y: 17.5, class: name }));
    this.tiles.set(tile.key, made);
    this.group.append(made);
    return made;
  }

  /** Write what a tile says, as far as there is room, and what it says to a screen reader. */
  fill(found, tile, place) {
    const shown = JSON.stringify([tile, place.width]);
    if (found.shown === shown) return;
    found.shown = shown;
    const kind = kindOf(tile.key), [body, , mark, name, note, size] = found.children;
    found.setAttribute("class", `tile ${kind} ${kind === "file" ? `mark${tile.mark}` : tile.mark}`);
    found.setAttribute("aria-label", tile.label);
    body.setAttribute("width", Math.max(place.width, 8));
    mark.textContent = kind === "container" ? STATUS[tile.mark] ?? "" : kind === "file" ? tile.mark : "";
    mark.setAttribute("x", 8);
    const start = mark.textContent ? 24 : 8;
    size.textContent = tile.words;
    size.setAttribute("x", place.width - 8);
    const bold = kind === "image" || kind === "container" || kind === "volume";
    const [, taken] = cut(tile.words, place.width, `11px ${this.fonts[0]}`), whole = place.width - start - 8;
    const font = bold ? `600 12px ${this.fonts[0]}` : `12px ${this.fonts[1]}`;
    let room = whole - (tile.words ? taken + 8 : 0), [text, wide] = cut(tile.name, room, font);
    if (kind === "image" && text !== tile.name) {  // its name is worth more than its size
      [text, wide] = cut(tile.name, room = whole, font);
      size.textContent = "";
    }
    name.textContent = text;
    name.setAttribute("x", start);
    const left = room - wide - 8;
    note.textContent = left > 40 ? cut(tile.note, left, `11px ${this.fonts[0]}`)[0] : "";
    note.setAttribute("x", start + wide + 8);
  }

  put(found, place) {
    found.style.transform = `translate(${place.x}px, ${place.y}px)`;
  }

  move(found, from, place, atOnce) {
    if (found.at?.x === place.x && found.at?.y === place.y) return;
    found.at = place;
    this.moving.get(found)?.cancel();
    this.put(found, place);
    if (!atOnce) this.run(found, from, place, 0);
  }

  run(found, from, place, delay, more = {}) {
    const at = ({ x, y }) => `translate(${x}px, ${y}px)`;
    const steps = [{ transform: at(from), ...more }, { transform: at(place) }];
    const running = found.animate(steps, { duration: MOVE, delay, easing: "ease-in-out", fill: "backwards" });
    running.finished.catch(() => {});
    this.moving.set(found, running);
  }

  /** A layer comes from the registry or from its container, a file from the layer that has it. */
  arrive(found, tile, place, delay, before) {
    found.at = place;
    this.put(found, place);
    if (delay < 0) return;
    const blob = kindOf(tile.key) === "layer" && this.at.places.get(this.blobs.get(tile.name));
    const origin = this.at.places.get(tile.origin) ?? before.get(tile.origin)
      ?? (blob || null);
    const from = origin ?? { x: place.x, y: place.y - 24 };
    this.run(found, from, place, Math.min(delay, 900), { opacity: origin ? 1 : 0 });
    if (kindOf(tile.key) === "file" && tile.mark === "D") this.flash(tile.origin, "hides");
  }

  leave(key, atOnce) {
    const tile = this.tiles.get(key);
    this.tiles.delete(key);
    tile.removeAttribute("data-key");
    tile.removeAttribute("tabindex");
    tile.setAttribute("aria-hidden", "true");
    this.moving.get(tile)?.cancel();
    if (atOnce) { tile.remove(); return; }
    const { x, y } = tile.at;
    const steps = [{ opacity: 1 }, { opacity: 0, transform: `translate(${x}px, ${y + 24}px)` }];
    tile.animate(steps, { duration: MOVE / 1.5, fill: "forwards" }).finished.finally(() => tile.remove()).catch(() => {});
  }

  flash(key, kind) {
    const tile = this.tiles.get(key);
    if (!tile || still()) return;
    tile.classList.remove(kind);
    requestAnimationFrame(() => tile.classList.add(kind));
    setTimeout(() => tile.classList.remove(kind), 1200);
  }

  /** Show a scene as a transfer or a build leads to it: its events [seconds, layer, state, bytes, of so many],
      and the keys of the tiles that each layer's are about. */
  play({ scene, events, keys }) {
    this.stop();
    const fresh = new Set(scene.tiles.filter(tile => !this.tiles.has(tile.key)).map(tile => tile.key));
    this.draw(scene);
    if (!events.length || still() || !this.at || !this.element.clientWidth) return;
    Object.assign(this, { events, keys });
    // What is new is there when the last event about it has come; what is made or sent is not seen before.
    this.ends = new Map();
    for (const event of events) for (const key of keys[event[1]] ?? []) this.ends.set(key, event);
    const made = key => kindOf(key) === "blob" || (this.ends.get(key) ?? events.at(-1))[2] === "Built";
    this.ghosts = [...fresh].filter(key => this.ends.has(key) || ["layer", "image"].includes(kindOf(key)));
    for (const key of this.ghosts) this.tiles.get(key).classList.add(made(key) ? "unseen" : "ghost");
    const last = events.at(-1)[0] || 1;
    const pace = Math.min(3000, Math.max(400 * last, 250 * this.ends.size)) / last, began = performance.now();
    this.happened = 0;
    const step = now => {
      while (this.happened < events.length && events[this.happened][0] * pace <= now - began) {
        const event = events[this.happened++];
        this.seen?.(event);
        this.happen(event);
      }
      if (this.happened < events.length) this.playing = requestAnimationFrame(step);
      else this.stop();
    };
    this.playing = requestAnimationFrame(step);
    this.element.setAttribute("aria-busy", "true");
  }

  /** End the playing: the scene is what it leads to. */
  stop() {
    cancelAnimationFrame(this.playing);
    const over = this.playing ? this.over : null;
    this.playing = 0;
    this.element.setAttribute("aria-busy", "false");
    this.seen = this.over = null;
    over?.();
    for (const key of this.ghosts ?? []) this.solid(key);
    this.ghosts = [];
  }

  /** A tile is there: a blob comes from its layer, `from`. */
  solid(key, from) {
    const found = this.tiles.get(key);
    if (!found) return;
    if (found.classList.contains("unseen")) {
      const tile = this.scene.tiles.find(each => each.key === key);
      this.arrive(found, { ...tile, origin: tile.origin || from }, found.at, 0, new Map());
    }
    found.classList.remove("ghost", "unseen");
    found.querySelector(".bar").setAttribute("width", 0);
  }

  happen(event) {
    const [, layer, state, current, total] = event, keys = this.keys[layer] ?? [];
    for (const key of keys) {
      const found = this.tiles.get(key);
      if (!found) continue;
      if (/lready exists|^Mounted from|^Using cache|^Saved/.test(state)) this.flash(key, "exists");
      const sent = state === "Pushing" && kindOf(key) === "layer";
      if (sent || (found.classList.contains("ghost") && /^(Downloading|Extracting|Loading)/.test(state))) {
        const bar = found.querySelector(".bar"), whole = state === "Extracting", share = total ? current / total : 1;
        bar.setAttribute("width", Math.max(2, share * found.querySelector(".body").getAttribute("width")));
        bar.setAttribute("height", whole ? HEIGHT : 6);
        bar.setAttribute("y", whole ? 0 : HEIGHT - 6);
      }
      if (this.ends.get(key) === event) this.solid(key, keys[0]);
    }
  }

  /** Say in words what changed, once a burst is over. */
  say(words) {
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.said.textContent = words; }, 400);
  }

  end() {
    this.stop();
    this.sized.disconnect();
  }
}
