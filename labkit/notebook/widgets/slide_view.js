// The walkthrough's page: turns the slides that the kernel made when it was opened, and goes on without it.
// Keys count where the focus is inside; Tab and Escape leave. JupyterLab's own shortcuts rest meanwhile.

const READ_FOR = 6000, GONE = "The kernel is gone. The slides go on; to type, run what opened them again.";
const SIZES = [1.8, 1.6, 1.45, 1.3, 1.2, 1.1, 1.05, 1], SMALL = 0.0031;  // the picture's smallest letters have 11 pixels
const SCROLLS = ".labkit-stage, .labkit-question, .labkit-answers";

class Talk {
  constructor(model) {
    Object.assign(this, { model, number: "", place: new Place(model) });
    this.root = part("section", "labkit-walkthrough", "", { tabindex: "0", "aria-label": "Walkthrough" });
    this.element = part("div");
    this.element.append(part("style", "", model.get("css")), this.root);
    this.build();
    this.speaker = new Speaker(this);
    this.picture = new Picture("The stage", () => {}, Infinity);
    this.root.addEventListener("keydown", event => this.key(event));
    this.root.addEventListener("mousemove", event => { if (event.movementX || event.movementY) this.wake(); });
    this.sized = new ResizeObserver(() => this.show());
    this.sized.observe(this.root);
    this.timer = setInterval(() => this.tick(), 500);
    if (this.place.remember(model.get("chosen"))) {
      this.say("It goes on where it was left. Shift+R begins at slide 1.");
      this.tell();
    }
    this.show();
    this.tick();
  }

  build() {
    const { deck } = this.place;
    this.heading = part("h2");
    this.list = part("select", "", "", { "aria-label": "Jump to a slide" });
    deck.forEach(({ title }, n) => this.list.append(part("option", "", `${n + 1}. ${seen(title)}`, { value: n })));
    this.list.append(part("option", "", "The answers", { value: deck.length }));
    this.list.addEventListener("change", () => { this.jump(Number(this.list.value)); this.root.focus(); });
    this.face = part("button", "labkit-clock", "", { type: "button", title: "Start or pause the clock (C)" });
    this.face.addEventListener("click", () => this.clock());
    const header = part("header"), controls = part("footer", "", "", { role: "group", "aria-label": "Controls" });
    header.append(this.heading, this.list, this.face);
    for (const [label, name, hint] of BUTTONS) {
      const made = part("button", name === "forward" ? "labkit-main" : "", label, { type: "button", title: hint });
      made.addEventListener("click", event => {
        this.hands = this.root;
        this[name]();
        if (event.detail && !this.typing && !this.ballot) this.root.focus();
      });
      controls.append(made);
    }
    this.main = part("div");
    this.told = part("p", "labkit-told", "", { role: "status" });
    this.said = part("p", "labkit-said", "", { role: "status" });
    this.root.append(header, this.main, controls, this.told, this.said);
  }

  /** A key pressed on the slide or in the speaker's window: `hands` is where votes are entered. */
  key(event, hands = this.root) {
    event.stopPropagation();
    this.hands = hands;
    if (pressed(this, event)) event.preventDefault();
  }

  /** Tell the kernel; where there is none the slides go on, and it is said. */
  send(message) {
    try { this.model.send(message); } catch { this.lost(); }
    return !this.gone;
  }

  tell() {
    const { slide, place, revealed } = this.place.at;
    this.send({ at: [slide, place, revealed] });
  }

  lost(gone = true) {
    if (gone && !this.gone) this.say(GONE);
    this.gone = gone;
    this.speaker.show();
  }

  say(text, stays = false) {
    this.told.textContent = text;
    clearTimeout(this.saying);
    if (!stays) this.saying = setTimeout(() => { this.told.textContent = ""; }, READ_FOR);
  }

  dial(digit) {
    this.number = digit && `${this.number}${digit}`.slice(-3);
    this.say(digit && `Slide ${this.number}: Enter goes there`);
  }

  go(at, played = false) {
    if (!at || !this.place.has(at) || !this.leave()) return;
    this.place.move(at);
    this.cards = false;
    this.show(played);
    this.tell();
  }

  jump(slide) {
    if (!this.place.has({ slide, place: 0 })) this.say("There is no such slide.");
    this.go(this.place.of(slide));
  }

  forward() {
    if (!this.place.watch.started && !this.place.seconds()) this.clock();
    this.go(this.place.next(), true);
  }
  backward() { this.go(this.place.last()); }
  down() { if (!this.scroll(1)) this.forward(); }
  up() { if (!this.scroll(-1)) this.backward(); }
  after() { this.go(this.place.of(this.place.at.slide + 1)); }
  before() { this.go(this.place.of(this.place.at.slide - 1)); }
  first() { this.jump(0); }
  last() { this.jump(this.place.deck.length); }
  answer() { if (this.place.slide) this.go({ ...this.place.at, revealed: !this.place.at.revealed }); }

  question() {
    if (!this.leave()) return;
    this.cards = !this.cards;
    this.show();
  }

  speak() { this.speaker.open(); }
  get black() { return this.root.classList.contains("labkit-black"); }
  blank() { this.root.classList.toggle("labkit-black"); }

  clock() {
    this.place.clock(!this.place.watch.started);
    this.tick();
  }

  reset() { this.begin(this.place.at.slide, "This slide begins"); }
  over() { this.begin(null, "It begins at slide 1"); }

  begin(slide, text) {
    if (!this.leave()) return;
    const { deck, at, left, watch } = this.place;
    this.undone = { deck, at, left: { ...left }, watch };
    this.place.begin(slide);
    this.go(this.place.at);
    this.send({ reset: slide });
    this.say(`${text} again, in a fresh lab. U takes that back.`);
  }

  undo() {
    if (!this.undone || !this.leave()) return;
    Object.assign(this.place, this.undone);
    this.undone = null;
    this.send({ unreset: true });
    this.go(this.place.at);
    this.say("It is as it was.");
  }

  /** Close what is open, the last first; then leave the screen, or the slide. */
  escape() {
    if (this.black) this.blank();
    else if (this.typing?.asks) { this.typing.focus(); this.say(""); }
    else if (this.typing) this.leave();
    else if (this.ballot) this.closeBallot();
    else if (this.cards) this.question();
    else if (document.fullscreenElement) document.exitFullscreen();
    else {
      this.root.getRootNode().host?.closest(".jp-Cell, .jp-Notebook")?.focus();
      this.root.getRootNode().activeElement?.blur();
      return false;
    }
    return true;
  }

  scroll(way) {
    const stage = this.main.querySelector(SCROLLS), before = stage?.scrollTop;
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

  vote() {
    const { slide, at } = this.place;
    if (!slide || this.ballot || !this.leave()) return;
    this.cards = at.place > 0 && !at.revealed;
    this.ballot = ballot(numbers => { this.place.vote(numbers); this.closeBallot(); });
    this.hands.append(this.ballot);
    this.show();
    this.ballot.lastChild.focus();
  }

  closeBallot() {
    this.ballot.remove();
    this.ballot = null;
    this.root.focus();
    this.show();
  }

  type() {
    if (!this.place.slide || this.typing) return;
    if (!this.send({ type: "begin" })) { this.say(GONE); return; }
    this.say("");
    window.focus();
    this.typing = new Typing(this.picture, SMALL * this.root.clientHeight, message => this.send({ type: message }));
    this.main.replaceChildren(this.typing.element);
    this.typing.focus();
  }

  /** Leave the prompt; tell whether it is left. What was typed is asked after. */
  leave() {
    if (!this.typing) return true;
    if (!this.typing.wrote) { this.endTyping("back"); return true; }
    this.typing.asks = true;
    this.root.focus();
    this.say("Keep what was typed for the steps to come? K keeps it, U takes it back.", true);
    return false;
  }

  endTyping(what) {
    this.picture.stop();
    this.typing = null;
    this.send({ typed: what });
    this.say("");
    this.root.focus();
    this.show();
  }

  tick() {
    const time = minutes(this.place.seconds()), runs = this.place.watch.started;
    this.face.textContent = `${runs ? "❚❚" : "▶"} ${time}`;
    this.face.setAttribute("aria-label", `${runs ? "Pause" : "Start"} the clock, now ${time}`);
    this.speaker.tick();
    if (this.gone && !this.element.isConnected) clearInterval(this.timer);
  }

  show(played = false) {
    if (this.typing) return;
    const { at, deck, votes, slide: one } = this.place, frame = one?.steps[at.place - 1]?.frame;
    this.heading.textContent = one ? `${at.slide + 1}. ${seen(one.title)}` : "The answers";
    this.list.value = String(at.slide);
    this.picture.stop();
    const made = screenOf(deck, votes, at, this.cards), stage = frame && made.querySelector(".labkit-stage");
    this.main.replaceChildren(made);
    const ink = getComputedStyle(this.root).color.match(/\d+/g)?.slice(0, 3).reduce((sum, each) => sum + Number(each), 0);
    this.root.dataset.dark = String(ink > 380);
    stage?.replaceChildren(this.picture.element);
    this.grow(made, stage && frame.scene);
    if (stage) {
      this.picture.draw(played ? frame.before : frame.scene, true);
      if (played) this.picture.play(frame);
    }
    this.said.textContent = this.place.where();
    this.root.dataset.at = `${at.slide}-${at.place}-${at.revealed}`;
    this.speaker.show();
  }

  /** Let all be as large as the screen has room for; what has no room at its smallest scrolls. */
  grow(made, scene) {
    const boxes = [made, ...made.querySelectorAll(SCROLLS)];
    for (const size of scene?.columns > 1 ? [1] : SIZES) {  // names in narrow columns would be cut
      made.style.setProperty("--grow", size);
      this.picture.scale = Math.max(1, SMALL * size * this.root.clientHeight);
      if (scene) this.picture.draw(scene, true);
      if (boxes.every(box => box.scrollHeight <= box.clientHeight + 1 && box.scrollWidth <= box.clientWidth + 1)) return;
    }
    for (const box of boxes) if (box.scrollHeight > box.clientHeight + 1) box.setAttribute("tabindex", "0");
  }

  hear({ heard, frame, told }) {
    if (told) this.say(told, true);
    if (!this.typing) return;
    if (frame) this.picture.play(frame);
    if (heard) this.typing.terminal.hear(heard);
  }
}

export default {
  initialize({ model }) {
    const talk = new Talk(model);
    model.on("comm_live_update", () => talk.lost(!model.comm_live));
    model.on("change:deck", () => { talk.place.deck = model.get("deck"); talk.show(); });
    model.on("change:at", () => {
      const [slide, place, revealed] = model.get("at");
      if (`${slide}-${place}-${revealed}` !== talk.root.dataset.at) talk.go({ slide, place, revealed });
    });
    model.on("msg:custom", message => talk.hear(message));
    setTimeout(() => talk.root.focus({ preventScroll: true }));
    return alive(model.get("mark"), { element: talk.element, moved: () => talk.show(), end: () => talk.lost() });
  },
};
