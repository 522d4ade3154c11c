// Page of one pipeline: shown from its data, which is inlined in a report and asked for elsewhere.
let page = null;
// A screen reader is told of what a person would call out: another state, a verdict, a take-over.
function announce(before) {
  const said = [], known = before.attempts.length ? before.attempts[0].number : 0;
  if (before.state.word !== page.state.word) said.push(`${page.state.word}: ${page.state.summary}`);
  for (const each of page.attempts) if (each.number > known) said.push(`Attempt ${each.number}: ${each.outcome}.`);
  const last = (marks) => marks.length ? marks[marks.length - 1].text : "";
  if (last(before.marks) !== last(page.marks)) said.push(`${last(page.marks)}.`);
  if (said.length) fill("said", said.slice(0, 3).join(" "));
}
function show(next) {
  const before = page;
  page = next;
  written = page.written;
  $("main").hidden = false;
  showHead();
  showConcerns();
  showCurve();
  showServing();
  showNext();
  showAttempts();
  showAnswers();
  showRecords();
  tick();
  if (before) announce(before);
}
function tick() {
  growOld();
  showFigures(); // an answer grows old without new data
}

$("more").addEventListener("click", () => { all = !all; showAttempts(); });
$("numbers").addEventListener("toggle", () => { drawn.delete("numbers"); showCurve(); });
$("picture").addEventListener("pointermove", point);
$("picture").addEventListener("pointerleave", point);
const inlined = $("data").textContent.trim();
if (inlined !== "null") {
  show(JSON.parse(inlined));
  fill("foot", "Made by perennial. This file holds all that it shows and asks no other host.");
} else {
  follow(show, () => { if (page) { showHead(); tick(); } });
}
