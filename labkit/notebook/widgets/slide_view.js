// The walkthrough's page: turns the slides that the kernel made when it was opened, and goes on without it.
// Keys count where the focus is inside; Tab and Escape leave. JupyterLab's own shortcuts rest meanwhile.

const LETTERS = "ABCD", ROUNDS = ["before", "after"], FORGOTTEN = 6 * 3600e3, READ_FOR = 6000;
const SIZES = [1.8, 1.6, 1.45, 1.3, 1.2, 1.1, 1.05, 1], SMALL = 0.0031;  // the picture's smallest letters have 11 pixels
const GONE = "The kernel is gone. The slides go on; to type, run the notebook's cell again.";
const KEYS = {
  arrowright: "forward", arrowdown: "down", pagedown: "forward", " ": "forward", enter: "forward",
  arrowleft: "backward", arrowup: "up", pageup: "backward", backspace: "backward",
  n: "after", p: "before", home: "first", end: "last", a: "answer", q: "question", v: "vote", t: "type",
  s: "speak", b: "blank", ".": "blank", f: "fill", c: "clock", r: "reset", u: "undo",
};
const BUTTONS = [
  ["◀ Back", "backward", "One thing back (Page Up)"], ["On ▶", "forward", "One thing on (Page Down, Space)"],
  ["Answer", "answer", "Reveal or hide the answer (A)"], ["Question", "question", "The question, the reasons (Q)"],
  ["Votes", "vote", "The room's votes (V)"], ["Type", "type", "Type on this slide's lab (T)"],
  ["Speaker", "speak", "A window for the speaker (S)"], ["Reset slide", "reset", "Begin this slide again (R)"],
  ["Start over", "over", "Begin at the first slide again (Shift+R)"], ["Full screen", "fill", "Fill the screen (F, F5)"],
];

/** What a slide shows: its question, a step of it, or what it comes to; `cards` asks for the question again. */
function screenOf(deck, votes, { slide, place, revealed }, cards = false) {
  const main = part("div", "labkit-slide"), one = deck[slide];
  const said = !one ? [] : revealed ? (cards ? [] : one.conclusion) : place || cards ? [] : one.sentences;
  const say = part("div", "labkit-say");
  say.append(...said.map(each => part("p", "", seen(each))));
  if (said.length) main.append(say);
  if (!one) main.append(closing(deck));
  else if (cards || revealed || !place) main.append(cardsOf(one, votes[one.id] ?? [], revealed, cards));
  else {
    const stage = part("div", "labkit-stage");
    stage.innerHTML = one.steps[place - 1].html;
    main.append(part("p", "labkit-asked", seen(one.question.prompt)), stage);
  }
  return main;
}

/** A question with its choices as cards, the room's votes in each, and what is to be said of each. */
function cardsOf({ question }, rounds, revealed, reasons) {
  const box = part("div", "labkit-question"), cards = part("ol", "labkit-choices");
  question.choices.forEach((choice, n) => {
    const card = part("li", revealed ? (choice.right ? "labkit-right" : "labkit-wrong") : "");
    card.append(part("b", "", LETTERS[n]), part("span", "", seen(choice.text)));
    if (revealed && (choice.right || reasons)) card.append(part("small", "", seen(choice.reason)));
    rounds.forEach((round, time) => {
      const most = Math.max(1, ...round), bar = part("i", ROUNDS[time], `${round[n]} ${ROUNDS[time]}`);
      bar.style.setProperty("--share", round[n] / most);
      card.append(bar);
    });
    cards.append(card);
  });
  box.append(part("p", "", seen(question.prompt)), cards);
  return box;
}

function closing(deck) {
  const list = part("ol", "labkit-answers");
  for (const { title, question } of deck) {
    const line = part("li", "", `${seen(title)}: `);
    line.append(part("b", "", seen(question.choices.find(each => each.right).text)));
    list.append(line);
  }
  return list;
}

class Talk {
  constructor(model) {
    this.model = model;
    this.deck = model.get("deck");
    const [slide, place, revealed] = model.get("at");
    Object.assign(this, { at: { slide, place, revealed }, left: {}, votes: {}, watch: { before: 0, started: 0, entered: 0 } });
    this.root = part("section", "labkit-walkthrough", "", { tabindex: "0", "aria-label": "Walkthrough" });
    this.element = part("div");
    this.element.append(part("style", "", model.get("css")), this.root);
    this.build();
    this.speaker = new Speaker(this);
    this.picture = new Picture("The stage", () => {});
    this.root.addEventListener("keydown", event => this.key(event));
    this.root.addEventListener("mousemove", event => { if (event.movementX || event.movementY) this.wake(); });
    this.sized = new ResizeObserver(() => this.show());
    this.sized.observe(this.root);
    this.timer = setInterval(() => this.tick(), 500);
    this.remember();
    this.show();
  }

  build() {
    this.heading = part("h2");
    this.list = part("select", "", "", { "aria-label": "Jump to a slide" });
    this.deck.forEach(({ title }, n) => this.list.append(part("option", "", `${n + 1}. ${seen(title)}`, { value: n })));
    this.list.append(part("option", "", "The answers", { value: this.deck.length }));
    this.list.addEventListener("change", () => { this.jump(Number(this.list.value)); this.root.focus(); });
    this.clockFace = part("button", "labkit-clock", "", { type: "button", title: "Start or pause the clock (C)" });
    this.clockFace.addEventListener("click", () => this.do("clock"));
    const header = part("header"), controls = part("footer", "", "", { role: "group", "aria-label": "Controls" });
    header.append(this.heading, this.list, this.clockFace);
    for (const [words, name, hint] of BUTTONS) {
      const made = part("button", name === "forward" ? "labkit-main" : "", words, { type: "button", title: hint });
      made.addEventListener("click", event => { this.do(name); if (event.detail && !this.terminal && !this.ballot) this.root.focus(); });
      controls.append(made);
    }
    this.main = part("div");
    this.told = part("p", "labkit-told", "", { role: "status" });
    this.said = part("p", "labkit-said", "", { role: "status" });
    this.root.append(header, this.main, controls, this.told, this.said);
  }

  /** Go on where this deck was left in this browser, but not days later. */
  remember() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(`labkit-talk-${this.model.get("key")}`)); } catch { /* no storage */ }
    if (!kept || Date.now() - kept.when > FORGOTTEN) return;
    Object.assign(this, { left: kept.left, votes: kept.votes, watch: kept.watch });
    if (this.model.get("chosen") || !this.there(kept.at)) return;
    this.at = kept.at;
    if (!this.at.slide && !this.at.place) return;
    this.say("It goes on where it was left. Shift+R begins at slide 1.");
    this.tell();
  }

  keep() {
    const { at, left, votes, watch } = this, kept = JSON.stringify({ at, left, votes, watch, when: Date.now() });
    try { localStorage.setItem(`labkit-talk-${this.model.get("key")}`, kept); } catch { /* no storage */ }
  }

  there({ slide, place }) {
    return slide >= 0 && slide <= this.deck.length && place <= (this.deck[slide]?.steps.length ?? 0);
  }

  /** Tell the kernel; where there is none the slides go on, and it is said. */
  send(message) {
    try { this.model.send(message); } catch { this.lost(); }
    return !this.gone;
  }

  tell() {
    const { slide, place, revealed } = this.at;
    return this.send({ at: [slide, place, revealed] });
  }

  lost(gone = true) {
    if (gone && !this.gone) this.say(GONE);
    this.gone = gone;
    this.speaker.show();
  }

  say(words) {
    this.told.textContent = words;
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.told.textContent = ""; }, READ_FOR);
  }

  where() {
    const { slide, place, revealed } = this.at, steps = this.deck[slide]?.steps.length;
    if (steps === undefined) return "The answers";
    return `Slide ${slide + 1} of ${this.deck.length}, step ${place} of ${steps}${revealed ? ", answer revealed" : ""}`;
  }

  next({ slide, place, revealed } = this.at) {
    if (slide === this.deck.length) return null;
    if (!revealed && place < this.deck[slide].steps.length) return { slide, place: place + 1, revealed };
    return revealed ? this.left[slide + 1] ?? { slide: slide + 1, place: 0, revealed: false } : { slide, place, revealed: true };
  }

  go(at, played = false) {
    if (!at || !this.there(at)) return;
    if (at.slide !== this.at.slide) {
      this.left[this.at.slide] = this.at;
      this.watch.entered = this.seconds();
    }
    this.at = at;
    this.cards = false;
    this.keep();
    this.show(played);
    this.tell();
  }

  jump(slide) { this.go(this.left[slide] ?? { slide, place: 0, revealed: false }); }

  do(name) {
    const { slide, place, revealed } = this.at;
    ({
      forward: () => {
        if (!this.watch.started && !this.seconds()) this.watch.started = Date.now();
        this.go(this.next(), true);
      },
      backward: () => {
        if (revealed) this.go({ slide, place, revealed: false });
        else if (place) this.go({ slide, place: place - 1, revealed });
        else if (slide) this.jump(slide - 1);
      },
      down: () => this.scroll(1) || this.do("forward"),
      up: () => this.scroll(-1) || this.do("backward"),
      after: () => this.jump(slide + 1),
      before: () => this.jump(slide - 1),
      first: () => this.jump(0),
      last: () => this.jump(this.deck.length),
      answer: () => { if (this.deck[slide]) this.go({ slide, place, revealed: !revealed }); },
      question: () => { this.cards = !this.cards; this.show(); },
      vote: () => this.openBallot(),
      type: () => this.openTerminal(),
      speak: () => this.speaker.open(),
      blank: () => { this.root.classList.toggle("labkit-black"); },
      fill: () => this.fill(),
      clock: () => this.toggleClock(),
      reset: () => this.reset(slide),
      over: () => this.reset(null),
      undo: () => this.undo(),
    })[name]();
  }

  key(event) {
    event.stopPropagation();
    const key = event.key.toLowerCase(), { target } = event;  // with Caps Lock as without
    if (key === "f5") { event.preventDefault(); this.fill(true); return; }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (key === "escape") { if (this.escape()) event.preventDefault(); return; }
    if (this.asking && "ku".includes(key)) { event.preventDefault(); this.closeTerminal(key === "k" ? "keep" : "back"); return; }
    if (target.closest("select, input, textarea")) return;
    if (/^\d$/.test(key)) this.number = `${this.number ?? ""}${key}`.slice(-3);
    else if (key === "enter" && this.number) { this.jump(Number(this.number) - 1); this.number = ""; }
    else if ((key === " " || key === "enter") && target.closest("button, summary")) return;
    else if (!(key in KEYS)) return;
    else { this.number = ""; this.do(this.shifted(key, event.shiftKey)); }
    if (this.number) this.say(`Slide ${this.number}: Enter goes there`);
    event.preventDefault();
  }

  shifted(key, shift) {
    const others = { r: "over", " ": "backward", arrowright: "after", arrowleft: "before" };
    return (shift && others[key]) || KEYS[key];
  }

  /** Close what is open, the last first; then leave the screen, or the slide. */
  escape() {
    if (this.root.classList.contains("labkit-black")) this.do("blank");
    else if (this.asking) { this.asking = false; this.say(""); this.terminal.input.focus(); }
    else if (this.terminal) this.leaveTerminal();
    else if (this.ballot) this.closeBallot();
    else if (this.cards) this.do("question");
    else if (document.fullscreenElement) document.exitFullscreen();
    else {
      this.root.getRootNode().host?.closest(".jp-Cell, .jp-Notebook")?.focus();
      this.root.getRootNode().activeElement?.blur();
      return false;
    }
    return true;
  }

  scroll(way) {
    const stage = this.main.querySelector(".labkit-stage, .labkit-question, .labkit-answers"), before = stage?.scrollTop;
    stage?.scrollBy(0, way * stage.clientHeight * 0.7);
    return stage && stage.scrollTop !== before;
  }

  /** Fill the screen. With the keyboard's lock Escape leaves a prompt, and not the screen at once. */
  async fill(only = false) {
    if (document.fullscreenElement) { if (!only) document.exitFullscreen(); return; }
    await this.root.requestFullscreen?.().catch(() => this.say("The browser did not fill the screen: press F."));
    this.root.focus();
    navigator.keyboard?.lock?.(["Escape", "F5"]).catch(() => {});
  }

  wake() {
    this.root.classList.add("labkit-awake");
    clearTimeout(this.waking);
    this.waking = setTimeout(() => this.root.classList.remove("labkit-awake"), 2500);
  }

  reset(slide) {
    this.undone = { deck: this.deck, kept: JSON.stringify([this.at, this.left, this.watch]) };
    if (slide === null) Object.assign(this, { left: {}, watch: { before: 0, started: 0, entered: 0 } });
    this.at = { slide: slide ?? 0, place: 0, revealed: false };
    this.go(this.at);
    this.send({ reset: slide });
    this.say(`${slide === null ? "It begins at slide 1 again" : "This slide begins again"}, in a fresh lab. U takes that back.`);
  }

  undo() {
    if (!this.undone) return;
    const [at, left, watch] = JSON.parse(this.undone.kept);
    Object.assign(this, { deck: this.undone.deck, left, watch, undone: null });
    this.send({ unreset: true });
    this.go(at);
    this.say("It is as it was.");
  }

  openBallot() {
    if (!this.deck[this.at.slide] || this.ballot) return;
    this.cards = this.at.place > 0 && !this.at.revealed;
    this.show();
    const words = "Votes for A B C D, as 12 5 3 0, then Enter:", label = part("label", "labkit-ballot", words);
    this.ballot = part("input", "", "", { inputmode: "numeric", autocomplete: "off" });
    this.ballot.addEventListener("keydown", event => {
      if (event.key !== "Enter") return;
      this.count(this.ballot.value.match(/\d+/g) ?? []);
      this.closeBallot();
      event.preventDefault();
    });
    label.append(this.ballot);
    this.root.append(label);
    this.ballot.focus();
  }

  /** Take a vote: the first is before the discussion, the next after it; an empty one takes the last back. */
  count(numbers) {
    const { id, question } = this.deck[this.at.slide], rounds = this.votes[id] ?? [];
    const round = question.choices.map((_, n) => Number(numbers[n] ?? 0));
    this.votes[id] = numbers.length ? [...rounds.slice(0, 1), round] : rounds.slice(0, -1);
    this.keep();
  }

  closeBallot() {
    this.ballot.parentElement.remove();
    this.ballot = null;
    this.root.focus();
    this.show();
  }

  openTerminal() {
    if (!this.deck[this.at.slide] || this.terminal) return;
    if (!this.send({ type: "begin" })) { this.say(GONE); return; }
    this.wrote = false;
    this.terminal = new Terminal(message => {
      this.wrote ||= "line" in message;
      if (!message.hello) this.send({ type: message });
    }, this.picture);
    this.picture.element.style.zoom = SMALL * this.root.clientHeight;
    this.picture.draw({ tiles: [], columns: 0, rows: 0 }, true);
    const both = part("div", "labkit-typing");
    both.append(this.terminal.element, this.picture.element);
    this.main.replaceChildren(both);
    this.terminal.input.focus();
  }

  leaveTerminal() {
    if (!this.wrote) { this.closeTerminal("back"); return; }
    this.asking = true;
    this.root.focus();
    this.say("Keep what was typed for the steps to come? K keeps it, U takes it back.");
    clearTimeout(this.saying);
  }

  closeTerminal(what) {
    this.picture.stop();
    Object.assign(this, { terminal: null, asking: false });
    this.send({ typed: what });
    this.say("");
    this.root.focus();
    this.show();
  }

  seconds() { return (this.watch.before + (this.watch.started ? Date.now() - this.watch.started : 0)) / 1000; }

  time() {
    const seconds = this.seconds(), here = seconds - this.watch.entered, sum = (whole, each) => whole + each.minutes;
    return { seconds, here, planned: 60 * (this.deck[this.at.slide]?.minutes ?? 3), whole: this.deck.reduce(sum, 0) };
  }

  toggleClock() {
    const { watch } = this;
    this.watch = watch.started ? { ...watch, before: 1000 * this.seconds(), started: 0 } : { ...watch, started: Date.now() };
    this.keep();
    this.tick();
  }

  tick() {
    const time = minutes(this.seconds()), runs = this.watch.started;
    this.clockFace.textContent = `${runs ? "❚❚" : "▶"} ${time}`;
    this.clockFace.setAttribute("aria-label", `${runs ? "Pause" : "Start"} the clock, now ${time}`);
    this.speaker.tick();
    if (this.gone && !this.element.isConnected) clearInterval(this.timer);
  }

  show(played = false) {
    if (this.terminal) return;
    const { slide, place, revealed } = this.at, one = this.deck[slide], frame = one?.steps[place - 1]?.frame;
    this.heading.textContent = one ? `${slide + 1}. ${seen(one.title)}` : "The answers";
    this.list.value = String(slide);
    this.picture.stop();
    const made = screenOf(this.deck, this.votes, this.at, this.cards);
    this.main.replaceChildren(made);
    const stage = made.querySelector(".labkit-stage");
    this.root.dataset.dark = String(isDark(getComputedStyle(this.root).color));
    if (frame && stage) stage.replaceChildren(this.picture.element);
    this.grow(made, stage ? frame : null);
    if (frame && stage) {
      this.picture.draw(played ? frame.before : frame.scene, true);
      if (played) this.picture.play(frame);
    }
    this.said.textContent = this.where();
    this.root.dataset.at = `${slide}-${place}-${revealed}`;
    this.speaker.show();
  }

  /** Let all be as large as the screen has room for; what has no room at its smallest scrolls. */
  grow(made, frame) {
    const boxes = [made, ...made.querySelectorAll(".labkit-stage, .labkit-question, .labkit-answers")], { element } = this.picture;
    for (const size of frame?.scene.columns > 1 ? [1] : SIZES) {  // names in narrow columns would be cut
      made.style.setProperty("--grow", size);
      element.style.zoom = Math.max(1, SMALL * size * this.root.clientHeight);
      if (frame) this.picture.draw(frame.scene, true);
      if (boxes.every(box => box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1)) return;
    }
    for (const box of boxes) if (box.scrollHeight > box.clientHeight + 1) box.setAttribute("tabindex", "0");
  }

  hear({ heard, frame }) {
    if (!this.terminal) return;
    if (frame) this.picture.play(frame);
    if (heard) this.terminal.hear(heard);
  }
}

/** Whether ink of a colour is light, so that the paper is dark. */
function isDark(colour) {
  return (colour.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, each) => sum + Number(each), 0) > 380;
}

export default {
  initialize({ model }) {
    const talk = new Talk(model);
    model.on("comm_live_update", () => talk.lost(!model.comm_live));
    model.on("change:deck", () => { talk.deck = model.get("deck"); talk.show(); });
    model.on("change:at", () => {
      const [slide, place, revealed] = model.get("at");
      if (`${slide}-${place}-${revealed}` !== talk.root.dataset.at) talk.go({ slide, place, revealed });
    });
    model.on("msg:custom", message => talk.hear(message));
    setTimeout(() => talk.root.focus({ preventScroll: true }));
    return alive(model.get("mark"), { element: talk.element, moved: () => talk.show(), end: () => talk.lost() });
  },
};
