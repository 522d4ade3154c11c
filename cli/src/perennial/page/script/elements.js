// Elements are made from text alone: nothing of the data is ever read as HTML.
const $ = (id) => document.getElementById(id);
const given = (value) => value !== null && value !== undefined && value !== "";
function h(tag, options, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(options || {})) {
    if (given(value)) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
function fill(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

// A section is drawn anew only when its part of the data has changed: focus and open details stay.
const drawn = new Map();
function changed(name, ...parts) {
  const text = JSON.stringify(parts);
  if (drawn.get(name) === text) return false;
  drawn.set(name, text);
  return true;
}
// What is drawn anew keeps the focus where it was, for who goes by keyboard.
const STOPS = "a, time, summary, button";
function put(id, ...children) {
  const box = $(id), place = [...box.querySelectorAll(STOPS)].indexOf(document.activeElement);
  box.replaceChildren(...children);
  const again = place < 0 ? null : box.querySelectorAll(STOPS)[place];
  if (again) again.focus({ preventScroll: true });
}

const number = (value, digits = 0) => !given(value) ? "–"
  : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const percent = (share, digits = 1) => !given(share) ? "–" : `${(100 * share).toFixed(digits)}%`;
const short = (version) => version.split("-")[0];
const sentence = (text) => text.replace(/^[a-z]+(?= )/, (word) => word[0].toUpperCase() + word.slice(1));
const words = (name) => name.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase().replace(/^./, (c) => c.toUpperCase());
const heading = (text, kind) => h("th", { scope: "col", class: kind }, text);
const amount = (text) => h("td", { class: "number" }, text);
