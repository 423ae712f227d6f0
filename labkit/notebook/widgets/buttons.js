// The terminal's buttons: each types a line at the prompt, where it is read, and enters it.

const READ = 500;

function buttonsOf(model, terminal) {
  const element = part("div", "offers", "", { role: "group", "aria-label": "Commands" });
  const told = part("p", "told", "", { role: "status" });
  const list = part("select", "", "", { "aria-label": "Container" });
  const label = part("label", "", "Container ");
  label.append(list);
  list.addEventListener("change", () => { model.set("container", list.value); model.save_changes(); });
  const type = line => {
    terminal.input.value = line;
    setTimeout(() => terminal.enter(line), still() ? 0 : READ);
  };
  // The same buttons from the beginning: none may move to where another one was.
  const buttons = [];
  const button = words => {
    const made = part("button", "", words, { type: "button" });
    made.addEventListener("click", event => { event.stopPropagation(); type(made.title); });
    told.before(made);
    return made;
  };
  element.append(...(model.get("boxes") ? [label] : []), told);
  const show = () => {
    const names = (model.get("boxes") ?? []).map(name => part("option", "", name, { value: name }));
    list.replaceChildren(...names);
    list.value = model.get("container");
    list.disabled = !names.length;
    told.textContent = terminal.picture.playing ? "" : model.get("told");  // of what has been seen
    model.get("offers").forEach(([words, line], n) => {
      const made = buttons[n] ??= button(words);
      // The focus is never nowhere: the next key would be the notebook's.
      if (!line && element.getRootNode().activeElement === made) terminal.input.focus();
      Object.assign(made, { title: line, disabled: !line });
    });
  };
  for (const name of ["boxes", "container", "offers", "told"]) model.on(`change:${name}`, show);
  terminal.finished = show;
  show();
  return element;
}
