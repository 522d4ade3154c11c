// Head of the page: its state, what is not well, and six figures.
const QUIET = 60; // seconds without an answer that are worth a word
const ASKS = { act: "▲ Needs you", waits: "◌ Passes by itself", well: "● Well" };
function showHead() {
  const { name, namespace, state, problem } = page;
  document.title = `${name}: ${state.word} · Perennial`;
  fill("name", name);
  showKind(namespace);
  $("state").className = `state ${state.level}`;
  fill("word", state.word);
  fill("summary", sentence(state.summary));
  notice(problem);
}
function showKind(namespace) {
  if (!changed("kind", namespace, written, paused)) return;
  const kind = written ? "report of " : paused ? "paused" : "live";
  $("kind").className = `quiet ${written ? "" : kind}`;
  $("kind").replaceChildren(namespace ? `${namespace} · ` : "", kind,
    written ? h("time", { datetime: written }, date(written, { dateStyle: "medium", timeStyle: "short" })) : "");
}
function showConcerns() {
  const { concerns } = page;
  $("concerns").hidden = !concerns.length;
  if (!changed("concerns", concerns)) return;
  put("concerns-list", ...concerns.map((each) => h("li", {},
    h("p", {}, h("span", { class: `badge ${each.level}` }, ASKS[each.level]), " ", h("strong", {}, words(each.reason)), " ",
      h("span", { class: "small" }, `${each.type}, `, when(each.since))),
    h("p", {}, sentence(each.message)), h("p", { class: "remedy" }, each.remedy))));
}

const figures = new Map();
function figure(name, value, ...under) {
  if (!figures.has(name)) {
    const parts = [h("span", { class: "value" }), h("span", { class: "under" })];
    figures.set(name, parts);
    $("figures").append(h("div", {}, h("dt", {}, name), h("dd", {}, ...parts)));
  }
  const [first, second] = figures.get(name);
  if (first.textContent !== value) first.textContent = value;
  const told = under.map((each) => each.dateTime || each.outerHTML || each);
  if (changed(`figure ${name}`, told)) second.replaceChildren(...under);
}
const sum = (list, name) => list === null ? null : list.reduce((all, each) => all + each[name], 0);
// Whether the newest accuracy is clearly below what the curve shows most of the time.
function fallen(accuracy) {
  const usual = accuracy.slice().sort((a, b) => a - b)[accuracy.length >> 1];
  const last = accuracy[accuracy.length - 1];
  return last < usual - 0.05 ? h("span", { class: "act-text" }, `▼ ${percent(usual, 0)} is usual`) : null;
}
function showFigures() {
  const { serving, labels, points, lag, records } = page, last = points.at.length - 1;
  const dead = sum(page.deadLetters, "count"), behind = sum(lag, "records");
  const usual = points.at[last] - (points.at[last - 1] || 0);
  const still = last >= 0 && now() / SECOND - points.at[last] > Math.max(QUIET, 3 * usual);
  if (!changed("figures", serving, labels, points.accuracy[last], points.loss[last], last, still, behind, dead, records)) return;
  const graded = last < 0 ? ["no answer is graded"] : still ? ["the last answer ", whenSeconds(points.at[last])]
    : [fallen(points.accuracy) || "of the latest answers"];
  figure("Accuracy", percent(points.accuracy[last]), ...graded);
  figure("Log loss", number(points.loss[last], 3),
    serving && serving.loss !== null ? `${number(serving.loss, 3)} when judged` : "of the same answers");
  figure("Serves", serving ? short(serving.version) : "–", serving ? when(serving.since, "for") : "no model yet");
  figure("New labels", labels ? number(labels.new) : "–", labels ? `of ${number(labels.threshold)}` : "this pipeline has none");
  figure("Lag", number(behind), behind === null ? "not measured" : "records to be read");
  figure("Dead letters", number(dead), dead === null ? "not counted"
    : records.answered === null ? "of those read" : `beside ${number(records.answered)} answers`);
}
