// What a slide shows: its question, a step of it, or what it comes to; and after the last one the answers.

const LETTERS = "ABCD", ROUNDS = ["before", "after"];

/** A slide's own words, in which a number keeps its unit. */
const words = text => seen(text).replace(/(\d) (?=[kMG]?B\b)/g, "$1\u00a0");

/** The screen of a place in a deck; `cards` asks for the question again. */
function screenOf(deck, votes, { slide, place, revealed }, cards = false) {
  const main = part("div", "labkit-slide"), one = deck[slide];
  if (!one) { main.append(closing(deck)); return main; }
  if (place && !revealed && !cards) {
    const stage = part("div", "labkit-stage");
    stage.innerHTML = one.steps[place - 1].html;
    main.append(part("p", "labkit-asked", words(one.question.prompt)), stage);
    return main;
  }
  const say = part("div", "labkit-say");
  say.append(...(revealed ? one.conclusion : one.sentences).map(each => part("p", "", words(each))));
  main.append(...(cards ? [] : [say]), cardsOf(one.question, votes[one.id] ?? [], revealed, cards));
  return main;
}

/** A question with its choices as cards, the room's votes in each, and what is to be said of each. */
function cardsOf(question, rounds, revealed, reasons) {
  const box = part("div", "labkit-question"), cards = part("ol", "labkit-choices");
  question.choices.forEach((choice, n) => {
    const card = part("li", revealed ? (choice.right ? "labkit-right" : "labkit-wrong") : "");
    card.append(part("b", "", LETTERS[n]), part("span", "", words(choice.text)));
    if (revealed && (choice.right || reasons)) card.append(part("small", "", words(choice.reason)));
    rounds.forEach((round, time) => {
      const bar = part("i", ROUNDS[time], `${round[n]} ${ROUNDS[time]}`);
      bar.style.setProperty("--share", round[n] / Math.max(1, ...round));
      card.append(bar);
    });
    cards.append(card);
  });
  box.append(part("p", "", words(question.prompt)), cards);
  return box;
}

function closing(deck) {
  const list = part("ol", "labkit-answers");
  for (const { title, question } of deck) {
    const line = part("li", "", `${seen(title)}: `);
    line.append(part("b", "", words(question.choices.find(each => each.right).text)));
    list.append(line);
  }
  return list;
}
