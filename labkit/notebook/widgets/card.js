// A card's page: answers that are buttons, a guess that Run locks, the command's output with the verdict.

export default {
  initialize({ model }) {
    const { prompt, choices, commands } = model.get("asked");
    const { element, root, lost, tell } = boxOf(model, "stage card");

    const answers = choices.map(([letter, words]) => {
      const made = part("button", "answer", "", { type: "button", "data-letter": letter });
      made.append(part("b", "", letter), part("span", "", words));
      made.addEventListener("click", () => guess(letter));
      return made;
    });
    const list = part("div", "answers", "", { role: "group", "aria-label": "Answers", tabindex: "-1" });
    list.append(...answers);
    const does = part("pre", "does", commands.map(line => `$ ${line}`).join("\n"), { tabindex: "0" });
    const run = part("button", "run", commands.length ? "Run" : "Show the answer", { type: "button" });
    const hint = part("span", "hint");
    const bar = part("div", "go");
    bar.append(run, hint);
    const printed = part("pre", "printed", "", { tabindex: "0", "aria-label": "Output" });
    const verdict = part("div", "verdict", "", { tabindex: "-1", role: "status" });
    const picture = new Picture("The stage", () => {});
    const shows = part("div", "shows");
    shows.append(printed, verdict);
    root.append(part("p", "asks", prompt), list, does, bar, shows, picture.element);

    // The page's own until the run: an Enter that follows a letter at once finds Run ready.
    let chosen = model.get("chosen");
    const guess = letter => {
      if (model.get("told").notes || !lost.hidden) return;
      tell({ guess: letter });
      chosen = letter;
      draw();
      run.focus({ preventScroll: true });
    };
    const draw = () => {
      const told = !!model.get("told").notes;
      for (const each of answers) {
        each.setAttribute("aria-pressed", String(each.dataset.letter === chosen));
        each.disabled = told && each.dataset.letter !== chosen;
      }
      run.disabled = !chosen;
      hint.textContent = chosen ? "" : `Choose an answer first: click on it, or press ${choices.map(each => each[0]).join(", ")}.`;
      bar.hidden = told;
      does.hidden = told || !commands.length;
      if (!told) shows.hidden = picture.element.hidden = true;
    };
    const reveal = first => {
      const told = model.get("told"), { lines, notes, elsewhere, before, scene, said } = told;
      if (!notes) return;
      shows.hidden = false;
      picture.element.hidden = !said;
      const end = () => {
        printed.replaceChildren(...lines.map(([text, marked]) => part("span", marked ? "marked" : "", text)));
        printed.hidden = !lines.length;
        // Where nearly all decide nothing would stand out: they are counted.
        printed.classList.toggle("counted", lines.filter(each => each[1]).length > lines.length * 2 / 3);
        verdict.replaceChildren(...notes.map(([kind, line, reason]) => {
          const made = part("div", `note ${kind}`);
          made.append(part("b", "", line), part("p", "", reason));
          return made;
        }), ...(elsewhere ? [part("p", "hint", elsewhere)] : []));
        if (!first) verdict.focus({ preventScroll: true });
        if (!first) shows.scrollIntoView({ block: "nearest" });
        printed.querySelector(".marked")?.scrollIntoView({ block: "nearest" });
      };
      picture.draw(first ? scene : before, true);
      if (first || !said) return end();
      picture.play(told);
      if (!picture.playing) return end();
      const moving = new Map();
      picture.seen = event => {
        moving.set(event[1], event[5]);
        printed.textContent = [does.textContent, ...moving.values()].join("\n");
      };
      picture.over = end;
    };
    run.addEventListener("click", () => tell({ run: true }));
    model.on("change:told", () => { chosen = model.get("chosen"); draw(); reveal(false); });
    root.addEventListener("keydown", event => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const active = element.getRootNode().activeElement, at = answers.indexOf(active);
      const step = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
      const letter = event.key.length === 1 && choices.find(each => each[0] === event.key.toUpperCase());
      if (letter) guess(letter[0]);
      else if (step && active === list) answers.at(step > 0 ? 0 : -1).focus();
      else if (step && at >= 0) answers.at((at + step) % answers.length).focus();
      else return;
      event.preventDefault();
    });
    // A click on the words beside the buttons: the next letter is the card's.
    root.addEventListener("click", event => {
      if (!event.target.closest("button, pre, [data-key]")) list.focus({ preventScroll: true });
    });
    draw();
    reveal(true);
    return alive(model.get("mark"), { element, moved: () => wake(model, element, list), end: () => picture.end() });
  },
};

/** A card that was just run takes the focus, if its reader is still at its cell or went on to the next. */
function wake(model, element, list) {
  if (!model.get("fresh") || model.get("chosen")) return;
  setTimeout(() => {
    const cell = element.getRootNode().host?.closest(".jp-Cell");
    const active = cell?.parentElement?.querySelector(":scope > .jp-mod-active");
    if (!active || (active !== cell && active !== cell.nextElementSibling)) return;  // Voila has no active cell
    list.focus({ preventScroll: true });
    element.scrollIntoView({ block: "nearest" });
    model.set("fresh", false);
    model.save_changes();
  }, 100);
}
