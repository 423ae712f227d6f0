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
    document.body.onkeydown = event => this.talk.key(event, document.body);
    addEventListener("pagehide", () => made.close());
    this.show();
  }

  /** Write what is said and shown now; the time alone is written each half second. */
  show() {
    if (!this.window || this.window.closed) return;
    const { place } = this.talk, { deck, at, votes, slide: one } = place;
    const preview = (label, where) => {
      const box = part("figure"), page = part("div", "labkit-walkthrough labkit-preview");
      page.append(where ? screenOf(deck, votes, where) : part("p", "", "The end"));
      box.append(part("figcaption", "", label), page);
      return box;
    };
    const screens = part("div", "labkit-screens");
    screens.append(preview(place.where(), at), preview("Next", place.next()));
    const notes = part("section");
    for (const note of one?.notes ?? ["The closing slide: go through the answers, one voice for each."]) {
      notes.append(part("p", "", seen(note)));
    }
    if (one?.lesson) notes.append(part("p", "labkit-lesson", `Lesson: ${seen(one.lesson)}`));
    this.clock = part("p", "labkit-time");
    const told = part("p", "labkit-gone", this.talk.gone ? GONE : "");
    const { body } = this.window.document, entered = body.querySelectorAll(".labkit-ballot");
    body.replaceChildren(this.clock, votesOf(one, votes), ...entered, told, screens, notes);
    this.tick();
  }

  tick() {
    if (!this.clock || this.window.closed) return;
    const { place } = this.talk, { deck, slide, watch } = place, seconds = place.seconds(), here = seconds - watch.entered;
    const planned = slide?.minutes ?? 3, left = 60 * planned - here, whole = deck.reduce((sum, each) => sum + each.minutes, 0);
    this.clock.textContent = `${minutes(seconds)} of ${whole} min   ·   this slide ${minutes(here)} of ${planned} min`
      + (left < 0 ? `: ${minutes(-left)} over` : "") + `   ·   ${new Date().toTimeString().slice(0, 5)}`;
    this.clock.dataset.late = left < 0 ? "over" : left < 60 && planned > 1 ? "soon" : "";
  }
}

const minutes = seconds => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** The room's votes in words: before the discussion and after it. */
function votesOf(slide, votes) {
  const rounds = votes[slide?.id] ?? [];
  const told = rounds.map((round, n) => `${ROUNDS[n]}: ${round.map((count, k) => `${LETTERS[k]} ${count}`).join("  ")}`);
  return part("p", "labkit-told-votes", told.join("   ·   ") || "No votes yet: V, numbers for A B C D, Enter.");
}
