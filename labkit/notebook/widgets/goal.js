// The goal of an exercise beside its stage: statements that tick, and choices to press.

/** Text whose parts between backticks are code. */
function withCode(element, text) {
  element.append(...text.split("`").map((words, n) => (n % 2 ? part("code", "", words) : words)));
  return element;
}

function showGoal(panel, goal, tell) {
  const list = part("ul");
  for (const [sign, word, text] of goal.rows) {
    const row = part("li", `is-${word}`);
    row.append(part("b", "sign", sign, { role: "img", "aria-label": word }), withCode(part("span"), text));
    list.append(row);
  }
  const buttons = goal.choices.flatMap(([name, choices]) => choices.map(([letter, text]) => {
    const pressed = String(goal.chosen[name].trim().toLowerCase() === letter);
    const made = withCode(part("button", "choice", "", { type: "button", "aria-pressed": pressed }), `${letter}) ${text}`);
    made.addEventListener("click", () => tell({ answer: [name, letter] }));
    return made;
  }));
  const focus = [...panel.querySelectorAll("button")].indexOf(panel.getRootNode().activeElement);
  panel.replaceChildren(part("h4", "", "Goal"), list, ...buttons, withCode(part("p", "foot"), goal.foot));
  panel.classList.toggle("solved", goal.solved);
  panel.querySelectorAll("button")[focus]?.focus();
}
