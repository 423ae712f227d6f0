// The walkthrough's page: shows what the kernel wrote, and tells it what was pressed.
// Keys count where the focus is inside; Tab and Escape leave. JupyterLab's own shortcuts rest meanwhile.

const KEYS = {
  ArrowRight: "next", ArrowLeft: "back", PageDown: "forward", PageUp: "backward",
  " ": "forward", Enter: "forward", Backspace: "backward",
  a: "answer", n: "talk", r: "reset", R: "start_over",
};

function make(tag, kind, text, attributes = {}) {
  const made = document.createElement(tag);
  if (kind) made.className = kind;
  if (text) made.textContent = text;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

// A picture as high as wide, or higher, keeps its width, and its place scrolls: the topmost layers are seen first.
async function fit(image) {
  await image.decode().catch(() => {});
  if (image.naturalHeight < 0.9 * image.naturalWidth) return;
  image.parentElement.classList.add("labkit-tall");
  image.closest(".labkit-stage").setAttribute("tabindex", "0");
}

function clock(button) {
  let started = 0, before = 0;
  const seconds = () => Math.floor((before + (started ? Date.now() - started : 0)) / 1000);
  const show = () => {
    const whole = seconds();
    const time = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
    button.textContent = `${started ? "❚❚" : "▶"} ${time}`;
    button.setAttribute("aria-label", `${started ? "Pause" : "Start"} the clock, now ${time}`);
  };
  const timer = setInterval(() => { if (started) show(); }, 500);
  show();
  return {
    toggle() {
      if (started) { before += Date.now() - started; started = 0; } else { started = Date.now(); }
      show();
    },
    zero() { before = 0; if (started) started = Date.now(); show(); },
    stop() { clearInterval(timer); },
  };
}

function initialize({ model }) {
  const el = document.createElement("div"), style = make("style", "", model.get("css"));
  const root = make("section", "labkit-walkthrough", "", {
    tabindex: "0", "aria-label": "Walkthrough",
  });
  const heading = make("h2");
  const said = make("p", "labkit-said", "", { role: "status" });
  const select = make("select", "", "", { "aria-label": "Jump to a slide" });
  model.get("titles").forEach((title, n) => select.append(make("option", "", title, { value: String(n) })));
  const watch = make("button", "labkit-clock", "", { type: "button", title: "Start or pause the clock (C)" });
  const time = clock(watch);
  const header = make("header");
  header.append(heading, select, watch);
  const main = make("div", "labkit-slide");
  const footer = make("footer", "", "", { role: "group", "aria-label": "Controls" });
  root.append(header, main, footer, said);
  el.append(style, root);

  const send = (name, to) => {
    if (name === "start_over") time.zero();
    model.send({ do: name, to });
  };
  const button = (words, name, hint, kind = "") => {
    const made = make("button", kind, words, { type: "button", title: hint });
    made.addEventListener("click", () => (typeof name === "string" ? send(name) : name()));
    footer.append(made);
    return made;
  };
  const screen = () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen?.());
  button("◀ Back", "back", "The slide before (Left)");
  const run = button("Run", "run", "Run the next step (Space, Page Down)", "labkit-main");
  const answer = button("Answer", "answer", "Reveal or hide the answer (A)");
  button("Next ▶", "next", "The next slide (Right)");
  const notes = button("Notes", "talk", "Show or hide the speaker's notes (N)");
  button("Reset slide", "reset", "Begin this slide again (R)");
  button("Start over", "start_over", "Begin at the first slide again (Shift+R)");
  button("Full screen", screen, "Fill the screen (F); Escape leaves");
  watch.addEventListener("click", time.toggle);
  select.addEventListener("change", () => { send("jump", Number(select.value)); root.focus(); });

  const show = () => {
    const facts = model.get("facts"), titles = model.get("titles");
    const left = facts.steps - facts.place;
    heading.textContent = titles[facts.slide];
    select.value = String(facts.slide);
    run.textContent = left ? `Run ${facts.place + 1} of ${facts.steps}` : `Run: all ${facts.steps} done`;
    run.setAttribute("aria-disabled", String(!left));
    answer.setAttribute("aria-pressed", String(facts.revealed));
    notes.setAttribute("aria-pressed", String(facts.notes));
    main.innerHTML = model.get("slide_html");
    for (const image of main.querySelectorAll(".labkit-picture img")) fit(image);
    said.textContent =
      `Slide ${facts.slide + 1} of ${titles.length}, step ${facts.place} of ${facts.steps}` +
      (facts.revealed ? ", answer revealed" : "");
    root.dataset.at = `${facts.slide}-${facts.place}-${facts.revealed}-${facts.notes}`;
  };
  model.on("change:facts", show);
  show();

  const keys = event => {
    event.stopPropagation();
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target, letter = event.key.length === 1;  // with Caps Lock on as without
    const key = !letter ? event.key : event.shiftKey ? event.key.toUpperCase() : event.key.toLowerCase();
    if (key === "Escape") {
      if (document.fullscreenElement) return;
      const cell = root.getRootNode().host?.closest(".jp-Cell, .jp-Notebook");
      if (cell) { cell.setAttribute("tabindex", cell.getAttribute("tabindex") ?? "-1"); cell.focus(); }
      root.getRootNode().activeElement?.blur();
      return;
    }
    if (target.closest("select, input, textarea")) return;
    if ((key === " " || key === "Enter") && target.closest("button, summary")) return;
    if (key.startsWith("Arrow") && target.scrollWidth > target.clientWidth && target.tagName === "PRE") return;
    if (key === "f") screen();
    else if (key === "c") time.toggle();
    else if (key === "Home") send("jump", 0);
    else if (key === "End") send("jump", model.get("titles").length - 1);
    else if (key === " " && event.shiftKey) send("backward");
    else if (key in KEYS) send(KEYS[key]);
    else return;
    event.preventDefault();
  };
  root.addEventListener("keydown", keys);
  return alive(model.get("mark"), { element: el, end() { time.stop(); model.off("change:facts", show); } });
}

export default { initialize };
