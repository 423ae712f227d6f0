// The page of an explorer: HTML that the kernel writes. What is pressed or filled in is told to the kernel,
// whose next page is laid over this one: what is the same stays, with its focus, its text and how it scrolled.

function lay(over, fresh) {
  if (over.nodeName !== fresh.nodeName) { over.replaceWith(fresh); return; }
  if (over.nodeType === Node.TEXT_NODE) { if (over.data !== fresh.data) over.data = fresh.data; return; }
  for (const { name } of [...over.attributes]) {
    if (!fresh.hasAttribute(name) && name !== "open") over.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (over.getAttribute(name) !== value) over.setAttribute(name, value);
  }
  if (over.matches("input") && over.getRootNode().activeElement !== over) over.value = fresh.value;
  const old = [...over.childNodes], wanted = [...fresh.childNodes];
  wanted.forEach((each, n) => { if (old[n]) lay(old[n], each); else over.append(each); });
  for (const each of old.slice(wanted.length)) each.remove();
  if (over.matches("select")) over.value = fresh.value;
}

/** Arrow keys go through buttons that stand below each other, and press them; with Alt they move a line. */
function walk(event, tell) {
  const step = { ArrowUp: "previousElementSibling", ArrowDown: "nextElementSibling" }[event.key];
  const rows = event.target.closest(".rows"), next = event.target[step];
  if (!step || !rows) return;
  event.preventDefault();
  if (!next) return;
  next.focus();
  if (event.altKey && rows.matches(".ladder")) tell({ set: "move", to: next.value });
  else if (!rows.matches(".switches")) next.click();
}

/** A line that is dropped on another one is joined to it where both are RUN, and else takes its place. */
function draggable(page, tell) {
  const line = event => event.target.closest?.(".ladder button");
  let dragged = "";
  page.addEventListener("dragstart", event => { dragged = line(event)?.value ?? ""; });
  page.addEventListener("dragover", event => { if (line(event)) event.preventDefault(); });
  page.addEventListener("drop", event => {
    event.preventDefault();
    tell({ set: "row", to: dragged });
    tell({ set: "join", to: line(event)?.value ?? "" });
  });
}

export default {
  initialize({ model }) {
    const { element, root: page, tell } = boxOf(model);
    const show = () => {
      const read = new DOMParser().parseFromString(`<section class="box">${model.get("page")}</section>`, "text/html");
      const fresh = read.body.firstChild;
      fresh.setAttribute("aria-label", model.get("label"));
      fresh.tabIndex = -1;  // a click on words takes the focus: its keys are not the notebook's
      lay(page, fresh);
    };
    const choose = ({ dataset, value }) => tell({ set: dataset.set, to: value });
    model.on("change:page", show);
    page.addEventListener("click", event => {
      const pressed = event.target.closest("button[data-set]:not([aria-disabled=true])");
      if (pressed) choose(pressed);
    });
    page.addEventListener("input", event => { if (event.target.dataset.set) choose(event.target); });
    page.addEventListener("keydown", event => walk(event, tell));
    draggable(page, tell);
    show();
    // Its first chosen row is seen, wherever it is in the list.
    const moved = () => page.querySelectorAll('.rows [aria-pressed="true"]').forEach(row => {
      const list = row.closest(".rows");
      if (!list.scrollTop) list.scrollTop = row.offsetTop - list.offsetTop - 60;
    });
    return alive(model.get("mark"), { element, moved, end() {} });
  },
};
