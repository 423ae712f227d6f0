// The playground's buttons: each types a line at the terminal's prompt, where it is read, and enters it.

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
  let buttons = [];
  const button = ([words]) => {
    const made = part("button", "", words, { type: "button" });
    made.addEventListener("click", event => { event.stopPropagation(); type(made.title); });
    return made;
  };
  const show = () => {
    const names = (model.get("boxes") ?? []).map(name => part("option", "", name, { value: name }));
    list.replaceChildren(...names);
    list.value = model.get("container");
    list.disabled = !names.length;
    told.textContent = terminal.picture.playing ? "" : model.get("told");  // of what has been seen
    const offers = model.get("offers");
    if (buttons.length !== offers.length) {
      buttons = offers.map(button);
      element.replaceChildren(...(model.get("boxes") ? [label] : []), ...buttons, told);
    }
    offers.forEach(([, line], n) => {
      // What has the focus does not lose it: the next key would be the notebook's.
      if (!line && element.getRootNode().activeElement === buttons[n]) terminal.input.focus();
      Object.assign(buttons[n], { title: line, disabled: !line });
    });
  };
  for (const name of ["boxes", "container", "offers", "told"]) model.on(`change:${name}`, show);
  terminal.finished = show;
  show();
  return element;
}
