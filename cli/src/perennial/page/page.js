"use strict";
(() => {
const SECOND = 1000, LOOK = 1000, SLOWEST = 15000, SHOWN = 10, ROWS = 60, QUIET = 60;
const $ = (id) => document.getElementById(id);
let page = null, etag = "", paused = false, wait = LOOK, all = false, timer = 0, asking = false;
const drawn = new Map();

// Elements are made from text alone: nothing of the data is ever read as HTML.
function h(tag, options, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (value !== null && value !== undefined && value !== "") element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
const number = (value, digits = 0) => value === null || value === undefined ? "–"
  : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share, digits = 1) => share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)}%`;
const short = (version) => version.split("-")[0];
const sentence = (text) => text.replace(/^[a-z]+(?= )/, (word) => word[0].toUpperCase() + word.slice(1));
const words = (name) => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().replace(/^./, (c) => c.toUpperCase());

// A section is drawn anew only when its part of the data has changed, so focus and open details stay.
function changed(name, ...parts) {
  const text = JSON.stringify(parts);
  if (drawn.get(name) === text) return false;
  drawn.set(name, text);
  return true;
}
function fill(id, text) { if ($(id).textContent !== text) $(id).textContent = text; }

function span(seconds) {
  const s = Math.abs(Math.round(seconds));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}
const now = () => page && page.written ? Date.parse(page.written) : Date.now();
function relative(at, style) {
  const seconds = (now() - at) / SECOND;
  if (style === "for") return `for ${span(Math.max(seconds, 0))}`;
  if (seconds < -1) return `in ${span(seconds)}`;
  return seconds < 2 ? "just now" : `${span(seconds)} ago`;
}
// Live, a time is told as how long ago it was; a report is read later, and tells when.
function shown(at, style) {
  if (!page.written || style === "for") return relative(at, style);
  const options = now() - at < 43200 * SECOND ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" };
  return new Date(at).toLocaleString(undefined, options);
}
function when(iso, style = "") {
  const at = Date.parse(iso), full = new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
  return h("time", { datetime: iso, tabindex: 0, "data-style": style, "data-full": full }, shown(at, style));
}
function tick() {
  for (const time of document.querySelectorAll("time[data-full]")) {
    const text = shown(Date.parse(time.dateTime), time.dataset.style || "");
    if (time.textContent !== text) time.textContent = text;
  }
  showFigures(); // an answer grows old without new data
}

// What is drawn anew keeps the focus where it was, for who goes by keyboard.
const STOPS = "time, summary, button";
function put(id, ...children) {
  const box = $(id), place = [...box.querySelectorAll(STOPS)].indexOf(document.activeElement);
  box.replaceChildren(...children);
  const again = place < 0 ? null : box.querySelectorAll(STOPS)[place];
  if (again) again.focus({ preventScroll: true });
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
  if (changed(`figure ${name}`, under.map((each) => each.dateTime || each.outerHTML || each))) second.replaceChildren(...under);
}
// Whether the newest accuracy is clearly below what the curve shows most of the time.
function fallen(accuracy) {
  const usual = accuracy.slice().sort((a, b) => a - b)[accuracy.length >> 1], last = accuracy[accuracy.length - 1];
  return last < usual - 0.05 ? h("span", { class: "act-text" }, `▼ ${percent(usual, 0)} is usual`) : null;
}
function showFigures() {
  const { serving, labels, points, lag, records } = page;
  const last = points.at.length - 1, sum = (list, name) => list === null ? null : list.reduce((all, each) => all + each[name], 0);
  const dead = sum(page.deadLetters, "count"), behind = sum(lag, "records");
  const still = last >= 0 && now() / SECOND - points.at[last] > Math.max(QUIET, 3 * (points.at[last] - (points.at[last - 1] || 0)));
  if (!changed("figures", serving, labels, points.accuracy[last], points.loss[last], last, still, behind, dead, records)) return;
  figure("Serves", serving ? short(serving.version) : "–", serving ? when(serving.since, "for") : "no model yet");
  figure("Accuracy", last < 0 ? "–" : percent(points.accuracy[last]), ...(still ? ["the last answer ", when(new Date(points.at[last] * SECOND).toISOString())] : [fallen(points.accuracy) || "of the latest answers"]));
  figure("Log loss", last < 0 ? "–" : number(points.loss[last], 3), serving && serving.loss !== null ? `${number(serving.loss, 3)} when judged` : "of the same answers");
  figure("New labels", labels ? number(labels.new) : "–", labels ? `of ${number(labels.threshold)}` : "this pipeline has none");
  figure("Lag", number(behind), behind === null ? "not measured" : "records to be read");
  figure("Dead letters", number(dead), dead === null ? "not counted" : records.answered === null ? "" : `beside ${number(records.answered)} answers`);
}

function showHead() {
  const { name, namespace, written, state, problem } = page;
  document.title = `${name}: ${state.word} · Perennial`;
  fill("name", name);
  if (changed("kind", namespace, written, paused)) {
    $("kind").replaceChildren(namespace ? `${namespace} · ` : "", written ? "report of " : paused ? "paused" : "live",
      written ? h("time", { datetime: written }, new Date(written).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })) : "");
  }
  $("state").className = `state ${state.level}`;
  fill("word", state.word);
  fill("summary", sentence(state.summary));
  notice(problem);
}
function notice(text) { // what is old must not look like now
  fill("problem", text);
  $("problem").hidden = !text;
  document.body.classList.toggle("old", Boolean(text));
}

const ASKS = { act: "▲ Needs you", waits: "◌ Passes by itself", well: "● Well" };
function showConcerns() {
  const { concerns } = page;
  $("concerns").hidden = !concerns.length;
  if (!changed("concerns", concerns)) return;
  put("concerns-list", ...concerns.map((each) => h("li", {},
    h("p", {}, h("span", { class: `badge ${each.level}` }, ASKS[each.level]), " ", h("strong", {}, words(each.reason)), " ",
      h("span", { class: "small" }, `${each.type}, `, when(each.since))),
    h("p", {}, sentence(each.message)), h("p", { class: "remedy" }, each.remedy))));
}

// The picture comes as SVG, made and escaped where the data is made; scripts in it would not run.
function svg(text, kind) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return h("div", { class: kind }, document.importNode(parsed, true));
}
function showCurve() {
  const { points, marks, wide, narrow } = page;
  if (wide && changed("curve", wide)) $("picture").replaceChildren(svg(wide, "wide"), svg(narrow, "narrow"));
  if (changed("marks", marks)) {
    $("events").hidden = !marks.length;
    put("marks", ...marks.slice().reverse().map((mark) => h("li", {}, `${mark.text}, `, when(new Date(mark.at * SECOND).toISOString()))));
  }
  $("numbers").hidden = !points.at.length;
  if ($("numbers").open && changed("numbers", points)) $("numbers-rows").replaceChildren(...rows(points));
}
function rows(points) {
  const step = Math.max(1, Math.ceil(points.at.length / ROWS)), made = [];
  for (let i = points.at.length - 1; i >= 0; i -= step) {
    let answers = 0;
    for (let j = i; j > i - step && j >= 0; j -= 1) answers += points.answers[j];
    made.push(h("tr", {}, h("th", { scope: "row" }, new Date(points.at[i] * SECOND).toLocaleString()), h("td", { class: "number" }, percent(points.accuracy[i])),
      h("td", { class: "number" }, number(points.loss[i], 3)), h("td", { class: "number" }, number(answers))));
  }
  return made;
}
function point(event) {
  const drawing = event.target.closest && event.target.closest("svg.curve");
  const cursor = $("cursor") || h("i", { id: "cursor", class: "cursor" });
  if (!drawing || !page.points.at.length) { cursor.remove(); fill("readout", ""); return; }
  const box = drawing.getBoundingClientRect(), scale = box.width / drawing.viewBox.baseVal.width;
  const { from, to, left, right } = drawing.dataset;
  const share = ((event.clientX - box.left) / scale - left) / (right - left), at = +from + share * (to - from);
  const { points } = page;
  let i = 0;
  for (let j = 1; j < points.at.length; j += 1) if (Math.abs(points.at[j] - at) < Math.abs(points.at[i] - at)) i = j;
  $("picture").append(cursor);
  cursor.style.left = `${scale * (+left + (right - left) * (points.at[i] - from) / (to - from))}px`;
  fill("readout", `${new Date(points.at[i] * SECOND).toLocaleTimeString()}: accuracy ${percent(points.accuracy[i])}, log loss ${number(points.loss[i], 3)}`);
}

function showServing() {
  const { serving } = page;
  if (!changed("serving", serving)) return;
  put("serving", ...(serving ? [
    h("p", { class: "big" }, h("span", { class: "id" }, serving.version)),
    h("p", {}, "since ", when(serving.since), serving.loss === null ? "" : `, ${serving.metric} ${number(serving.loss, 4)} when it was judged last`),
    h("p", {}, sentence(serving.why))]
    : [h("p", { class: "empty" }, "Nothing answers yet: events wait in Kafka until the first model serves.")]));
}
function showNext() {
  const { labels, running, next } = page;
  if (!changed("next", labels, running, next)) return;
  put("next", 
    running ? h("p", { class: "big" }, `Attempt ${running.number} runs${running.stage ? `: ${running.stage}` : ""}`) : "",
    running ? h("p", { class: "quiet" }, `started by ${words(running.trigger).toLowerCase()}, `, when(running.started)) : "",
    running && running.problem ? h("p", { class: "act-text" }, running.problem) : "",
    labels ? h("p", {}, h("span", { class: "unseen" }, "Labels: "), h("progress", { max: labels.threshold, value: Math.min(labels.new, labels.threshold), "aria-label": "New labels towards the threshold" }),
      `${number(labels.new)} of ${number(labels.threshold)} new labels; ${number(labels.total)} in all`) : "",
    h("p", {}, next.text, ...(next.at ? [" ", when(next.at)] : [])));
}

const GOOD = new Set(["Promoted", "Adopted"]), SIGNS = { Promoted: "▲", Candidate: "◆", Rejected: "=", Inconclusive: "?", Refused: "✕", Superseded: "↷", Adopted: "▲" };
function verdict(each) {
  if (each.takenBack) return h("span", { class: "badge act" }, `✕ ${short(each.version)} taken back`);
  const kind = GOOD.has(each.outcome) ? "well" : each.level === "act" ? "act" : each.outcome === "Candidate" ? "waits" : "kept";
  return h("span", { class: `badge ${kind}` }, `${SIGNS[each.outcome] || "•"} ${each.outcome}`, each.version ? ` ${short(each.version)}` : "");
}
function cell(name, kind, ...children) { return h("td", { role: "cell", "data-name": name, class: kind }, ...children); }
function attemptRow(each) {
  const losses = each.championLoss === null ? [number(each.challengerLoss, 3)]
    : [number(each.championLoss, 3), h("span", { "aria-hidden": "true" }, " → "), h("span", { class: "unseen" }, " of the champion, of the challenger "), h("strong", {}, number(each.challengerLoss, 3))];
  return h("tr", { role: "row", "data-number": each.number },
    h("th", { role: "rowheader", scope: "row" }, `#${each.number}`, " ", h("span", { class: "small" }, words(each.trigger))),
    h("td", { role: "cell" }, verdict(each)),
    cell("Log loss", "number", ...losses), cell("Sure", "number", percent(each.confidence, 0)),
    cell("Judged on", "number", `${number(each.judged)} rows`), cell("Ended", "end", when(each.ended)),
    h("td", { role: "cell", class: "whole" }, sentence(each.why), each.remedy ? h("p", { class: "act-text" }, each.remedy) : "", candidates(each)));
}
function candidates(each) {
  if (!each.candidates.length) return "";
  return h("details", {}, h("summary", {}, `${each.candidates.length} candidates`), h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Candidate"), h("th", { scope: "col", class: "number" }, "Log loss"), h("th", { scope: "col", class: "number" }, "Gain"), h("th", { scope: "col", class: "number" }, "Sure"))),
    h("tbody", {}, ...each.candidates.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name), h("td", { class: "number" }, number(one.loss, 4)),
      h("td", { class: "number" }, number(one.gain, 4)), h("td", { class: "number" }, percent(one.confidence, 0)))))));
}
function showAttempts() {
  const { attempts, earlier } = page, shown = all ? attempts : attempts.slice(0, SHOWN);
  $("no-attempts").hidden = attempts.length > 0;
  $("attempts-table").hidden = !attempts.length;
  const body = $("attempts-rows"), rows = new Map([...body.children].map((row) => [row.dataset.number, row]));
  let before = null;
  for (const each of shown) { // rows that stay are left alone
    let row = rows.get(String(each.number));
    if (changed(`attempt ${each.number}`, each) || !row) { const made = attemptRow(each); if (row) row.replaceWith(made); row = made; }
    if (before ? before.nextSibling !== row : body.firstChild !== row) body.insertBefore(row, before ? before.nextSibling : body.firstChild);
    rows.delete(String(each.number));
    before = row;
  }
  for (const [key, row] of rows) { row.remove(); drawn.delete(`attempt ${key}`); }
  $("more").hidden = attempts.length <= SHOWN;
  fill("more", all ? "Show the newest alone" : `Show ${attempts.length - SHOWN} more`);
  $("more").setAttribute("aria-expanded", all);
  fill("earlier", earlier ? `${number(earlier)} earlier ones are not listed.` : "");
}

function showAnswers() {
  const { answers } = page;
  $("no-answers").hidden = answers.length > 0;
  $("answers-table").hidden = !answers.length;
  if (!changed("answers", answers)) return;
  const seen = new Set([...$("answers-rows").children].map((row) => row.dataset.id));
  const right = (each) => each.right === null ? "" : each.right ? h("span", { class: "badge well" }, "✓ right") : h("span", { class: "badge act" }, "✕ wrong");
  $("answers-rows").replaceChildren(...answers.map((each) => h("tr", { "data-id": each.id, class: seen.size && !seen.has(each.id) ? "fresh" : "" },
    h("th", { scope: "row", class: "id" }, each.id), h("td", {}, each.label), h("td", { class: "number" }, number(each.probability, 3)), h("td", {}, short(each.model)), h("td", {}, right(each)))));
}
const COUNTS = { sent: "Events sent", answered: "Answered", lost: "Lost", doubled: "Answered twice", skipped: "Lost to retention" };
function showRecords() {
  const { records, lag, deadLetters } = page;
  if (!changed("records", records, lag, deadLetters)) return;
  const facts = Object.entries(COUNTS).filter(([name]) => records[name] !== null).map(([name, text]) => [text, number(records[name])]);
  for (const each of lag || []) facts.push([`Lag of ${each.topic}`, number(each.records)]);
  $("records").replaceChildren(...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  const dead = deadLetters || [];
  fill("no-dead", deadLetters ? "None: every event could be read." : "Nobody has counted them.");
  $("no-dead").hidden = dead.length > 0;
  $("dead-table").hidden = !dead.length;
  $("dead-rows").replaceChildren(...dead.map((each) => h("tr", {}, h("th", { scope: "row" }, words(each.reason)), h("td", { class: "number" }, number(each.count)), h("td", {}, each.remedy))));
}

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
  $("main").hidden = false;
  showHead(); showConcerns(); showFigures(); showCurve(); showServing(); showNext(); showAttempts(); showAnswers(); showRecords();
  tick();
  if (before) announce(before);
}

async function look() {
  clearTimeout(timer);
  if (paused || document.hidden || asking) return;
  asking = true;
  try {
    const answer = await fetch("data", { cache: "no-store", headers: etag ? { "If-None-Match": etag } : {}, signal: AbortSignal.timeout(SLOWEST) });
    if (answer.status === 200) { const next = await answer.json(); etag = answer.headers.get("ETag") || ""; show(next); }
    else if (answer.status !== 304) throw new Error(`answer ${answer.status}`);
    else { notice(page.problem); tick(); }
    wait = LOOK;
  } catch (error) {
    wait = Math.min(2 * wait, SLOWEST);
    notice(`The command that serves this page does not answer: it has ended, or is busy. ${page ? "What you see is what it said last." : ""}`);
  }
  asking = false;
  timer = setTimeout(look, wait);
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
  $("pause").hidden = false;
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", paused);
    if (page) showHead();
    look();
  });
  document.addEventListener("visibilitychange", look);
  fill("foot", "Served by perennial on this machine alone.");
  look();
}
})();
