// The terminal beside the stage: what is typed goes to the kernel line by line, what comes back is text.

const CTRL_C = "\x03", CTRL_D = "\x04", DETACH = "\x10\x11", MOST_TEXT = 300_000;

/** A text in which what could steer a screen is an escape that can be read, as the kernel writes it. */
function seen(text) {
  return text.replace(/(?![\n\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, each => {
    const number = each.codePointAt(0).toString(16);
    return number.length > 2 ? `\\u${number.padStart(4, "0")}` : `\\x${number.padStart(2, "0")}`;
  });
}

export class Terminal {
  constructor(tell, picture) {
    Object.assign(this, { tell, picture, past: [], at: 0, asks: "", waiting: [], busy: false, atEnd: true, length: 0 });
    this.element = part("div", "terminal");
    this.screen = part("div", "screen", "", { role: "log", tabindex: "0", "aria-label": "Output" });
    this.screen.addEventListener("scroll", () => {
      const { scrollHeight, scrollTop, clientHeight } = this.screen;
      if (clientHeight === this.height) this.atEnd = scrollHeight - scrollTop - clientHeight < 8;
    });
    // What is scrolled because the screen got another size, the reader did not scroll.
    new ResizeObserver(() => { this.height = this.screen.clientHeight; this.follow(); }).observe(this.screen);
    this.line = part("form", "line");
    this.prompt = part("span", "prompt");
    this.input = part("input", "", "", {
      "aria-label": "Command", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    });
    this.line.append(this.prompt, this.input);
    this.offered = part("div", "offered", "", { role: "status" });
    const help = part("p", "leave", "Tab completes; on an empty line it goes on to the picture. ↑ brings the last line back. Escape leaves the terminal.");
    this.element.append(this.screen, this.line, this.offered, help);
    this.line.addEventListener("submit", event => event.preventDefault());
    this.input.addEventListener("keydown", event => this.key(event));
    this.input.addEventListener("paste", event => this.paste(event));
    this.element.addEventListener("click", () => { if (!getSelection().toString()) this.input.focus(); });
    tell({ hello: true });
  }

  key(event) {
    if (event.isComposing) return;
    const held = event.ctrlKey && !event.altKey && !event.metaKey, text = this.input.value;
    const act = held ? this.control(event.key.toLowerCase()) : {
      Enter: () => this.enter(text),
      ArrowUp: () => this.recall(-1),
      ArrowDown: () => this.recall(1),
      Tab: text && !event.shiftKey ? () => this.tell({ complete: text.slice(0, this.input.selectionStart) }) : null,
    }[event.key];
    if (!act) return;
    event.preventDefault();
    this.offered.textContent = "";
    act();
  }

  control(key) {
    if (key === "c" && !getSelection().toString() && this.input.selectionStart === this.input.selectionEnd) {
      return () => this.interrupt();
    }
    if (key === "q" && this.left) return () => this.enter(DETACH);
    this.left = key === "p";
    return {
      d: this.input.value ? null : () => this.enter(CTRL_D),
      l: () => { this.clear(); this.tell({ clear: true }); },
      p: () => {},
      u: () => { this.input.value = ""; },
    }[key];
  }

  interrupt() {
    if (this.picture.playing || this.busy) {
      this.waiting = [];
      this.picture.stop();
      this.finish();
      this.tell({ cancel: true });
    } else {
      this.print(`${this.prompt.textContent}${this.input.value}^C\n`);
      this.input.value = "";
      this.send(CTRL_C);
    }
  }

  /** Send a line or a key after those that wait. */
  enter(text) {
    this.input.value = "";
    if (text.trim() > "\x1f" && this.past.at(-1) !== text) this.past.push(text);
    this.at = this.past.length;
    this.waiting.push(text);
    this.next();
  }

  /** Send the next line, once the last one is answered and has been shown. */
  next() {
    if (this.busy || !this.waiting.length) return;
    this.picture.stop();
    this.finish();
    const text = this.waiting.shift();
    this.send(text, [CTRL_D, DETACH].includes(text) ? "" : `${this.prompt.textContent}${text}\n`);
  }

  send(line, echo = "") {
    this.wait(true);
    this.print(seen(echo), "typed");
    this.tell({ line });
  }

  wait(busy) {
    this.busy = busy;
    this.element.setAttribute("aria-busy", String(busy));
  }

  recall(step) {
    const at = this.at + step;
    if (at < 0 || at > this.past.length) return;
    if (this.at === this.past.length) this.draft = this.input.value;
    this.at = at;
    this.input.value = this.past[at] ?? this.draft;
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
  }

  paste(event) {
    const lines = event.clipboardData.getData("text/plain").replaceAll("\r\n", "\n").split("\n");
    if (lines.length < 2) return;
    event.preventDefault();
    const [start, end] = [this.input.selectionStart, this.input.selectionEnd], text = this.input.value;
    lines[0] = text.slice(0, start) + lines[0];
    lines[lines.length - 1] += text.slice(end);
    for (const line of lines.slice(0, -1)) this.enter(line);
    this.input.value = lines.at(-1);
  }

  /** Take a message of the kernel's. */
  hear({ ran, prompt, past, screen, busy, clear, bar, completions, word, asked }) {
    if (screen !== undefined) {
      this.clear();
      this.print(screen);
      this.wait(busy);
    }
    if (past) { this.past = past; this.at = past.length; }
    if (prompt !== undefined) this.asks = prompt;
    this.prompt.textContent = this.picture.playing ? "" : this.asks;
    if (bar) this.bars(bar);
    if (completions && asked === this.input.value.slice(0, this.input.selectionStart)) this.complete(completions, word);
    if (ran === undefined) return;
    this.wait(false);
    if (clear) this.clear();
    this.text = ran;
    if (this.picture.playing) {
      this.picture.seen = event => this.bars([event[1], event[5]]);
      this.picture.events.slice(0, this.picture.happened).forEach(this.picture.seen);
      this.picture.over = () => this.finish();
      if (this.waiting.length) this.picture.stop();
    } else this.finish();
    this.next();
  }

  /** Show a line of a transfer, in the place of the last one about the same layer; what a build prints stays. */
  bars([layer, words]) {
    if (!words) return;
    this.moving ??= new Map();
    const id = /^\w+$/.test(layer) ? layer : this.moving.size;
    if (!this.moving.has(id)) {
      this.moving.set(id, part("span"));
      this.append(this.moving.get(id));
    }
    this.moving.get(id).textContent = `${words}\n`;
    this.follow();
  }

  /** What was moving gives way to what the command printed in all. */
  finish() {
    for (const line of this.moving?.values() ?? []) line.remove();
    this.moving = null;
    this.prompt.textContent = this.asks;
    const text = this.text ?? "";
    this.text = "";
    this.print(text);
    this.finished?.();
    if (this.input.getRootNode().activeElement === this.input) this.line.scrollIntoView({ block: "nearest" });
  }

  complete(found, word) {
    const text = this.input.value, at = this.input.selectionStart;
    let common = found[0] ?? word;
    for (const each of found) while (!each.startsWith(common)) common = common.slice(0, -1);
    const end = found.length === 1 && !common.endsWith("/") ? " " : "";
    if (found.length) {
      this.input.value = text.slice(0, at - word.length) + common + end + text.slice(at);
      const place = at - word.length + common.length + end.length;
      this.input.setSelectionRange(place, place);
    }
    this.offered.textContent = found.length > 1 ? found.slice(0, 60).join("   ") : "";
  }

  clear() {
    this.screen.replaceChildren();
    this.length = 0;
  }

  print(text, kind = "") {
    if (text) this.append(part("span", kind, text.slice(-MOST_TEXT)));
  }

  append(piece) {
    this.screen.append(piece);
    this.length += piece.textContent.length;
    while (this.length > MOST_TEXT && this.screen.childElementCount > 1) {
      this.length -= this.screen.firstElementChild.textContent.length;
      this.screen.firstElementChild.remove();
    }
    this.follow();
  }

  /** Show the end, unless the reader has scrolled away from it. */
  follow() {
    if (this.atEnd) this.screen.scrollTop = this.screen.scrollHeight;
  }
}
