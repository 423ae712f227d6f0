// The stage's page: the picture, what a tile says when it is opened, and the bar of commands.

export default {
  initialize({ model }) {
    const { element, root, tell } = boxOf(model, "stage");
    const picture = new Picture(model.get("label"), key => tell({ open: key }));
    const opened = part("aside", "opened", "", { "aria-live": "polite" });
    opened.hidden = true;
    const time = timeBar(model, tell);
    const terminal = model.get("typing") ? new Terminal(tell, picture) : null;
    const stage = part("div", "side");
    stage.append(picture.element, opened, time.element);
    root.append(...(terminal ? [terminal.element] : []), stage);
    const goal = model.get("frame").goal ? part("aside", "goal", "", { "aria-live": "polite" }) : null;
    if (goal) stage.before(goal);
    root.classList.toggle("both", !!(terminal || goal));
    if (model.get("offers")?.length) root.prepend(buttonsOf(model, terminal));
    // A picture that is wider than what is left of the page goes below what is beside it.
    const beside = terminal?.element ?? goal;
    const stack = new ResizeObserver(() => root.classList.toggle("stacked", stage.offsetTop > beside.offsetTop + 9));
    if (beside) stack.observe(root);

    const show = first => {
      const frame = model.get("frame"), { scene, said } = frame;
      if (first) picture.draw(scene, true);
      else picture.play(frame);
      root.style.setProperty("--need", `${scene.columns * LEAST + 2 * MARGIN}px`);
      if (said) picture.say(said);
      time.show();
      if (goal) showGoal(goal, frame.goal, tell);
      if (opened.hidden) return;
      if (scene.tiles.some(tile => tile.key === opened.dataset.key)) tell({ open: opened.dataset.key });
      else closeTile(opened, picture);
    };
    model.on("change:frame", () => show(false));
    model.on("msg:custom", message => {
      if (message.opened) openTile(opened, message.opened, picture);
      terminal?.hear(message);
    });
    root.addEventListener("keydown", event => {
      if (event.key !== "Escape" || opened.hidden) return;
      closeTile(opened, picture);
      event.preventDefault();
    });
    show(true);
    return alive(model.get("mark"), { element, moved: () => terminal?.follow(), end: () => picture.end() });
  },

  /** Where an output is a widget's view, as in VS Code, it has a place for the box in it. */
  render({ model, el }) {
    const place = document.createElement("labkit-live");
    place.dataset.mark = model.get("mark");
    el.append(place);
    return () => place.remove();
  },
};

function openTile(panel, { key, title, rows, lines }, picture) {
  const close = part("button", "close", "×", { type: "button", "aria-label": "Close" });
  close.addEventListener("click", () => closeTile(panel, picture));
  const table = part("table");
  for (const [name, value, command] of rows) {
    const row = part("tr");
    row.append(part("th", "", name, { scope: "row" }), part("td", "", value), part("td", "command", command ?? ""));
    table.append(row);
  }
  const fresh = panel.hidden || panel.dataset.key !== key;
  panel.replaceChildren(close, part("h4", "", title), table);
  if (lines.length) panel.append(part("pre", "", lines.join("\n"), { tabindex: "0" }));
  panel.dataset.key = key;
  panel.hidden = false;
  if (fresh) panel.scrollIntoView({ block: "nearest" });
}

function closeTile(panel, picture) {
  panel.hidden = true;
  const tile = picture.tiles.get(panel.dataset.key);
  if (tile) picture.focus(tile);
}

/** The bar of the commands that were given, which leads back and forward. */
function timeBar(model, tell) {
  const element = part("div", "time", "", { role: "group", "aria-label": "Time" });
  const button = (words, label, to) => {
    const made = part("button", "", words, { type: "button", "aria-label": label, title: label });
    made.addEventListener("click", () => tell({ time: to() }));
    element.append(made);
    return made;
  };
  const at = () => model.get("frame").at, last = () => model.get("frame").past.length;
  const back = button("◀", "Back one command", () => at() - 1);
  const range = part("input", "", "", { type: "range", min: "0", "aria-label": "Commands" });
  range.addEventListener("change", () => tell({ time: Number(range.value) }));
  element.append(range);
  const forward = button("▶", "Forward one command", () => at() + 1);
  const words = part("output");
  element.append(words);
  const show = () => {
    const { past, at: now } = model.get("frame");
    element.hidden = !past.length;
    Object.assign(range, { max: String(past.length), value: String(now) });
    range.setAttribute("aria-valuetext", now ? past[now - 1] : "the beginning");
    [back.disabled, forward.disabled] = [now === 0, now === last()];
    words.textContent = `${now} of ${past.length}: ${now ? past[now - 1] : "the beginning"}`;
  };
  return { element, show };
}
