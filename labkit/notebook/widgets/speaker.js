// The speaker's own window: this step and the next, the notes, the clock, the votes. The room never sees it.

class Speaker {
  constructor(talk) { this.talk = talk; }

  open() {
    const made = window.open("", "labkit-speaker", "popup,width=1120,height=760");
    if (!made) { this.talk.say("The browser kept the window back: allow pop-ups for this page, then S again."); return; }
    this.window = made;
    const { document } = made;
    document.title = "Speaker";
    document.head.replaceChildren(part("style", "", this.talk.model.get("css")));
    document.body.className = "labkit-speaker";
    document.body.onkeydown = event => this.talk.key(event);
    addEventListener("pagehide", () => made.close());
    this.show();
  }

  /** Write what is said and shown now; the time alone is written each half second. */
  show() {
    if (!this.window || this.window.closed) return;
    const { deck, at, votes } = this.talk, one = deck[at.slide], next = this.talk.next();
    const preview = (label, where) => {
      const box = part("figure"), page = part("div", "labkit-walkthrough labkit-preview");
      page.append(where.slide === null ? part("p", "", "The end") : screenOf(deck, votes, where));
      box.append(part("figcaption", "", label), page);
      return box;
    };
    const screens = part("div", "labkit-screens");
    screens.append(preview(this.talk.where(), at), preview("Next", next ?? { slide: null }));
    const notes = part("section");
    for (const note of one?.notes ?? ["The closing slide: go through the twelve answers, one voice for each."]) {
      notes.append(part("p", "", seen(note)));
    }
    if (one?.lesson) notes.append(part("p", "labkit-lesson", `Lesson: ${seen(one.lesson)}`));
    this.clock = part("p", "labkit-time");
    const told = part("p", "labkit-gone", this.talk.gone ? GONE : "");
    this.window.document.body.replaceChildren(this.clock, votesOf(one, votes), told, screens, notes);
    this.tick();
  }

  tick() {
    if (!this.clock || this.window.closed) return;
    const { seconds, here, planned, whole } = this.talk.time(), over = planned - here;
    this.clock.textContent = `${minutes(seconds)} of ${whole} min   ·   this slide ${minutes(here)} of ${planned / 60} min`
      + (over < 0 ? `: ${minutes(-over)} over` : "") + `   ·   ${new Date().toTimeString().slice(0, 5)}`;
    this.clock.dataset.late = over < 0 ? "over" : over < 60 && planned > 60 ? "soon" : "";
  }
}

const minutes = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** The room's votes in words: before the discussion and after it. */
function votesOf(slide, votes) {
  const rounds = votes[slide?.id] ?? [];
  const told = rounds.map((round, n) => `${ROUNDS[n]}: ${round.map((count, k) => `${LETTERS[k]} ${count}`).join("  ")}`);
  return part("p", "labkit-told-votes", told.join("   ·   ") || "No votes yet: V, numbers for A B C D, Enter.");
}
