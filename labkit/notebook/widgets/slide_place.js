// Where the talk is, its clock and the room's votes: kept in this browser, so that a page loaded again goes on.

const FORGOTTEN = 6 * 3600e3, STOPPED = { before: 0, started: 0, entered: 0 };

class Place {
  constructor(model) {
    const [slide, place, revealed] = model.get("at");
    this.key = `labkit-talk-${model.get("key")}`;
    this.deck = model.get("deck");
    Object.assign(this, { at: { slide, place, revealed }, left: {}, votes: {}, watch: STOPPED });
  }

  /** Go on where this deck was left in this browser, but not days later; tell whether that is elsewhere. */
  remember(stay) {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(this.key)); } catch { /* no storage */ }
    if (!kept || Date.now() - kept.when > FORGOTTEN) return false;
    Object.assign(this, { left: kept.left, votes: kept.votes, watch: kept.watch });
    if (stay || !this.has(kept.at)) return false;
    this.at = kept.at;
    return this.at.slide + this.at.place > 0;
  }

  keep() {
    const { at, left, votes, watch } = this, kept = { at, left, votes, watch, when: Date.now() };
    try { localStorage.setItem(this.key, JSON.stringify(kept)); } catch { /* no storage */ }
  }

  /** The slide that is shown; none at the end, where the answers are. */
  get slide() { return this.deck[this.at.slide]; }

  has({ slide, place }) {
    return slide >= 0 && slide <= this.deck.length && place <= (this.deck[slide]?.steps.length ?? 0);
  }

  /** A slide as it was left. */
  of(slide) {
    const left = this.left[slide];
    return left && this.has(left) ? left : { slide, place: 0, revealed: false };
  }

  next() {
    const { slide, place, revealed } = this.at;
    if (!this.slide) return null;
    if (revealed) return this.of(slide + 1);
    return place < this.slide.steps.length ? { slide, place: place + 1, revealed } : { slide, place, revealed: true };
  }

  last() {
    const { slide, place, revealed } = this.at;
    if (revealed) return { slide, place, revealed: false };
    return place ? { slide, place: place - 1, revealed } : this.of(slide - 1);
  }

  move(at) {
    if (at.slide !== this.at.slide) {
      this.left[this.at.slide] = this.at;
      this.watch = { ...this.watch, entered: this.seconds() };
    }
    this.at = at;
    this.keep();
  }

  begin(slide) {
    if (slide === null) Object.assign(this, { left: {}, watch: STOPPED });
    this.at = { slide: slide ?? 0, place: 0, revealed: false };
    this.keep();
  }

  where() {
    const { slide, place, revealed } = this.at;
    if (!this.slide) return "The answers";
    const end = revealed ? ", answer revealed" : "";
    return `Slide ${slide + 1} of ${this.deck.length}, step ${place} of ${this.slide.steps.length}${end}`;
  }

  /** Take a vote: the first is before the discussion, the next after it; an empty one takes the last back. */
  vote(numbers) {
    const { id, question } = this.slide, rounds = this.votes[id] ?? [];
    const round = question.choices.map((_, n) => Number(numbers[n] ?? 0));
    this.votes[id] = numbers.length ? [...rounds.slice(0, 1), round] : rounds.slice(0, -1);
    this.keep();
  }

  seconds() { return (this.watch.before + (this.watch.started ? Date.now() - this.watch.started : 0)) / 1000; }

  clock(runs) {
    this.watch = { ...this.watch, before: 1000 * this.seconds(), started: runs ? Date.now() : 0 };
    this.keep();
  }
}
