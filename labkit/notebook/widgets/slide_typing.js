// What a teacher enters in front of the class: commands on the slide's own lab, and the room's votes.

/** The prompt of a slide's lab, with its picture below. `tell` takes what is typed, and whether any was. */
class Typing {
  constructor(picture, scale, tell) {
    Object.assign(this, { wrote: false, asks: false });
    this.terminal = new Terminal(message => {
      this.wrote ||= "line" in message;
      if (!message.hello) tell(message);
    }, picture);
    picture.scale = scale;
    picture.draw({ tiles: [], columns: 0, rows: 0 }, true);
    this.element = part("div", "labkit-typing");
    this.element.append(this.terminal.element, picture.element);
  }

  focus() {
    this.asks = false;
    this.terminal.input.focus();
  }
}

/** The field for the room's votes; `done` is told the numbers. */
function ballot(done) {
  const label = part("label", "labkit-ballot", "Votes for A B C D, as 12 5 3 0, then Enter:");
  const input = part("input", "", "", { inputmode: "numeric", autocomplete: "off" });
  input.addEventListener("keydown", event => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    done(input.value.match(/\d+/g) ?? []);
  });
  label.append(input);
  return label;
}
