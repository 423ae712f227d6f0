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
  const button = ([words, line]) => {
    const made = part("button", "", words, { type: "button", title: line });
    made.disabled = !line;
    made.addEventListener("click", event => { event.stopPropagation(); type(line); });
    return made;
  };
  const show = () => {
    const at = [...element.children].indexOf(element.getRootNode().activeElement);
    const names = model.get("boxes").map(name => part("option", "", name, { value: name }));
    list.replaceChildren(...names);
    list.value = model.get("container");
    label.hidden = !names.length;
    told.textContent = model.get("told");
    element.replaceChildren(label, ...model.get("offers").map(button), told);
    if (at > 0) element.children[at]?.focus();
  };
  for (const name of ["boxes", "container", "offers", "told"]) model.on(`change:${name}`, show);
  show();
  return element;
}
