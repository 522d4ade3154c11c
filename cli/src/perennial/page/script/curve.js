// The curve: a picture, what happened on it, and the same as a table.
const ROWS = 60;
const READ = "What was answered, held against the labels that came later; each line is a model that took over.";
const NOTHING = "No answer has met its label yet.";
const UNREAD = "Each dot is an attempt's best challenger, full where it took over; the line is what served, as it was judged.";
// The picture comes as SVG, made and escaped where the data is made; scripts in it would not run.
function svg(text, kind) {
  const parsed = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  return h("div", { class: kind }, document.importNode(parsed, true));
}
function showCurve() {
  const { points, marks, wide, narrow, unread } = page, graded = points.at.length > 0;
  fill("h-curve", graded || !wide ? "Accuracy and loss of the answers" : "Loss of the attempts");
  fill("explain-curve", graded || !wide ? READ : UNREAD);
  fill("unread", unread);
  $("unread").hidden = !unread;
  if (changed("curve", wide)) {
    $("picture").replaceChildren(...(wide ? [svg(wide, "wide"), svg(narrow, "narrow")] : [h("p", { class: "empty" }, NOTHING)]));
  }
  $("events").hidden = !marks.length;
  if (changed("marks", marks)) {
    const happened = marks.slice().reverse();
    put("marks", ...happened.map((mark) => h("li", {}, `${mark.text}, `, whenSeconds(mark.at))));
  }
  $("numbers").hidden = !graded;
  if ($("numbers").open && changed("numbers", points)) $("numbers-rows").replaceChildren(...pointRows(points));
}
function pointRows(points) {
  const step = Math.max(1, Math.ceil(points.at.length / ROWS)), made = [];
  for (let i = points.at.length - 1; i >= 0; i -= step) {
    let answers = 0;
    for (let j = i; j > i - step && j >= 0; j -= 1) answers += points.answers[j];
    made.push(h("tr", {}, h("th", { scope: "row" }, date(points.at[i] * SECOND)),
      amount(percent(points.accuracy[i])), amount(number(points.loss[i], 3)), amount(number(answers))));
  }
  return made;
}
function nearest(points, at) {
  let i = 0;
  for (let j = 1; j < points.at.length; j += 1) if (Math.abs(points.at[j] - at) < Math.abs(points.at[i] - at)) i = j;
  return i;
}
function point(event) {
  const drawing = event.target.closest && event.target.closest("svg.curve"), { points } = page;
  const cursor = $("cursor") || h("i", { id: "cursor", class: "cursor" });
  if (!drawing || !points.at.length) { cursor.remove(); fill("readout", ""); return; }
  const box = drawing.getBoundingClientRect(), scale = box.width / drawing.viewBox.baseVal.width;
  const { from, to, left, right } = drawing.dataset;
  const share = ((event.clientX - box.left) / scale - left) / (right - left);
  const i = nearest(points, +from + share * (to - from));
  $("picture").append(cursor);
  cursor.style.left = `${scale * (+left + (right - left) * (points.at[i] - from) / (to - from))}px`;
  const at = new Date(points.at[i] * SECOND).toLocaleTimeString();
  fill("readout", `${at}: accuracy ${percent(points.accuracy[i])}, log loss ${number(points.loss[i], 3)}`);
}
