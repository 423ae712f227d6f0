// The keys of clickers, of keyboards and of nerves, and the buttons; each names what a talk does.

const KEYS = {
  arrowright: "forward", arrowdown: "down", pagedown: "forward", " ": "forward", enter: "forward",
  arrowleft: "backward", arrowup: "up", pageup: "backward", backspace: "backward",
  n: "after", p: "before", home: "first", end: "last", a: "answer", q: "question", v: "vote", t: "type",
  s: "speak", b: "blank", ".": "blank", f: "fill", c: "clock", r: "reset", u: "undo",
};
const SHIFTED = { r: "over", " ": "backward", arrowright: "after", arrowleft: "before" };
const BUTTONS = [
  ["◀ Back", "backward", "One thing back (Page Up)"], ["On ▶", "forward", "One thing on (Page Down, Space)"],
  ["Answer", "answer", "Reveal or hide the answer (A)"], ["Question", "question", "The question, the reasons (Q)"],
  ["Votes", "vote", "The room's votes (V)"], ["Type", "type", "Type on this slide's lab (T)"],
  ["Speaker", "speak", "A window for the speaker (S)"], ["Reset slide", "reset", "Begin this slide again (R)"],
  ["Start over", "over", "Begin at the first slide again (Shift+R)"], ["Full screen", "fill", "Fill the screen (F, F5)"],
];

/** Do what a key asks of a talk; tell whether it was one of its keys. */
function pressed(talk, { key: typed, target, shiftKey, ctrlKey, metaKey, altKey }) {
  const key = typed.toLowerCase(), name = (shiftKey && SHIFTED[key]) || KEYS[key];  // with Caps Lock as without
  if (key === "f5") { talk.fill(true); return true; }
  if (ctrlKey || metaKey || altKey) return false;
  if (key === "escape") return talk.escape();
  if (talk.typing?.asks && (key === "k" || key === "u")) { talk.endTyping(key === "k" ? "keep" : "back"); return true; }
  if (target.closest("select, input, textarea")) return false;
  if (talk.typing && talk.hands !== talk.root) { talk.say("Click on this window, and type here."); return true; }
  if (/^\d$/.test(key)) { talk.dial(key); return true; }
  const { number } = talk;
  if (number) talk.dial("");
  if (number && key === "enter") talk.jump(number - 1);
  else if (!name || ((key === " " || key === "enter") && target.closest("button, summary"))) return false;
  else if (talk.black && name !== "blank") talk.blank();
  else talk[name]();
  return true;
}
